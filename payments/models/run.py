"""All refunds of a canceled batch as one run, which may break off and go on."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from campaigns.models import Batch


class RefundRun(models.Model):
    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped: the gateway keeps failing")
        DONE = "done", _("Done")

    batch = models.ForeignKey(
        Batch, models.PROTECT, related_name="refund_runs", verbose_name=_("batch")
    )
    state = models.CharField(
        _("state"), max_length=7, choices=State, default=State.RUNNING
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("started by"),
    )
    started_at = models.DateTimeField(_("started"), db_default=Clock())
    finished_at = models.DateTimeField(_("finished"), null=True)
    # Failures of the gateway in a row; enough of them stop the run.
    failures_in_a_row = models.PositiveSmallIntegerField(default=0)
    # A worker that died leaves its lease to run out.
    leased_until = models.DateTimeField(null=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("refund run")
        verbose_name_plural = _("refund runs")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch"],
                condition=Q(state__in=["running", "stopped"]),
                name="one_unfinished_refund_run_per_batch",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["running", "stopped", "done"]),
                name="refund_run_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch} {self.started_at:%Y-%m-%d %H:%M}"
