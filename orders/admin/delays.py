"""What staff do about delays: ask by hand, note the answer, find who has which."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import dates
from campaigns.actors import Actor
from campaigns.admin.transitions import Transition
from campaigns.errors import CampaignError, NotReady
from campaigns.money import format_money
from orders.delays import answers as delay_answers
from orders.delays import counts as delay_counts
from orders.emails import decision_url
from orders.models import Decision, Order
from orders.phones import chat_url

Answer = Decision.Answer


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(
        label=gettext_lazy("The buyer’s answer"),
        choices=[
            (Answer.WAIT, gettext_lazy("Waits for the new date")),
            (Answer.CANCEL, gettext_lazy("Cancels, with everything back")),
        ],
        widget=forms.RadioSelect,
    )


class RecordAnswer(Transition):
    """What a buyer said on the phone or by WhatsApp counts as a click does."""

    name = "delay-answer"
    label = gettext_lazy("Note the answer")
    done = gettext_lazy("The buyer’s answer is noted")
    form_class = AnswerForm

    def is_offered(self, row: Order) -> bool:
        return open_delay(row) is not None

    def facts(self, row: Order) -> list[tuple[Any, object]]:
        delay = open_delay(row)
        if delay is None:
            return []
        comes_back = row.amount_paid - row.amount_refunded
        return [
            (_("Ships now"), dates.window(delay.ships_from, delay.ships_until)),
            (_("Answer by"), dates.moment_short(delay.answer_by)),
            (_("Comes back if canceled"), format_money(comes_back, row.currency)),
            (_("Canceling"), _("is done at once, and final")),
        ]

    def perform(self, row: Order, *, actor: Actor, data: dict[str, Any]) -> None:
        delay = open_delay(row)
        if delay is None:
            raise NotReady([_("There is nothing to answer any more.")])
        try:
            delay_answers.answer(delay.pk, choice=Answer(data["answer"]), actor=actor)
        except CampaignError as refusal:
            words = _("This answer is not possible now; look at the order again.")
            raise NotReady([words]) from refusal


def open_delay(order: Order) -> Decision | None:
    return Decision.objects.delays().open().filter(order=order).first()


def must_be_asked_by_hand(decision: Decision) -> bool:
    return Decision.objects.to_ask_by_hand().filter(pk=decision.pk).exists()


def whatsapp_link(order: Order, decision: Decision) -> str:
    """Opens a chat with the buyer in which the question stands, in their language."""
    with translation.override(order.locale):
        words = _(
            "Order %(number)s ships later: %(window)s. Wait, or cancel with everything"
            " back? Please answer here: %(url)s"
        ) % {
            "number": order.number,
            "window": dates.window(decision.ships_from, decision.ships_until),
            "url": decision_url(order, decision),
        }
    return chat_url(order.phone, words)


class DelayFilter(admin.SimpleListFilter):
    """Of any announcement; links from a batch add the number of one."""

    title = gettext_lazy("answer about a delay")
    parameter_name = "delay"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("open", _("Asked, no answer yet")),
            ("wait", _("Waits")),
            ("cancel", _("Canceled because of it")),
            ("lapsed", _("No answer in time")),
            ("replaced", _("Replaced by a newer date")),
            ("over", _("Nothing left to answer")),
            ("by_hand", _("To be asked by hand")),
        ]

    def queryset(
        self, request: HttpRequest, queryset: "QuerySet[Order]"
    ) -> "QuerySet[Order]":
        if not self.value():
            return queryset
        rows = delay_counts.delays_of(self.value() or "")
        if rows is None:
            return queryset.none()
        return queryset.filter(Exists(rows.filter(order=OuterRef("pk"))))
