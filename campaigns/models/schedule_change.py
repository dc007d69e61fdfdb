"""An announced change of a batch's shipping window: never changed, never removed."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.append_only import AppendOnly
from campaigns.clock import Clock


class ScheduleChange(AppendOnly):
    """From one window to another; a new window that is empty is not known yet."""

    batch = models.ForeignKey(
        "campaigns.Batch",
        models.PROTECT,
        related_name="schedule_changes",
        verbose_name=_("batch"),
    )
    # The batch's `schedule_version` from this change on.
    version = models.PositiveIntegerField()
    old_from = models.DateField(_("shipped from, before"), null=True)
    old_until = models.DateField(_("shipped until, before"), null=True)
    new_from = models.DateField(_("ships from"), null=True)
    new_until = models.DateField(_("ships until"), null=True)
    reason = models.TextField(_("reason"))
    answer_by = models.DateTimeField(_("answer by"))
    announced_at = models.DateTimeField(_("announced"), db_default=Clock())
    actor = models.CharField(max_length=10)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )

    class Meta:
        verbose_name = _("schedule change")
        verbose_name_plural = _("schedule changes")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "version"], name="one_change_per_schedule_version"
            ),
            models.CheckConstraint(
                condition=Q(new_from__isnull=True, new_until__isnull=True)
                | Q(new_from__isnull=False, new_until__gte=F("new_from")),
                name="new_window_is_whole_and_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch}: {self.version}"

    @property
    def is_known(self) -> bool:
        return self.new_until is not None
