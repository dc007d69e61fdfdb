"""What one variant gets of a batch."""

from collections.abc import Iterable
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.models.batch import Batch
from campaigns.models.campaign import Variant


class AllotmentQuerySet(models.QuerySet["Allotment"]):
    def of(self, batches: Iterable[Batch]) -> Self:
        return self.filter(batch__in=batches).select_related("variant")


class Allotment(models.Model):
    class Sale(models.TextChoices):
        OPEN = "open", _("Open")
        WAITLIST = "waitlist", _("Waiting list only")
        STOPPED = "stopped", _("Stopped")

    batch = models.ForeignKey(
        Batch, models.CASCADE, related_name="allotments", verbose_name=_("batch")
    )
    variant = models.ForeignKey(
        Variant, models.PROTECT, related_name="allotments", verbose_name=_("variant")
    )
    capacity = models.PositiveIntegerField(
        _("capacity"),
        null=True,
        blank=True,
        help_text=_("Empty: limited by the batch only."),
    )
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)
    sale = models.CharField(_("sale"), max_length=8, choices=Sale, default=Sale.OPEN)

    objects = AllotmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("allotment")
        verbose_name_plural = _("allotments")
        ordering = ["batch", "variant__position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "variant"], name="one_allotment_per_variant"
            ),
            models.CheckConstraint(
                condition=Q(taken__gte=0)
                & (Q(capacity__isnull=True) | Q(taken__lte=F("capacity"))),
                name="allotment_within_capacity",
            ),
            models.CheckConstraint(
                condition=Q(sale__in=["open", "waitlist", "stopped"]),
                name="allotment_sale_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch} · {self.variant}"

    def left_in(self, batch: Batch) -> int:
        """Units still to be had of this variant: the smaller of both caps."""
        return self.room_in(batch) if self.sale == self.Sale.OPEN else 0

    def room_in(self, batch: Batch) -> int:
        """Units that still fit, for the public or for somebody who was asked."""
        if self.capacity is None:
            return batch.left
        return max(0, min(self.capacity - self.taken, batch.left))
