"""Money in: one row for each attempt. Money out: one row for each refund."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock, database_now
from campaigns.money import CURRENCY_CHOICES
from orders.models import Order


class PaymentQuerySet(models.QuerySet["Payment"]):
    def open(self) -> Self:
        return self.filter(state__in=Payment.OPEN)

    def waiting_for_gateway(self) -> Self:
        """Open ones whose gateway was silent, and that still keep their hold."""
        return self.open().filter(hold_until__gt=Clock())


class Payment(models.Model):
    class State(models.TextChoices):
        CREATED = "created", _("Prepared")
        PENDING = "pending", _("Waiting for the buyer")
        CONFIRMED = "confirmed", _("Received")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Expired")
        CANCELED = "canceled", _("Canceled")
        REVERSED = "reversed", _("Taken back")

    class Purpose(models.TextChoices):
        FULL = "full", _("Full amount")
        DEPOSIT = "deposit", _("Deposit")
        BALANCE = "balance", _("Balance")

    OPEN = (State.CREATED, State.PENDING)
    # Confirmed money never goes back to waiting; late money is always taken in.
    TRANSITIONS = {
        State.CREATED: {
            State.PENDING,
            State.CONFIRMED,
            State.FAILED,
            State.EXPIRED,
            State.CANCELED,
        },
        State.PENDING: {
            State.CONFIRMED,
            State.FAILED,
            State.EXPIRED,
            State.CANCELED,
        },
        State.FAILED: {State.CONFIRMED},
        State.EXPIRED: {State.CONFIRMED},
        State.CANCELED: {State.CONFIRMED},
        State.CONFIRMED: {State.REVERSED},
    }

    reference = models.CharField(_("reference"), max_length=30, unique=True)
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="payments", verbose_name=_("order")
    )
    purpose = models.CharField(max_length=7, choices=Purpose, default=Purpose.FULL)
    gateway = models.CharField(_("gateway"), max_length=20)
    method = models.CharField(max_length=30, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, choices=CURRENCY_CHOICES)
    state = models.CharField(
        _("state"), max_length=9, choices=State, default=State.CREATED
    )
    amount_received = models.DecimalField(
        _("received"), max_digits=14, decimal_places=2, default=0
    )
    amount_reversed = models.DecimalField(
        _("taken back"), max_digits=14, decimal_places=2, default=0
    )
    # Σ refunds that are not failed or canceled: claimed before the gateway is asked.
    amount_refunding = models.DecimalField(
        _("refunded or being refunded"), max_digits=14, decimal_places=2, default=0
    )
    gateway_reference = models.CharField(max_length=120, blank=True)
    redirect_url = models.URLField(max_length=600, blank=True)
    idempotency_key = models.UUIDField(default=uuid.uuid4, editable=False)
    expires_at = models.DateTimeField(null=True)
    hold_until = models.DateTimeField(null=True)
    needs_review = models.BooleanField(_("needs a look"), default=False)
    review_reason = models.CharField(max_length=200, blank=True)
    # Only fields the adapter names: never card data, never a secret.
    last_snapshot = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    fetched_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Clock())
    confirmed_at = models.DateTimeField(null=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "gateway_reference"],
                condition=~Q(gateway_reference=""),
                name="gateway_reference_is_unique",
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=["created", "pending"]),
                name="one_open_payment_per_order",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="payment_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(
                    amount_received__gte=0,
                    amount_reversed__gte=0,
                    amount_refunding__gte=0,
                    amount_refunding__lte=F("amount_received"),
                ),
                name="refunds_within_what_was_received",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "created",
                        "pending",
                        "confirmed",
                        "failed",
                        "expired",
                        "canceled",
                        "reversed",
                    ]
                ),
                name="payment_state_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def refundable(self) -> Decimal:
        return self.amount_received - self.amount_reversed - self.amount_refunding


class RefundQuerySet(models.QuerySet["Refund"]):
    def counted(self) -> Self:
        """Refunds that reduce what the shop holds: all but failed and canceled ones."""
        return self.exclude(state__in=[Refund.State.FAILED, Refund.State.CANCELED])

    def due(self) -> Self:
        """To be sent, or to be looked up at the gateway, now.

        What the gateway made by itself is never sent by us: its news comes by event.
        """
        ours = self.exclude(source=Refund.Source.EXTERNAL)
        return ours.filter(state__in=Refund.IN_FLIGHT, next_attempt_at__lte=Clock())


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
