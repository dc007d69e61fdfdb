"""Who did not pay yet is reminded on a ladder, and hours before the hold ends."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from campaigns.clock import database_now
from campaigns.rounds import count_done, keys_of
from orders import lifecycle
from orders.mail import rows as mail_rows
from orders.models import Order
from orders.reminders import emails as reminder_emails
from orders.reminders.ladders import Kind, Ladder, latest_event, remind

REMINDER_BEFORE_END = timedelta(hours=6)
SHORTEST_HOLD_REMINDED = timedelta(hours=2)
# Nearer to the end the last notice comes soon enough.
LEAST_LEFT_FOR_A_RUNG = timedelta(hours=12)
# Who asked for more time was here then, and is reminded of the new end.
SEEN_AT = Coalesce("extended_at", "placed_at")


def remind_daily() -> int:
    """On the rungs of the ladder; only holds of more than a day come so far."""
    return remind(LADDER)


def remind_of_payment() -> int:
    """The last notice, which cannot be stopped, to buyers who had time to forget."""
    now = database_now()
    waiting = _unpaid().filter(
        ~_last_notice_told(),
        expires_at__gt=now,
        expires_at__lte=now + REMINDER_BEFORE_END,
        asked_at__lte=now - SHORTEST_HOLD_REMINDED,
    )
    return count_done(keys_of(waiting), _remind_last)


def _unpaid() -> "QuerySet[Any]":
    """Of the waiting list only who accepted: an offer is not asked to be paid."""
    rows = Order.objects.filter(status=Order.Status.PENDING).exclude(email="")
    rows = rows.exclude(source=Order.Source.WAITLIST, name="")
    return rows.annotate(asked_at=SEEN_AT)


def _last_notice_told() -> Q:
    """A hold can be extended once: its new end is reminded of again."""
    number = OuterRef("number")
    first = mail_rows.is_told("payment_reminder", number)
    again = mail_rows.is_told(
        "payment_reminder", number, Value(reminder_emails.EXTENDED)
    )
    is_first = Q(extended_at__isnull=True)
    return (is_first & Q(first)) | (~is_first & Q(again))


def _remind_last(order_id: int) -> bool:
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        if order.status != Order.Status.PENDING:
            return False
        reminder_emails.last_payment_reminder(order)
        return True


def _waiting(now: datetime) -> "QuerySet[Any]":
    """Who sent a proof waits for the seller, and has nothing to do."""
    looked_at = latest_event("proof_sent", "proof_rejected")
    rows = _unpaid().filter(expires_at__gt=now + LEAST_LEFT_FOR_A_RUNG)
    rows = rows.filter(expires_at__gt=F("asked_at") + timedelta(days=1))
    waiting: QuerySet[Any] = rows.alias(looked_at=looked_at)
    return waiting.exclude(looked_at="proof_sent")


def _asked(order: Order) -> str:
    return f"{reminder_emails.EXTENDED}-" if order.extended_at else ""


LADDER = Ladder(
    kind=Kind.PAYMENT,
    waiting=_waiting,
    asked=_asked,
    mail=reminder_emails.payment_reminder,
)
