"""What staff decide about one line of a statement that fits nothing by itself."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import dates
from campaigns.actors import Actor
from campaigns.admin.forms import WordsField
from campaigns.admin.transitions import Transition, WentOtherwise
from campaigns.money import format_money
from payments.models import StatementLine
from payments.statements import booking as statement_booking

DECIDE = "payments.change_payment"
State = StatementLine.State


class NoteForm(forms.Form):
    note = WordsField(label=gettext_lazy("Note"))


class NumberForm(forms.Form):
    number = forms.CharField(label=gettext_lazy("Number of the order"), max_length=12)


class LineStep(Transition):
    permission = DECIDE
    form_class: ClassVar[type[forms.Form]] = NoteForm
    among: tuple[State, ...] = (State.NEW, State.SUSPENSE)

    def is_offered(self, row: StatementLine) -> bool:
        return row.state in self.among and row.amount > 0

    def facts(self, row: StatementLine) -> list[tuple[Any, object]]:
        return [
            (_("Booked on"), dates.day_short(row.booked_on)),
            (_("Amount"), format_money(row.amount, row.account.currency)),
            (_("Text"), row.description or "–"),
            (_("Account"), row.account),
        ]


class Assign(LineStep):
    name = "assign"
    label = gettext_lazy("Assign to an order")
    done = gettext_lazy("Booked for the order")
    form_class = NumberForm

    def perform(self, row: StatementLine, *, actor: Actor, data: Any) -> None:
        try:
            statement_booking.assign(row.pk, data["number"], actor=actor)
        except statement_booking.DoesNotBelong as refusal:
            words = _("There is no order %(number)s of this seller in this currency.")
            raise WentOtherwise(words % {"number": data["number"][:12]}) from refusal


class PutAside(LineStep):
    name = "suspense"
    label = gettext_lazy("Put aside, owner unknown")
    done = gettext_lazy("Put aside in suspense")
    among = (State.NEW,)

    def perform(self, row: StatementLine, *, actor: Actor, data: Any) -> None:
        statement_booking.put_aside(row.pk, note=data["note"])


class SendBack(LineStep):
    name = "return"
    label = gettext_lazy("Sent back by hand")
    done = gettext_lazy("Noted as sent back")

    def perform(self, row: StatementLine, *, actor: Actor, data: Any) -> None:
        statement_booking.send_back(row.pk, note=data["note"])


class Ignore(LineStep):
    name = "ignore"
    label = gettext_lazy("None of the shop's")
    done = gettext_lazy("Left out of the books")
    among = (State.NEW,)

    def perform(self, row: StatementLine, *, actor: Actor, data: Any) -> None:
        statement_booking.ignore(row.pk, note=data["note"])


STEPS = [Assign(), PutAside(), SendBack(), Ignore()]
