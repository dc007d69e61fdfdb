"""Payments that need a human: what came, what was asked, and a button for each end."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns.actors import Actor
from campaigns.admin.forms import WordsField
from campaigns.admin.transitions import Transition
from campaigns.money import format_money
from payments import suspense
from payments.models import Payment


class NoteForm(forms.Form):
    note = WordsField(
        label=_("Note"),
        help_text=_("Kept in the order's history."),
    )


class ReasonForm(forms.Form):
    note = WordsField(
        label=_("Reason"),
        help_text=_("The buyer reads it."),
    )


class ReferenceForm(forms.Form):
    reference = WordsField(
        label=_("How it was sent back"),
        max_length=120,
        help_text=_("Bank, date and number of the transfer."),
    )


class OfPayment(Transition):
    """Shows what came beside what was asked."""

    what_follows: ClassVar[Any] = ""

    def facts(self, row: Payment) -> list[tuple[Any, object]]:
        return [
            (_("Order"), row.order.number),
            (_("Asked"), format_money(row.amount, row.currency)),
            (_("Arrived, not counted yet"), set_aside(row)),
            (_("Why"), row.review_reason or "–"),
            (_("What follows"), self.what_follows),
        ]


class Credit(OfPayment):
    name = "credit"
    label = _("Count it for the order")
    done = _("Counted for the order")
    what_follows = _(
        "The order is confirmed if this covers what is due. If not, the buyer pays the"
        " rest; if it is too much, the rest is owed back."
    )

    def is_offered(self, row: Payment) -> bool:
        return row.has_own_suspense

    def perform(self, row: Payment, *, actor: Actor, data: dict[str, Any]) -> None:
        suspense.credit(row.pk, actor=actor)


class SendBack(OfPayment):
    name = "send-back"
    label = _("Send it back")
    done = _("A refund was requested")
    form_class = ReasonForm
    what_follows = _(
        "A refund of what arrived is sent the way it came, or paid by hand where that"
        " way pays nothing back. The buyer is told."
    )

    def is_offered(self, row: Payment) -> bool:
        return row.has_own_suspense

    def perform(self, row: Payment, *, actor: Actor, data: dict[str, Any]) -> None:
        suspense.send_back(row.pk, note=data["note"], actor=actor)


class ReturnedByHand(OfPayment):
    name = "returned"
    label = _("Sent back by hand")
    done = _("Booked as sent back")
    form_class = ReferenceForm
    what_follows = _(
        "It is another currency than the order's, so it cannot be counted. Send it back"
        " at the payment company or by transfer first; this books that you did."
    )

    def is_offered(self, row: Payment) -> bool:
        return row.has_foreign_suspense

    def perform(self, row: Payment, *, actor: Actor, data: dict[str, Any]) -> None:
        suspense.returned_by_hand(row.pk, reference=data["reference"], actor=actor)


class LookedAt(OfPayment):
    name = "looked-at"
    label = _("Looked at, fine")
    done = _("Taken off the list")
    form_class = NoteForm
    what_follows = _("Only the mark goes. No money is moved.")

    def is_offered(self, row: Payment) -> bool:
        return row.needs_review and not row.amount_in_suspense

    def perform(self, row: Payment, *, actor: Actor, data: dict[str, Any]) -> None:
        suspense.look_at(row.pk, note=data["note"], actor=actor)


STEPS: tuple[Transition, ...] = (Credit(), SendBack(), ReturnedByHand(), LookedAt())


def set_aside(payment: Payment) -> str:
    if not payment.amount_in_suspense:
        return "–"
    return format_money(payment.amount_in_suspense, payment.suspense_currency)


def steps_column(model_admin: Any, request: HttpRequest) -> Callable[[Payment], Any]:
    """Links to what this person may do about each payment of a list."""

    @admin.display(description=_("to be done"))
    def to_be_done(payment: Payment) -> SafeString | str:
        if not payment.needs_review:
            return ""
        links = [
            (model_admin.row_url(step.name, payment), step.label)
            for step in STEPS
            if step.is_offered(payment) and model_admin.may_act(request, payment, step)
        ]
        return format_html_join(" · ", '<a href="{}">{}</a>', links)

    return to_be_done
