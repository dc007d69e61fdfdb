"""What is to be produced, frozen when production starts."""

import hashlib
import json
from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.append_only import AppendOnly
from campaigns.clock import Clock
from campaigns.models import Batch, Variant


class ProductionSheet(AppendOnly):
    batch = models.ForeignKey(
        Batch, models.PROTECT, related_name="sheets", verbose_name=_("batch")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    frozen_at = models.DateTimeField(_("frozen"), db_default=Clock())
    # Empty when the system froze it.
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("frozen by"),
    )
    digest = models.CharField("SHA-256", max_length=64)

    class Meta:
        verbose_name = _("production sheet")
        verbose_name_plural = _("production sheets")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "number"], name="sheet_number_is_unique_in_its_batch"
            ),
        ]

    def __str__(self) -> str:
        return _("%(batch)s, sheet %(number)s") % {
            "batch": self.batch,
            "number": self.number,
        }


class ProductionSheetLine(models.Model):
    """The plan never changes; what was produced is written beside it later."""

    sheet = models.ForeignKey(ProductionSheet, models.PROTECT, related_name="lines")
    variant = models.ForeignKey(
        Variant, models.PROTECT, related_name="+", verbose_name=_("variant")
    )
    sku = models.CharField("SKU", max_length=60)
    label = models.CharField(_("variant"), max_length=200)
    ordered = models.PositiveIntegerField(_("ordered"))
    spare = models.PositiveIntegerField(_("spare"), default=0)
    to_produce = models.PositiveIntegerField(_("to produce"))
    produced = models.PositiveIntegerField(_("produced"), null=True)
    rejected = models.PositiveIntegerField(_("rejected"), null=True)

    class Meta:
        verbose_name = _("line of a production sheet")
        verbose_name_plural = _("lines of a production sheet")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["sheet", "variant"], name="one_sheet_line_per_variant"
            ),
            models.CheckConstraint(
                condition=Q(ordered__gte=1), name="sheet_line_has_a_unit_or_more"
            ),
            models.CheckConstraint(
                condition=Q(to_produce=F("ordered") + F("spare")),
                name="to_produce_is_ordered_and_spare",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.to_produce} × {self.label}"


def digest_of(lines: Iterable[ProductionSheetLine]) -> str:
    """SHA-256 over the plan, the same for the same lines in any order."""
    plan = sorted(
        [
            line.variant_id,
            line.sku,
            line.label,
            line.ordered,
            line.spare,
            line.to_produce,
        ]
        for line in lines
    )
    return hashlib.sha256(json.dumps(plan, ensure_ascii=False).encode()).hexdigest()
