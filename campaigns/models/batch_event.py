"""What happened to a batch, and who did it: never changed, never removed."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.append_only import AppendOnly
from campaigns.clock import Clock


class BatchEvent(AppendOnly):
    batch = models.ForeignKey(
        "campaigns.Batch",
        models.PROTECT,
        related_name="events",
        verbose_name=_("batch"),
    )
    kind = models.CharField(max_length=20)
    actor = models.CharField(max_length=10)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    at = models.DateTimeField(db_default=Clock())
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("batch event")
        verbose_name_plural = _("batch events")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.batch}: {self.kind}"
