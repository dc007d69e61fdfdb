"""All refunds of a canceled batch as one run, which may break off and go on."""

from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock, database_now
from campaigns.models import Batch


class RefundRunQuerySet(models.QuerySet["RefundRun"]):
    def unfinished(self) -> Self:
        return self.filter(state__in=RefundRun.UNFINISHED)

    def nobody_works_on(self) -> Self:
        """Running, but its worker is done for now, or dead."""
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=Clock())
        return self.filter(free, state=RefundRun.State.RUNNING)


class RefundRun(models.Model):
    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped: the gateway keeps failing")
        DONE = "done", _("Done")

    UNFINISHED = (State.RUNNING, State.STOPPED)

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

    objects = RefundRunQuerySet.as_manager()

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

    @property
    def is_unfinished(self) -> bool:
        return self.state in self.UNFINISHED

    def take_lease(self, lasts: timedelta) -> bool:
        """Become its only worker for this long; False while another one is."""
        rows = RefundRun.objects.nobody_works_on().filter(pk=self.pk)
        until = database_now() + lasts
        taken = bool(rows.update(leased_until=until))
        self.refresh_from_db()
        return taken

    def renew_lease(self, lasts: timedelta) -> bool:
        """False when it was lost: another worker took over what seemed dead."""
        return self._as_worker(leased_until=database_now() + lasts)

    def keeps_lease(self) -> bool:
        return self._mine().filter(leased_until__gt=Clock()).exists()

    def give_back(self) -> None:
        self._as_worker(leased_until=None)

    def finish(self) -> bool:
        done = {"state": self.State.DONE, "finished_at": Clock(), "note": ""}
        return self._as_worker(leased_until=None, **done)

    def stop(self, note: str) -> bool:
        columns = {"state": self.State.STOPPED, "note": note[:200]}
        return self._as_worker(leased_until=None, **columns)

    def resume(self) -> bool:
        """Let a stopped run go on; False when it is not stopped."""
        rows = RefundRun.objects.filter(pk=self.pk, state=self.State.STOPPED)
        fresh = {"failures_in_a_row": 0, "leased_until": None, "note": ""}
        done = rows.update(state=self.State.RUNNING, **fresh)
        self.refresh_from_db()
        return bool(done)

    def count_failures(self, number: int) -> None:
        if number != self.failures_in_a_row:
            self._as_worker(failures_in_a_row=number)

    def _mine(self) -> "models.QuerySet[RefundRun]":
        """This run while the lease that was taken here still counts."""
        return RefundRun.objects.filter(
            pk=self.pk, state=self.State.RUNNING, leased_until=self.leased_until
        )

    def _as_worker(self, **columns: Any) -> bool:
        done = self._mine().update(**columns)
        if done:
            self.refresh_from_db(fields=list(columns))
        return bool(done)
