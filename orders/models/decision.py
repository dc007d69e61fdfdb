"""A question to the buyer of one order, and the answer that counts."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from campaigns.errors import InvalidTransition
from campaigns.models import Batch, ScheduleChange
from orders.models.message import Message
from orders.models.order import Order

# Of moves, by state and answer; what was withdrawn counts for nothing.
OUTCOMES = {
    ("open", ""): "asked",
    ("answered", "move"): "moved",
    ("answered", "stay"): "stayed",
    ("lapsed", "stay"): "lapsed",
}


def _questions() -> "models.QuerySet[Message]":
    """Mails about that version since it was asked; the batch may be another by now."""
    return Message.objects.filter(
        order=OuterRef("order"),
        kind="schedule_change",
        schedule_version=OuterRef("schedule_version"),
        created_at__gte=OuterRef("asked_at"),
    )


def _question_sent() -> Exists:
    return Exists(_questions().filter(state=Message.State.SENT))


class DecisionQuerySet(models.QuerySet["Decision"]):
    def open(self) -> Self:
        return self.filter(state=Decision.State.OPEN)

    def moves(self) -> Self:
        return self.filter(kind=Decision.Kind.MOVE)

    def delays(self) -> Self:
        return self.filter(kind=Decision.Kind.DELAY)

    def overdue(self) -> Self:
        """Not answered in time, by the database's clock."""
        return self.open().filter(answer_by__lte=Clock())

    def turnable(self) -> Self:
        """Who waits and may still go: until the hour, while nothing newer is asked,
        and the order is in the batch it waits in: whoever moved agreed to that one."""
        later = Q(order=OuterRef("order"), pk__gt=OuterRef("pk"))
        moved = Q(answer=Decision.Answer.MOVE, state=Decision.State.ANSWERED)
        newer = Decision.objects.filter(later, Q(kind=Decision.Kind.DELAY) | moved)
        return self.delays().filter(
            ~Exists(newer),
            state=Decision.State.ANSWERED,
            answer=Decision.Answer.WAIT,
            answer_by__gt=Clock(),
        )

    def sent(self) -> Self:
        """Delays whose question left by mail, perhaps too late to be answered."""
        return self.delays().filter(_question_sent())

    def not_sent(self) -> Self:
        return self.delays().exclude(_question_sent())

    def to_ask_by_hand(self) -> Self:
        """Open delays that no mail told of, and none will."""
        failed = _questions().filter(state=Message.State.FAILED)
        unsent = self.open().not_sent().filter(order__status__in=Order.LIVE)
        return unsent.filter(Q(order__email="") | Exists(failed))

    def moved(self) -> Self:
        return self.filter(answer=Decision.Answer.MOVE, state=Decision.State.ANSWERED)

    def stayed(self) -> Self:
        return self.filter(answer=Decision.Answer.STAY, state=Decision.State.ANSWERED)

    def counted(self) -> dict[str, int]:
        """How many moves came to what: asked, moved, stayed, lapsed."""
        groups = self.moves().order_by().values_list("state", "answer")
        rows = groups.annotate(models.Count("pk"))
        counts: dict[str, int] = {"asked": 0, "moved": 0, "stayed": 0, "lapsed": 0}
        for state, answer, count in rows:
            if name := OUTCOMES.get((state, answer)):
                counts[name] += count
        return counts

    def pointless(self) -> Self:
        """Open ones that no answer could carry out any more."""
        waits = Q(
            order__packed_at=None,
            order__batch=F("origin"),
            origin__stage__in=Decision.MAY_LEAVE,
        )
        may_move = Q(
            kind=Decision.Kind.MOVE,
            order__status=Order.Status.CONFIRMED,
            target__stage__in=Decision.MAY_STILL_ARRIVE,
        )
        is_live = Q(order__status__in=Order.LIVE)
        # Late money may take it back, and then it is asked still.
        may_return = Q(
            order__status=Order.Status.EXPIRED,
            origin__stage__in=Batch.BEFORE_PRODUCTION,
            answer_by__gt=Clock(),
        )
        may_wait = Q(is_live | may_return, kind=Decision.Kind.DELAY)
        return self.open().exclude(waits & (may_move | may_wait))


