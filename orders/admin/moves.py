"""Offering another batch to the buyer of an order, and taking the question back."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import dates
from campaigns.actors import Actor
from campaigns.admin.transitions import Transition
from campaigns.errors import NotReady
from orders.decisions import settling
from orders.models import Decision, Order
from orders.moves import moving
from orders.moves import questions as move_questions
from orders.moves.forms import OfferForm
from orders.moves.moving import NotMovable, Reason

WORDS = {
    Reason.ASKED: gettext_lazy("The buyer is being asked already."),
    Reason.NOT_CONFIRMED: gettext_lazy("Only a confirmed order can be moved."),
    Reason.PACKED: gettext_lazy("Something of it is packed or shipped."),
    Reason.BATCH_OVER: gettext_lazy("Its batch is completed or canceled."),
    Reason.SAME_BATCH: gettext_lazy("It is in this batch already."),
    Reason.OTHER_CAMPAIGN: gettext_lazy("It belongs to another campaign."),
    Reason.CLOSED: gettext_lazy("The other batch takes no orders any more."),
    Reason.NO_WINDOW: gettext_lazy("The other batch has no shipping window."),
    Reason.LACKS_VARIANT: gettext_lazy("The other batch does not have its items."),
    Reason.FULL: gettext_lazy("The other batch has not enough left."),
    Reason.NO_MORE_ORDERS: gettext_lazy(
        "The other batch has units left, but takes no more orders."
    ),
    Reason.NO_MORE_VALUE: gettext_lazy(
        "The other batch has units left, but not for goods of this value."
    ),
    Reason.ANSWER_TOO_SOON: gettext_lazy("Choose a moment in the future."),
    Reason.ANSWER_TOO_LATE: gettext_lazy("The other batch closes before the answer."),
}


def in_words(reason: NotMovable.Reason) -> str:
    return str(WORDS[reason])


def conditions() -> list[tuple[Any, object]]:
    """What asking means, for the pages on which it is done."""
    return [
        (_("A place in the other batch"), _("is not kept; the answer takes it")),
        (_("Without an answer"), _("the order stays in its batch")),
        (_("Price and payment"), _("stay as they are")),
    ]


class OfferBatch(Transition):
    name = "offer"
    label = gettext_lazy("Offer another batch")
    done = gettext_lazy("The buyer is asked by mail")

    def is_offered(self, row: Order) -> bool:
        return (
            moving.hindrance(row) is None
            and not Decision.objects.open().filter(order=row).exists()
            and moving.targets_of(row).exists()
        )

    def form(self, row: Order, data: Any) -> forms.Form:
        return OfferForm(data, targets=moving.targets_of(row))

    def facts(self, row: Order) -> list[tuple[Any, object]]:
        window = dates.window(row.batch.ships_from, row.batch.ships_until)
        facts: list[tuple[Any, object]] = [
            (_("Now in"), row.batch),
            (_("Ships"), window),
            (_("Units"), row.units),
            *conditions(),
        ]
        if not row.email:
            facts.append(
                (_("No e-mail"), _("send the buyer the order’s link yourself"))
            )
        return facts

    def perform(self, row: Order, *, actor: Actor, data: dict[str, Any]) -> None:
        try:
            move_questions.ask_to_move(
                row.pk,
                target_id=data["target"].pk,
                answer_by=data["answer_by"],
                reason=data["reason"],
                actor=actor,
            )
        except NotMovable as refusal:
            raise NotReady([in_words(refusal.reason)]) from refusal


class WithdrawOffer(Transition):
    name = "withdraw-offer"
    label = gettext_lazy("Withdraw the question")
    done = gettext_lazy("The question is withdrawn")

    def is_offered(self, row: Order) -> bool:
        return _open_question(row) is not None

    def facts(self, row: Order) -> list[tuple[Any, object]]:
        question = _open_question(row)
        if question is None:
            return []
        return [
            (_("Offered"), question.target),
            (_("Answer by"), dates.moment_short(question.answer_by)),
            (_("The order"), _("stays in its batch")),
            (_("The buyer"), _("is told, if the question was sent")),
        ]

    def perform(self, row: Order, *, actor: Actor, data: dict[str, Any]) -> None:
        question = _open_question(row)
        if question:
            settling.withdraw(question.pk, actor=actor)


def _open_question(order: Order) -> Decision | None:
    rows = Decision.objects.moves().open().filter(order=order)
    return rows.select_related("target__campaign").first()


class OfferFilter(admin.SimpleListFilter):
    title = gettext_lazy("offer of another batch")
    parameter_name = "offer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("asked", _("Asked, no answer yet")),
            ("moved", _("Moved")),
            ("stayed", _("Stayed by choice")),
            ("lapsed", _("No answer in time")),
            ("withdrawn", _("Withdrawn")),
        ]

    def queryset(
        self, request: HttpRequest, queryset: "QuerySet[Order]"
    ) -> "QuerySet[Order]":
        asked = Decision.objects.moves()
        rows = {
            "asked": asked.open(),
            "moved": asked.moved(),
            "stayed": asked.stayed(),
            "lapsed": asked.filter(state=Decision.State.LAPSED),
            "withdrawn": asked.filter(state=Decision.State.WITHDRAWN),
        }.get(self.value() or "")
        if rows is None:
            return queryset
        return queryset.filter(Exists(rows.filter(order=OuterRef("pk"))))
