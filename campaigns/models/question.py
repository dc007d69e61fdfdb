"""A question about a campaign: public once its asker and the seller agreed to it."""

import secrets
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock, database_now
from campaigns.errors import InvalidTransition
from campaigns.models.campaign import Campaign

TOKEN_BYTES = 24


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


class QuestionQuerySet(models.QuerySet["Question"]):
    def open(self) -> Self:
        """Nobody settled them yet."""
        return self.filter(state__in=Question.OPEN)

    def answered(self) -> Self:
        """What the public reads, newest first."""
        answered = self.filter(state=Question.State.ANSWERED)
        return answered.order_by("-settled_at", "-pk")

    def forgotten(self) -> Self:
        """Nobody confirmed them in time."""
        since = database_now() - Question.TIME_TO_CONFIRM
        return self.filter(state=Question.State.UNCONFIRMED, asked_at__lt=since)


class Question(models.Model):
    class State(models.TextChoices):
        UNCONFIRMED = "unconfirmed", _("E-mail not confirmed")
        WAITING = "waiting", _("Waiting for an answer")
        ANSWERED = "answered", _("Answered")
        DECLINED = "declined", _("Not published")

    TRANSITIONS = {
        State.UNCONFIRMED: {State.WAITING},
        State.WAITING: {State.ANSWERED, State.DECLINED},
    }
    OPEN = (State.UNCONFIRMED, State.WAITING)
    TIME_TO_CONFIRM = timedelta(days=7)
    LONGEST_TEXT = 1000
    LONGEST_ANSWER = 2000

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="questions", verbose_name=_("campaign")
    )
    email = models.EmailField(_("e-mail"))
    locale = models.CharField(_("language"), max_length=5, default="id")
    text = models.TextField(_("question"))
    token = models.CharField(
        max_length=64, unique=True, default=new_token, editable=False
    )
    # Digest of the normalised address, as in the buyer tallies.
    identity = models.CharField(max_length=64, blank=True, editable=False)
    # Keyed digests of the internet address and its network, while it is not confirmed.
    origin = models.CharField(max_length=64, blank=True, editable=False)
    network = models.CharField(max_length=64, blank=True, editable=False)
    state = models.CharField(
        _("state"),
        max_length=11,
        choices=State,
        default=State.UNCONFIRMED,
        editable=False,
    )
    answer = models.TextField(_("answer"), blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("answered by"),
        editable=False,
    )
    asked_at = models.DateTimeField(_("asked"), db_default=Clock(), editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    settled_at = models.DateTimeField(_("settled"), null=True, editable=False)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=["unconfirmed", "waiting", "answered", "declined"]
                ),
                name="question_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="answered") | ~Q(answer=""),
                name="answered_question_has_its_answer",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["unconfirmed", "waiting"])
                | Q(settled_at__isnull=False),
                name="settled_question_has_its_hour",
            ),
            models.CheckConstraint(
                condition=Q(state="unconfirmed") | Q(confirmed_at__isnull=False),
                name="waiting_question_was_confirmed",
            ),
        ]
        indexes = [
            models.Index(fields=["campaign", "state"], name="question_by_state"),
            models.Index(
                fields=["identity"],
                condition=Q(state__in=["unconfirmed", "waiting"]),
                name="question_open_by_identity",
            ),
            models.Index(
                fields=["asked_at"],
                condition=Q(state="unconfirmed"),
                name="question_unconfirmed",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    def confirm(self) -> None:
        """Its asker has the mailbox; raises InvalidTransition the second time."""
        of_nobody = {"origin": "", "network": ""}
        self._move_to(self.State.WAITING, confirmed_at=Clock(), **of_nobody)

    def answer_with(self, answer: str, *, user: Any) -> None:
        """For good: a correction is the answer to a new question."""
        columns = {"answer": answer, "answered_by": user}
        self._move_to(self.State.ANSWERED, settled_at=Clock(), **columns)

    def decline(self, *, user: Any) -> None:
        self._move_to(self.State.DECLINED, settled_at=Clock(), answered_by=user)

    def _move_to(self, target: "Question.State", **columns: Any) -> None:
        """One compare-and-set against the state as it was read."""
        origin = self.State(self.state)
        rows = Question.objects.filter(pk=self.pk, state=origin)
        allowed = target in self.TRANSITIONS.get(origin, ())
        if not (allowed and rows.update(state=target, **columns)):
            raise InvalidTransition(self, target)
        self.refresh_from_db(fields=["state", *columns])
