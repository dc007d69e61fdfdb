"""What a seller decides about a proof: the money that came, or why it did not count."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns import dates
from campaigns.actors import Actor
from campaigns.admin.forms import AmountField, WordsField
from campaigns.admin.transitions import Transition
from campaigns.money import format_money, quantize, smallest_unit
from payments.models import TransferProof
from payments.transfers import proofs

DECIDE = "payments.change_payment"


class AcceptForm(forms.Form):
    # What was booked when the page was drawn: booked since then, it asks again.
    seen_received = forms.DecimalField(widget=forms.HiddenInput)

    field_order = ("amount", "seen_received")

    def __init__(self, data: Any, *, proof: TransferProof) -> None:
        payment = proof.payment
        super().__init__(data, initial={"seen_received": payment.amount_received})
        missing = payment.amount - payment.amount_received
        self.fields["amount"] = AmountField(
            currency=payment.currency,
            label=_("Received in the bank account"),
            min_value=smallest_unit(payment.currency),
            initial=quantize(missing, payment.currency) if missing > 0 else None,
        )
        self.order_fields(self.field_order)


class Accept(Transition):
    name = "accept"
    label = _("Money received")
    done = _("Money booked")
    permission = DECIDE

    def is_offered(self, row: TransferProof) -> bool:
        return not row.decision

    def form(self, row: TransferProof, data: Any) -> forms.Form:
        return AcceptForm(data, proof=row)

    def facts(self, row: TransferProof) -> list[tuple[Any, object]]:
        return facts(row)

    def perform(self, row: TransferProof, *, actor: Actor, data: Any) -> None:
        proofs.accept(
            row.pk,
            amount=data["amount"],
            seen_received=data["seen_received"],
            actor=actor,
        )


class RejectForm(forms.Form):
    reason = WordsField(
        label=_("Reason"),
        help_text=_("The buyer reads it in a mail, and gets another working day."),
    )


class Reject(Transition):
    name = "reject"
    label = _("Money not found")
    done = _("Rejected, the buyer was told")
    permission = DECIDE
    form_class = RejectForm

    def is_offered(self, row: TransferProof) -> bool:
        return not row.decision

    def facts(self, row: TransferProof) -> list[tuple[Any, object]]:
        return facts(row)

    def perform(self, row: TransferProof, *, actor: Actor, data: Any) -> None:
        proofs.reject(row.pk, reason=data["reason"], actor=actor)


def facts(proof: Any) -> list[tuple[Any, object]]:
    """Of a proof that was read with its twins marked."""
    payment = proof.payment
    rows: list[tuple[Any, object]] = [
        (_("Order"), f"{payment.order.number}, {payment.order.name}"),
        (_("Order is"), payment.order.get_status_display()),
        (_("Account"), payment.bank_account),
        (_("Expected"), _money(proof, payment.amount)),
        (_("Said by the buyer"), _money(proof, proof.claimed_amount)),
        (_("Transferred on"), _day(proof)),
    ]
    if proof.sender:
        rows.append((_("From the account of"), proof.sender))
    if payment.amount_received:
        rows.append((_("Received so far"), _money(proof, payment.amount_received)))
    if proof.has_twin:
        rows.append((_("Careful"), _("The same file was sent for another order")))
    return rows


def _money(proof: Any, amount: Decimal | None) -> str:
    return "–" if amount is None else format_money(amount, proof.payment.currency)


def _day(proof: Any) -> str:
    return dates.day_short(proof.claimed_on) if proof.claimed_on else "–"
