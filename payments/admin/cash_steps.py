"""What staff do about money in person: cash received, and paid back."""

import secrets
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from campaigns.actors import Actor
from campaigns.admin.forms import AmountField, WordsField
from campaigns.admin.transitions import Transition
from campaigns.money import format_money, quantize, smallest_unit
from orders.models import Order
from payments import cash
from payments.dues import balance_of
from payments.models import Refund

KEY = RegexValidator(r"^[A-Za-z0-9_-]{16,64}\Z")


class CashForm(forms.Form):
    note = WordsField(
        label=_("Note"),
        required=False,
        help_text=_("For example who took it. Buyers do not see it."),
    )
    # Made with the page: the same page sent twice books once.
    key = forms.CharField(validators=[KEY], widget=forms.HiddenInput)

    field_order = ("amount", "note", "key")

    def __init__(self, data: Any, *, order: Order) -> None:
        super().__init__(data, initial={"key": secrets.token_urlsafe(16)})
        due = balance_of(order).due
        self.fields["amount"] = AmountField(
            currency=order.currency,
            label=_("Cash received"),
            min_value=smallest_unit(order.currency),
            initial=quantize(due, order.currency) if due else None,
        )
        self.order_fields(self.field_order)


class CashReceived(Transition):
    name = "cash"
    label = _("Record cash")
    done = _("Cash recorded")
    permission = "payments.add_payment"

    def is_offered(self, row: Order) -> bool:
        can_be_delivered = bool(row.name and row.address and row.phone)
        is_open = row.status == Order.Status.EXPIRED or balance_of(row).due > 0
        return can_be_delivered and is_open

    def form(self, row: Order, data: Any) -> forms.Form:
        return CashForm(data, order=row)

    def facts(self, row: Order) -> list[tuple[Any, object]]:
        balance = balance_of(row)
        facts: list[tuple[Any, object]] = [
            (_("Total"), format_money(row.total, row.currency)),
            (_("Received so far"), format_money(row.amount_paid, row.currency)),
            (_("Due"), format_money(balance.due, row.currency)),
        ]
        if row.status == Order.Status.EXPIRED:
            late = _("taken back if its rule and its batch allow, else owed back")
            facts.append((_("The order has expired"), late))
        return [*facts, (_("Above what is due"), _("owed back, to be paid by hand"))]

    def perform(self, row: Order, *, actor: Actor, data: dict[str, Any]) -> None:
        cash.receive(row.pk, actor=actor, **data)


class PaidBackForm(forms.Form):
    reference = WordsField(
        label=_("How it was paid back"),
        max_length=120,
        help_text=_("Bank, date and number of the transfer, or who got the cash."),
    )


class PaidBack(Transition):
    name = "paid-back"
    label = _("Paid back by hand")
    done = _("Paid back")
    form_class = PaidBackForm

    def is_offered(self, row: Refund) -> bool:
        is_disputed = row.payment.disputes.open().exists()
        return row.state == Refund.State.MANUAL and not is_disputed

    def facts(self, row: Refund) -> list[tuple[Any, object]]:
        order = row.payment.order
        return [
            (_("Order"), order.number),
            (_("Buyer"), f"{order.name}, {order.phone}"),
            (_("To be paid back"), format_money(row.amount, row.payment.currency)),
        ]

    def perform(self, row: Refund, *, actor: Actor, data: dict[str, Any]) -> None:
        cash.pay_back(row.pk, reference=data["reference"], actor=actor)
