"""Money in: one row for each attempt to pay."""

import uuid
from decimal import Decimal
from typing import Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from campaigns.money import CURRENCY_CHOICES, smallest_unit
from orders.models import Order
from payments.models.bank import BankAccount


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

    class Progress(models.TextChoices):
        """Where a pending payment stands, as far as it is known."""

        ACTION_REQUIRED = "action_required", _("The buyer must act")
        PROCESSING = "processing", _("On its way")
        PROOF_UPLOADED = "proof_uploaded", _("Proof to be reviewed")
        FRAUD_REVIEW = "fraud_review", _("Held by the gateway's fraud review")

    OPEN = (State.CREATED, State.PENDING)
    # Confirmed money never goes back to waiting; late money is always taken in. It may
    # have come and gone while nobody heard of it.
    ENDS = {State.CONFIRMED, State.REVERSED}
    UNPAID_ENDS = {State.FAILED, State.EXPIRED, State.CANCELED}
    TRANSITIONS = {
        State.CREATED: {State.PENDING, *UNPAID_ENDS, *ENDS},
        State.PENDING: {*UNPAID_ENDS, *ENDS},
        State.FAILED: ENDS,
        State.EXPIRED: ENDS,
        State.CANCELED: ENDS,
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
    # All the money the gateway has ever told of: what is above it is new.
    amount_seen = models.DecimalField(
        _("seen"), max_digits=14, decimal_places=2, default=0, editable=False
    )
    # Money that came in another amount or currency than asked: seen, not credited.
    amount_in_suspense = models.DecimalField(
        _("in suspense"), max_digits=14, decimal_places=2, default=0
    )
    suspense_currency = models.CharField(max_length=3, blank=True)
    # What the gateway put on top of the amount and keeps for itself.
    fee = models.DecimalField(_("fee"), max_digits=14, decimal_places=2, default=0)
    # A bank transfer's unique code: asked for less by this, given as a discount.
    code = models.PositiveSmallIntegerField(_("unique code"), default=0)
    bank_account = models.ForeignKey(
        BankAccount,
        models.PROTECT,
        null=True,
        related_name="payments",
        verbose_name=_("bank account"),
    )
    progress = models.CharField(
        _("progress"), max_length=15, choices=Progress, blank=True
    )
    gateway_reference = models.CharField(max_length=120, blank=True)
    gateway_transaction_reference = models.CharField(max_length=120, blank=True)
    redirect_url = models.URLField(max_length=600, blank=True)
    idempotency_key = models.UUIDField(default=uuid.uuid4, editable=False)
    expires_at = models.DateTimeField(null=True)
    hold_until = models.DateTimeField(null=True)
    # After this the gateway's rail pays nothing back; empty = no end known.
    refundable_until = models.DateTimeField(_("refundable until"), null=True)
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
            models.UniqueConstraint(
                fields=["bank_account", "amount"],
                condition=Q(bank_account__isnull=False)
                & Q(state__in=["created", "pending"]),
                name="one_open_transfer_per_exact_amount",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="payment_amount_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(amount_in_suspense__gte=0, fee__gte=0, code__lte=999),
                name="payment_extras_are_in_range",
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
        indexes = [
            models.Index(
                fields=["gateway", "gateway_transaction_reference"],
                condition=~Q(gateway_transaction_reference=""),
                name="payment_by_transaction",
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=["created", "pending"]),
                name="payment_still_open",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_transfer(self) -> bool:
        return self.bank_account_id is not None

    @property
    def is_under_review(self) -> bool:
        """A proof of transfer waits for its seller: the money may be there."""
        return self.is_open and self.progress == self.Progress.PROOF_UPLOADED

    @property
    def code_amount(self) -> Decimal:
        """The unique code counts in rupiah, or in cents."""
        return self.code * smallest_unit(self.currency)

    @property
    def refundable(self) -> Decimal:
        return self.amount_received - self.amount_reversed - self.amount_refunding

    def claim_refund(self, amount: Decimal) -> None:
        """Count a refund on the locked row before any gateway hears of it."""
        self.amount_refunding += amount
        self.save(update_fields=["amount_refunding"])

    def next_refund_reference(self) -> str:
        return f"{self.reference}-R{self.refunds.count() + 1}"

    @property
    def has_own_suspense(self) -> bool:
        """Money is set aside in the order's own currency, so it can be counted."""
        return bool(self.amount_in_suspense) and self.suspense_currency == self.currency

    @property
    def has_foreign_suspense(self) -> bool:
        """Money is set aside that only a human can value."""
        return bool(self.amount_in_suspense) and not self.has_own_suspense
