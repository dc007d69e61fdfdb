"""Questions for the seller: answered in public once, or not published."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.validators import MaxLengthValidator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns import dates
from campaigns.actors import Actor
from campaigns.admin.base import ReadOnlyModelAdmin, badge_column
from campaigns.admin.transitions import Transition
from campaigns.models import Question
from orders.questions import lifecycle as question_lifecycle
from orders.questions.form import PlainTextField

STATES = {"waiting": "warn", "answered": "ok", "declined": ""}
STATE = badge_column("state", _("state"), STATES)


class AnswerForm(forms.Form):
    answer = PlainTextField(
        label=_("Answer"),
        help_text=_("Plain text. It is public and final; buyers read it at once."),
        validators=[MaxLengthValidator(Question.LONGEST_ANSWER)],
    )


class Waiting(Transition):
    def is_offered(self, row: Question) -> bool:
        return row.state == Question.State.WAITING

    def facts(self, row: Question) -> list[tuple[Any, object]]:
        return [
            (_("campaign"), row.campaign),
            (_("question"), row.text),
            (_("The asker"), _("is told by mail; nobody else reads the address")),
        ]


class AnswerQuestion(Waiting):
    name = "answer"
    label = _("Answer in public")
    done = _("Answered")
    form_class = AnswerForm

    def perform(self, row: Question, *, actor: Actor, data: dict[str, Any]) -> None:
        question_lifecycle.answer(row, text=data["answer"], user=actor.user)


class DeclineQuestion(Waiting):
    name = "decline"
    label = _("Do not publish")
    done = _("Not published")

    def perform(self, row: Question, *, actor: Actor, data: dict[str, Any]) -> None:
        question_lifecycle.decline(row, user=actor.user)


@admin.register(Question)
class QuestionAdmin(ReadOnlyModelAdmin):
    """What nobody confirmed may be anyone's words in anyone's name: it is not shown."""

    seller_path = "campaign__seller"
    list_display = ("__str__", STATE, "campaign", "asked")
    list_filter = ("state", "campaign__seller", "campaign")
    list_select_related = ("campaign",)
    search_fields = ("text", "answer", "email")
    transitions: ClassVar[list[Transition]] = [AnswerQuestion(), DeclineQuestion()]
    fields: ClassVar[Any] = (
        STATE,
        "campaign",
        "text",
        "email",
        "asked",
        "answer",
        "answered_by",
        "settled",
    )
    readonly_fields: ClassVar[Any] = (STATE, "asked", "settled")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Question]":
        rows = super().get_queryset(request)
        return rows.exclude(state=Question.State.UNCONFIRMED)

    @admin.display(description=_("asked"), ordering="asked_at")
    def asked(self, question: Question) -> str:
        return dates.moment_short(question.asked_at)

    @admin.display(description=_("settled"), ordering="settled_at")
    def settled(self, question: Question) -> str:
        return dates.moment_or_dash(question.settled_at)