class Decision(models.Model):
    class Kind(models.TextChoices):
        MOVE = "move", _("Move to another batch")
        DELAY = "delay", _("Later shipping")

    class Answer(models.TextChoices):
        MOVE = "move", _("Move")
        STAY = "stay", _("Stay")
        WAIT = "wait", _("Wait")
        CANCEL = "cancel", _("Cancel")

    class State(models.TextChoices):
        OPEN = "open", _("Asked")
        ANSWERED = "answered", _("Answered")
        LAPSED = "lapsed", _("Not answered in time")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    TRANSITIONS = {State.OPEN: {State.ANSWERED, State.LAPSED, State.WITHDRAWN}}
    # Cloth that runs out is noticed at the cutting table: a batch that is being made
    # can still be left, by an order of which nothing was packed.
    MAY_LEAVE = (
        *Batch.BEFORE_PRODUCTION,
        Batch.Stage.PRODUCTION,
        Batch.Stage.SHIPPING,
    )
    # A closed batch takes nobody, but may be opened again before the answer is due.
    MAY_STILL_ARRIVE = (Batch.Stage.OPEN, Batch.Stage.CLOSED)

    order = models.ForeignKey(
        Order, models.PROTECT, related_name="decisions", verbose_name=_("order")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    reason = models.TextField(_("reason"), blank=True)
    origin = models.ForeignKey(
        Batch, models.PROTECT, related_name="+", verbose_name=_("from batch")
    )
    # The batch a move leads to.
    target = models.ForeignKey(
        Batch, models.PROTECT, null=True, related_name="+", verbose_name=_("to batch")
    )
    # The announcement a delay comes from.
    schedule_change = models.ForeignKey(
        ScheduleChange,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("schedule change"),
    )
    # The promise that the buyer reads, and answers to; an empty window is not known.
    schedule_version = models.PositiveIntegerField()
    ships_from = models.DateField(_("ships from"), null=True)
    ships_until = models.DateField(_("ships until"), null=True)
    answer_by = models.DateTimeField(_("answer by"))
    # What happens without an answer.
    silence = models.CharField(max_length=8, choices=Answer, default=Answer.STAY)
    state = models.CharField(
        _("state"), max_length=9, choices=State, default=State.OPEN, editable=False
    )
    answer = models.CharField(_("answer"), max_length=8, choices=Answer, blank=True)
    asked_at = models.DateTimeField(_("asked"), db_default=Clock(), editable=False)
    settled_at = models.DateTimeField(_("settled"), null=True, editable=False)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state="open"),
                name="one_open_decision_per_order",
            ),
            models.UniqueConstraint(
                fields=["order", "schedule_change"],
                condition=Q(schedule_change__isnull=False),
                name="asked_once_about_a_schedule_change",
            ),
            models.CheckConstraint(
                condition=Q(target__isnull=True) | ~Q(origin=F("target")),
                name="decision_moves_to_another_batch",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind="move",
                    target__isnull=False,
                    schedule_change__isnull=True,
                    silence__in=["move", "stay"],
                    answer__in=["", "move", "stay"],
                )
                | Q(
                    kind="delay",
                    target__isnull=True,
                    schedule_change__isnull=False,
                    silence__in=["wait", "cancel"],
                    answer__in=["", "wait", "cancel"],
                ),
                name="decision_asks_what_its_kind_asks",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "answered", "lapsed", "withdrawn"]),
                name="decision_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "withdrawn"]) | ~Q(answer=""),
                name="settled_decision_has_its_answer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order}: {self.get_kind_display()}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_delay(self) -> bool:
        return self.kind == self.Kind.DELAY

    @property
    def destination(self) -> Batch:
        """Where a move leads to; a delay leads nowhere."""
        if self.target is None:
            raise TypeError(f"decision {self.pk} is no move")
        return self.target

    @property
    def destination_id(self) -> int:
        if self.target_id is None:
            raise TypeError(f"decision {self.pk} is no move")
        return self.target_id

    @property
    def is_moved(self) -> bool:
        return self.state == self.State.ANSWERED and self.answer == self.Answer.MOVE

    def settle(
        self, state: "Decision.State", *, answer: str = "", **columns: Any
    ) -> None:
        """One compare-and-set with its stamp; raises InvalidTransition.

        An answer counts before `answer_by` and silence from then on, both by the
        database's clock.
        """
        origin = self.State(self.state)
        in_time = {
            self.State.ANSWERED: Q(answer_by__gt=Clock()),
            self.State.LAPSED: Q(answer_by__lte=Clock()),
        }
        rows = Decision.objects.filter(in_time.get(state, Q()), pk=self.pk)
        stamps = {"settled_at": Clock(), "answer": answer} | columns
        allowed = state in self.TRANSITIONS.get(origin, ())
        if not (allowed and rows.filter(state=origin).update(state=state, **stamps)):
            raise InvalidTransition(self, state)
        self.refresh_from_db(fields=["state", *stamps])

    def turn_to_cancel(self) -> None:
        """Who waits may still go; raises InvalidTransition when that time is over."""
        rows = Decision.objects.turnable().filter(pk=self.pk)
        if not rows.update(answer=self.Answer.CANCEL, settled_at=Clock()):
            raise InvalidTransition(self, self.Answer.CANCEL)
        self.refresh_from_db(fields=["answer", "settled_at"])

    def reopen(self) -> None:
        """What ended it was taken back; raises InvalidTransition unless withdrawn."""
        rows = Decision.objects.filter(pk=self.pk, state=self.State.WITHDRAWN)
        if not rows.update(state=self.State.OPEN, settled_at=None):
            raise InvalidTransition(self, self.State.OPEN)
        self.refresh_from_db(fields=["state", "settled_at"])

    def postpone(self, answer_by: datetime) -> None:
        """Give more time, as the question could not be read in time."""
        rows = Decision.objects.open().filter(pk=self.pk)
        if not rows.update(answer_by=answer_by):
            raise InvalidTransition(self, "postponed")
        self.answer_by = answer_by
