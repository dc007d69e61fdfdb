"""A question to the buyer of one order, and the answer that counts."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from campaigns.models import Batch
from orders.models.order import Order


class Decision(models.Model):
    class Kind(models.TextChoices):
        MOVE = "move", _("Move to another batch")

    class Answer(models.TextChoices):
        MOVE = "move", _("Move")
        STAY = "stay", _("Stay")

    class State(models.TextChoices):
        OPEN = "open", _("Asked")
        ANSWERED = "answered", _("Answered")
        LAPSED = "lapsed", _("Not answered in time")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    order = models.ForeignKey(
        Order, models.PROTECT, related_name="decisions", verbose_name=_("order")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    reason = models.TextField(_("reason"), blank=True)
    origin = models.ForeignKey(
        Batch, models.PROTECT, related_name="+", verbose_name=_("from batch")
    )
    target = models.ForeignKey(
        Batch, models.PROTECT, related_name="+", verbose_name=_("to batch")
    )
    # The promise of the target that the buyer reads, and answers to.
    schedule_version = models.PositiveIntegerField()
    ships_from = models.DateField(_("ships from"))
    ships_until = models.DateField(_("ships until"))
    answer_by = models.DateTimeField(_("answer by"))
    # What happens without an answer.
    silence = models.CharField(max_length=8, choices=Answer, default=Answer.STAY)
    state = models.CharField(
        _("state"), max_length=9, choices=State, default=State.OPEN, editable=False
    )
    answer = models.CharField(_("answer"), max_length=8, choices=Answer, blank=True)
    asked_at = models.DateTimeField(_("asked"), db_default=Clock(), editable=False)
    settled_at = models.DateTimeField(_("settled"), null=True, editable=False)

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
            models.CheckConstraint(
                condition=~Q(origin=models.F("target")),
                name="decision_moves_to_another_batch",
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
