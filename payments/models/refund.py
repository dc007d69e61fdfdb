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

    def due_without_run(self) -> Self:
        """Due, and not the work of a refund run.

        A running run sends and looks up its own; what a stopped one has not sent yet
        waits until somebody lets it go on.
        """
        runs = RefundRun.State
        running = Q(run__state=runs.RUNNING)
        held_back = Q(run__state=runs.STOPPED, state=Refund.State.REQUESTED)
        return self.due().exclude(Q(run__isnull=False) & (running | held_back))

    def by_hand(self) -> Self:
        return self.filter(state=Refund.State.MANUAL)

    def payable_by_hand(self) -> Self:
        """What the seller may pay now: decided on, and disputed by no bank."""
        disputed = Dispute.objects.open().values("payment")
        approved = self.by_hand().filter(approved_at__isnull=False)
        return approved.exclude(payment__in=disputed)

    def unapproved(self) -> Self:
        return self.filter(state__in=Refund.NOT_SENT, approved_at__isnull=True)

    def declined(self) -> Self:
        """Money that came twice and stays with the order as the buyer's credit."""
        return self.filter(declined_at__isnull=False)


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

    # No gateway has heard of these.
    NOT_SENT = (State.REQUESTED, State.MANUAL)
    IN_FLIGHT = (State.REQUESTED, State.SENDING, State.UNKNOWN, State.PENDING)
    TRANSITIONS = {
        State.REQUESTED: {State.SENDING, State.MANUAL, State.CANCELED},
        State.SENDING: {State.UNKNOWN, State.PENDING, State.SUCCEEDED, State.FAILED},
        State.UNKNOWN: {State.SENDING, State.PENDING, State.SUCCEEDED, State.FAILED},
        State.PENDING: {State.SUCCEEDED, State.FAILED},
        State.MANUAL: {State.SUCCEEDED, State.CANCELED, State.REQUESTED},
        State.SUCCEEDED: {State.FAILED},
    }
    LEASE = timedelta(minutes=2)
    # Gateways forget their keys after a day: what is older is only looked up.
    KEY_LIVES = timedelta(hours=23)
    MOST_ATTEMPTS = 24
    # Minutes between attempts; the last one again and again.
    PAUSES = (1, 5, 15, 30, 60)
    LONGEST_UNKNOWN = timedelta(minutes=15)

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
    # The extra money stays as the buyer's credit while the order goes on.
    declined_at = models.DateTimeField(null=True, editable=False)
    idempotency_key = models.UUIDField(default=uuid.uuid4, editable=False)
    gateway_reference = models.CharField(max_length=120, blank=True)
    failure = models.CharField(_("failure"), max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Clock())
    created_at = models.DateTimeField(db_default=Clock())
    # When the gateway may first have heard of it.
    sent_at = models.DateTimeField(null=True, editable=False)
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

    @property
    def is_unapproved(self) -> bool:
        return self.state in self.NOT_SENT and self.approved_at is None

    @property
    def pause(self) -> timedelta:
        """Until it is tried again: longer each time, less long when in doubt."""
        turn = min(self.attempts, len(self.PAUSES) - 1)
        pause = timedelta(minutes=self.PAUSES[turn])
        is_unknown = self.state == self.State.UNKNOWN
        return min(pause, self.LONGEST_UNKNOWN) if is_unknown else pause

    def may_be_repeated(self, now: datetime) -> bool:
        """Whether the gateway still knows its key, and was not asked too often."""
        is_fresh = self.sent_at is None or self.sent_at + self.KEY_LIVES > now
        return is_fresh and self.attempts < self.MOST_ATTEMPTS

    def approve(self) -> bool:
        """Compare-and-set; False when it was approved or ended before."""
        rows = Refund.objects.unapproved().filter(pk=self.pk)
        done = rows.update(approved_at=Clock(), next_attempt_at=Clock())
        self.refresh_from_db(fields=["approved_at", "next_attempt_at"])
        return bool(done)

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
