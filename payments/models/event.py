"""The inbox: each notification, stored once, before anything is believed."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from payments.models.payment import Payment


class GatewayEventQuerySet(models.QuerySet["GatewayEvent"]):
    def due(self) -> Self:
        return self.filter(
            state__in=[GatewayEvent.State.RECEIVED, GatewayEvent.State.RETRY],
            next_attempt_at__lte=Clock(),
        )


class GatewayEvent(models.Model):
    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        DONE = "done", _("Applied")
        IGNORED = "ignored", _("Nothing to do")
        RETRY = "retry", _("To be tried again")
        DEAD = "dead", _("Given up")

    gateway = models.CharField(_("gateway"), max_length=20)
    dedupe_key = models.CharField(max_length=128)
    type = models.CharField(_("type"), max_length=60, blank=True)
    reference = models.CharField(_("reference"), max_length=120, blank=True)
    transaction_reference = models.CharField(max_length=120, blank=True)
    our_reference = models.CharField(max_length=40, blank=True)
    body = models.BinaryField()
    payment = models.ForeignKey(
        Payment,
        models.PROTECT,
        null=True,
        related_name="events",
        verbose_name=_("payment"),
    )
    state = models.CharField(
        _("state"), max_length=8, choices=State, default=State.RECEIVED
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    duplicates = models.PositiveIntegerField(_("duplicates"), default=0)
    next_attempt_at = models.DateTimeField(db_default=Clock())
    received_at = models.DateTimeField(_("received"), db_default=Clock())
    error = models.TextField(_("error"), blank=True)

    objects = GatewayEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("gateway event")
        verbose_name_plural = _("gateway events")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "dedupe_key"], name="event_is_stored_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["received", "done", "ignored", "retry", "dead"]),
                name="event_state_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["received_at"], name="event_by_time"),
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["received", "retry"]),
                name="event_inbox",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.type} {self.reference}"
