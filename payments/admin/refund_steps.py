"""What staff decide about money going back: approve it, keep it, retry it, grant it."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.actors import Actor
from campaigns.admin.forms import AmountField, WordsField
from campaigns.admin.transitions import Transition
from campaigns.errors import NotReady
from campaigns.money import format_money, quantize, smallest_unit
from orders.models import Order
from payments import approvals
from payments.dues import balance_of
from payments.models import Payment, Refund
from payments.refunds import by_seller as seller_refunds
from payments.refunds import retries as refund_retries
from payments.refunds import rows as refund_rows
from payments.refunds.by_seller import LowersWhatIsKept, Refundable, RefundRefused

Fact = tuple[Any, object]


class NoteForm(forms.Form):
    note = WordsField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("Kept with the order; its buyer does not see it."),
    )


def _facts_of(refund: Refund) -> list[Fact]:
    order, payment = refund.payment.order, refund.payment
    balance = balance_of(order)
    return [
        (_("Order"), order.number),
        (_("Payment"), f"{payment.reference} ({payment.gateway})"),
        (_("Received by it"), format_money(payment.amount_received, payment.currency)),
        (_("Total of the order"), format_money(order.total, order.currency)),
        (_("Refund"), format_money(refund.amount, payment.currency)),
        (_("Held after it"), format_money(balance.net, order.currency)),
    ]


class Approve(Transition):
    name = "approve"
    label = gettext_lazy("Send the extra money back")
    done = gettext_lazy("Approved; it is sent shortly")
    permission = "payments.change_refund"

    def is_offered(self, row: Refund) -> bool:
        return row.is_unapproved

    def facts(self, row: Refund) -> list[Fact]:
        by_gateway = refund_rows.rail_pays_back(row.payment)
        way = _("by the gateway, the way it came") if by_gateway else _("by hand")
        return [*_facts_of(row), (_("Goes back"), way)]

    def perform(self, row: Refund, *, actor: Actor, data: dict[str, Any]) -> None:
        approvals.approve(row.pk, actor=actor)


class Decline(Transition):
    name = "decline"
    label = gettext_lazy("Keep it as credit")
    done = gettext_lazy("Kept as credit of the order")
    form_class = NoteForm
    permission = "payments.change_refund"

    def is_offered(self, row: Refund) -> bool:
        return row.is_unapproved and row.payment.order.status in Order.HOLDING

    def facts(self, row: Refund) -> list[Fact]:
        later = _("all of it is owed back and sent by itself")
        told = _("that it stays with the order as credit")
        return [
            *_facts_of(row),
            (_("If the order ends"), later),
            (_("The buyer reads"), told),
        ]

    def perform(self, row: Refund, *, actor: Actor, data: dict[str, Any]) -> None:
        approvals.decline(row.pk, note=data["note"], actor=actor)


class TryAgain(Transition):
    name = "try-again"
    label = gettext_lazy("Try again by the gateway")
    done = gettext_lazy("It is sent again shortly")
    permission = "payments.change_refund"

    def is_offered(self, row: Refund) -> bool:
        is_listed = row.state == Refund.State.MANUAL and not row.is_unapproved
        return is_listed and refund_rows.rail_pays_back(row.payment)

    def facts(self, row: Refund) -> list[Fact]:
        failed = row.payment.refunds.filter(state=Refund.State.FAILED).last()
        answer = failed.failure if failed else "–"
        warning = _("only if it was not paid by hand yet")
        return [*_facts_of(row), (_("Failed before"), answer), (_("Do it"), warning)]

    def perform(self, row: Refund, *, actor: Actor, data: dict[str, Any]) -> None:
        refund_retries.try_again(row.pk, actor=actor)


class PayByHand(Transition):
    name = "by-hand"
    label = gettext_lazy("Pay by hand instead")
    done = gettext_lazy("It is on the list of refunds to be paid by hand")
    permission = "payments.change_refund"

    def is_offered(self, row: Refund) -> bool:
        return row.state == Refund.State.REQUESTED and not row.is_unapproved

    def facts(self, row: Refund) -> list[Fact]:
        asked = _("is asked by mail where to")
        return [*_facts_of(row), (_("The buyer"), asked)]

    def perform(self, row: Refund, *, actor: Actor, data: dict[str, Any]) -> None:
        refund_retries.pay_by_hand(row.pk, actor=actor)


class RefundForm(forms.Form):
    note = WordsField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The buyer reads it in the mail."),
    )
    is_goodwill = forms.BooleanField(
        label=gettext_lazy("What is above the amount owed back lowers the total"),
        required=False,
    )
    # What was held when the page was made: sent twice, it refunds once.
    shown = forms.DecimalField(
        max_digits=14, decimal_places=2, widget=forms.HiddenInput
    )

    field_order = ("amount", "note", "is_goodwill", "shown")

    def __init__(self, data: Any, *, order: Order) -> None:
        self.now = Refundable.of(order)
        super().__init__(data, initial={"shown": self.now.held})
        owed = self.now.owed
        self.fields["amount"] = AmountField(
            currency=order.currency,
            label=_("Amount to refund"),
            min_value=smallest_unit(order.currency),
            max_value=quantize(self.now.held, order.currency),
            initial=quantize(owed, order.currency) if owed else None,
        )
        self.order_fields(self.field_order)

    def clean(self) -> None:
        amount = self.cleaned_data.get("amount")
        is_goodwill = self.cleaned_data.get("is_goodwill")
        if amount and self.now.goodwill(amount) and not is_goodwill:
            self.add_error(
                "is_goodwill", _("Tick this: more goes back than is owed back.")
            )


class RefundOrder(Transition):
    name = "refund"
    label = gettext_lazy("Refund")
    done = gettext_lazy("The refund is arranged")
    permission = "payments.add_refund"

    def is_offered(self, row: Order) -> bool:
        has_state = row.status in seller_refunds.WITH_MONEY
        return has_state and Refundable.of(row).held > 0

    def form(self, row: Order, data: Any) -> forms.Form:
        return RefundForm(data, order=row)

    def facts(self, row: Order) -> list[Fact]:
        now, money = Refundable.of(row), _money_of(row)
        payments = list(row.payments.order_by("-confirmed_at", "-pk"))
        going_back = sum(payment.amount_refunding for payment in payments)
        beyond = _("lowers that by the same amount, or it would be due again")
        kept = _("Total") if row.status in Order.HOLDING else _("What you keep")
        return [
            (_("Received"), money(row.amount_paid)),
            (_("Refunded or being refunded"), money(going_back)),
            (_("Can go back at most"), money(now.held)),
            (_("Of that owed back anyway"), money(now.owed)),
            (kept, money(row.entitled)),
            (_("What goes back beyond what is owed"), beyond),
            *((p.reference, _of_payment(p)) for p in payments if p.refundable > 0),
        ]

    def perform(self, row: Order, *, actor: Actor, data: dict[str, Any]) -> None:
        try:
            seller_refunds.refund(row.pk, actor=actor, **data)
        except LowersWhatIsKept as refusal:
            raise NotReady([_beyond(row, refusal)]) from refusal
        except RefundRefused as refusal:
            changed = _("The amounts changed meanwhile; look at them and decide again.")
            raise NotReady([changed]) from refusal


def _money_of(order: Order) -> Any:
    return lambda amount: format_money(amount, order.currency)


def _of_payment(payment: Payment) -> str:
    way = _("by its gateway") if refund_rows.rail_pays_back(payment) else _("by hand")
    return f"{format_money(payment.refundable, payment.currency)}, {way}"


def _beyond(order: Order, refusal: LowersWhatIsKept) -> str:
    words = _("%(amount)s of it is not owed back; tick that it lowers the total.")
    return words % {"amount": format_money(refusal.goodwill, order.currency)}
