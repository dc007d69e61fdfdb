"""Money out: one row for each refund, written before any gateway hears of it."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock, database_now
from payments.models.dispute import Dispute
from payments.models.payment import Payment
from payments.models.payout import PayoutAccount
from payments.models.run import RefundRun


class RefundQuerySet(models.QuerySet["Refund"]):
    def counted(self) -> Self:
        """Refunds that reduce what the shop holds: all but failed and canceled ones."""
        return self.exclude(state__in=[Refund.State.FAILED, Refund.State.CANCELED])

    def due(self) -> Self:
        """To be sent, or to be looked up at the gateway, now.

        What the gateway made by itself is never sent by us: its news comes by event.
        What nobody approved yet waits for the seller's click, and nothing is sent while
        the buyer's bank disputes the payment.
        """
        disputed = Dispute.objects.open().values("payment")
        ours = self.exclude(source=Refund.Source.EXTERNAL).exclude(payment__in=disputed)
        return ours.filter(
            state__in=Refund.IN_FLIGHT,
            next_attempt_at__lte=Clock(),
            approved_at__isnull=False,
        )


class Refund(models.Model):
    class State(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        SENDING = "sending", _("Being sent")
        UNKNOWN = "unknown", _("Unknown, being looked up")
        PENDING = "pending", _("On its way")
        MANUAL = "manual", _("To be paid by hand")
        SUCCEEDED = "succeeded", _("Paid back")
        FAILED = "failed", _("Failed")
        CANCELED = "canceled", _("Withdrawn")

    class Source(models.TextChoices):
        ADMIN = "admin", _("Seller")
        BUYER = "buyer", _("Buyer")
        MASS = "mass", _("Canceled batch")
        LATE = "late", _("Late money")
        DUPLICATE = "duplicate", _("Paid twice")
        EXTERNAL = "external", _("Made at the gateway")

    IN_FLIGHT = (State.REQUESTED, State.SENDING, State.UNKNOWN, State.PENDING)
    TRANSITIONS = {
        State.REQUESTED: {State.SENDING, State.MANUAL, State.CANCELED},
        State.SENDING: {State.UNKNOWN, State.PENDING, State.SUCCEEDED, State.FAILED},
        State.UNKNOWN: {State.SENDING, State.PENDING, State.SUCCEEDED, State.FAILED},
        State.PENDING: {State.SUCCEEDED, State.FAILED},
        State.MANUAL: {State.SUCCEEDED, State.CANCELED},
        State.SUCCEEDED: {State.FAILED},
    }
    LEASE = timedelta(minutes=2)

    reference = models.CharField(_("reference"), max_length=40, unique=True)
    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="refunds", verbose_name=_("payment")
    )
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    state = models.CharField(
        _("state"), max_length=9, choices=State, default=State.REQUESTED
    )
    source = models.CharField(_("reason"), max_length=9, choices=Source)
    note = models.CharField(_("note"), max_length=200, blank=True)
    run = models.ForeignKey(
        RefundRun,
        models.PROTECT,
        null=True,
        related_name="refunds",
        verbose_name=_("refund run"),
    )
    payout_account = models.ForeignKey(
        PayoutAccount,
        models.SET_NULL,
        null=True,
        related_name="refunds",
        verbose_name=_("payout account"),
    )
    # Empty: waits for the seller's approval, and is not sent.
    approved_at = models.DateTimeField(
        _("approved"), null=True, blank=True, db_default=Clock()
    )
    idempotency_key = models.UUIDField(default=uuid.uuid4, editable=False)
    gateway_reference = models.CharField(max_length=120, blank=True)
    failure = models.CharField(_("failure"), max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Clock())
    created_at = models.DateTimeField(db_default=Clock())
    succeeded_at = models.DateTimeField(null=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="refund_amount_is_positive"
            ),
            models.UniqueConstraint(
                fields=["run", "payment"],
                condition=Q(run__isnull=False),
                name="a_run_refunds_a_payment_once",
            ),
            models.UniqueConstraint(
                fields=["payment", "gateway_reference"],
                condition=~Q(gateway_reference=""),
                name="gateway_refund_is_recorded_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "requested",
                        "sending",
                        "unknown",
                        "pending",
                        "manual",
                        "succeeded",
                        "failed",
                        "canceled",
                    ]
                ),
                name="refund_state_is_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["requested", "sending", "unknown", "pending"]),
                name="refund_queue",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def lease(self) -> bool:
        """Take this refund for one attempt; False when another worker has it."""
        rows = Refund.objects.due().filter(
            pk=self.pk, state=self.state, attempts=self.attempts
        )
        taken = rows.update(
            attempts=F("attempts") + 1, next_attempt_at=database_now() + self.LEASE
        )
        return bool(taken)

    def advance(self, target: "Refund.State", **columns: Any) -> bool:
        """Compare-and-set; False when this refund can not, or no longer, move there."""
        origin = Refund.State(self.state)
        if target not in self.TRANSITIONS.get(origin, ()):
            return False
        rows = Refund.objects.filter(pk=self.pk, state=origin)
        moved = rows.update(state=target, **columns)
        self.refresh_from_db(fields=["state", *columns])
        return bool(moved)

    def look_again(self, at: datetime) -> None:
        """Nothing new at the gateway: ask once more at that time."""
        Refund.objects.filter(pk=self.pk).update(next_attempt_at=at)
