"""What a comparison with a gateway found that settlement cannot mend by itself."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from payments.models.payment import Payment
from payments.models.refund import Refund


class ReconciliationRun(models.Model):
    class Mode(models.TextChoices):
        OPEN = "open", _("What is still open")
        DAILY = "daily", _("Whole days")

    mode = models.CharField(_("mode"), max_length=5, choices=Mode)
    gateway = models.CharField(_("gateway"), max_length=20, blank=True)
    since = models.DateTimeField(_("since"), null=True)
    started_at = models.DateTimeField(_("started"), db_default=Clock())
    finished_at = models.DateTimeField(_("finished"), null=True)
    compared = models.PositiveIntegerField(_("compared"), default=0)
    applied = models.PositiveIntegerField(_("brought up to date"), default=0)
    # Gateways that did not answer; what they hold was not compared.
    silent = models.JSONField(default=list)

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.mode} {self.started_at:%Y-%m-%d %H:%M}"


class DiscrepancyQuerySet(models.QuerySet["Discrepancy"]):
    def open(self) -> Self:
        return self.filter(resolved_at__isnull=True)


class Discrepancy(models.Model):
    class Kind(models.TextChoices):
        UNKNOWN_OBJECT = "unknown_object", _("Money the shop never asked for")
        NOT_THERE = "not_there", _("Received here, unknown at the gateway")
        AMOUNT = "amount", _("Another amount or currency")
        PAID_THERE = "paid_there", _("Paid there, open here")
        REFUND = "refund", _("A refund differs")
        PAID_TWICE = "paid_twice", _("Two payments for one due")
        EVENT_DEAD = "event_dead", _("A notification that fits nothing")
        LEDGER = "ledger", _("The books differ from the payments")

    kind = models.CharField(_("kind"), max_length=14, choices=Kind)
    gateway = models.CharField(_("gateway"), max_length=20)
    reference = models.CharField(_("reference"), max_length=120)
    payment = models.ForeignKey(
        Payment,
        models.PROTECT,
        null=True,
        related_name="discrepancies",
        verbose_name=_("payment"),
    )
    refund = models.ForeignKey(
        Refund,
        models.PROTECT,
        null=True,
        related_name="discrepancies",
        verbose_name=_("refund"),
    )
    run = models.ForeignKey(
        ReconciliationRun,
        models.PROTECT,
        null=True,
        related_name="discrepancies",
        verbose_name=_("reconciliation"),
    )
    # What is here and what is there, as text; no secret, no card.
    details = models.JSONField(default=dict)
    found_at = models.DateTimeField(_("found"), db_default=Clock())
    seen_at = models.DateTimeField(_("last seen"), db_default=Clock())
    resolved_at = models.DateTimeField(_("settled"), null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("settled by"),
    )
    resolution = models.CharField(_("how it was settled"), max_length=200, blank=True)

    objects = DiscrepancyQuerySet.as_manager()

    class Meta:
        verbose_name = _("discrepancy")
        verbose_name_plural = _("discrepancies")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "gateway", "reference"],
                condition=Q(resolved_at__isnull=True),
                name="open_discrepancy_is_listed_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.reference}"
