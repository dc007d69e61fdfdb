"""What one variant gets of a batch."""

from collections.abc import Iterable
from typing import Any, Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.actors import Actor
from campaigns.caps import UNLIMITED, Cap
from campaigns.errors import CapacityBelowTaken
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
        ordering = ["batch_id", "variant__position", "pk"]
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

    @property
    def is_on_sale(self) -> bool:
        """To everybody; what is kept for the waiting list is not."""
        return self.sale == self.Sale.OPEN

    @property
    def is_sold(self) -> bool:
        """To everybody, or to who was asked."""
        return self.variant.active and self.sale != self.Sale.STOPPED

    @property
    def rest(self) -> int:
        """Units its own cap still allows; what buyers can have is in `room`."""
        return UNLIMITED if self.capacity is None else self.capacity - self.taken

    def change_capacity(self, capacity: int | None, *, actor: Actor) -> None:
        """Set the cap; raises CapacityBelowTaken when more units are gone already."""
        with transaction.atomic():
            stored = self._locked()
            rows = Allotment.objects.filter(pk=self.pk)
            if capacity is not None:
                rows = rows.filter(taken__lte=capacity)
            if not rows.update(capacity=capacity):
                raise CapacityBelowTaken(
                    wanted=capacity or 0, taken=stored.taken, cap=Cap.VARIANT
                )
            self._record("allotment", stored.capacity, capacity, actor=actor)
        self.capacity = capacity

    def change_sale(self, sale: str, *, actor: Actor) -> None:
        with transaction.atomic():
            stored = self._locked()
            Allotment.objects.filter(pk=self.pk).update(sale=sale)
            self._record("sale", stored.sale, sale, actor=actor)
        self.sale = sale

    def _locked(self) -> "Allotment":
        return Allotment.objects.select_for_update(no_key=True).get(pk=self.pk)

    def _record(self, kind: str, before: Any, after: Any, *, actor: Actor) -> None:
        """Into the batch's audit trail; a variant's own words are kept with it."""
        if before == after:
            return
        data = {"from": before, "to": after, "variant": self.variant_id}
        data |= {"label": self.variant.label}
        self.batch.record(kind, actor=actor, data=data)
