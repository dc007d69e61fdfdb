"""Buyers hear when the addresses of their batch lock, and are reminded to look."""

from datetime import datetime
from typing import Any

from django.db.models import DateTimeField, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Greatest

from campaigns.clock import Clock, database_now
from campaigns.models import Batch, BatchEvent
from campaigns.models.address_lock import LOCK_ANNOUNCED
from orders.addresses import emails as address_emails
from orders.addresses.changes import SETTLED
from orders.mail import rows as mail_rows
from orders.models import Order, OrderEvent
from orders.models.order import OrderQuerySet
from orders.news import batch as batch_news
from orders.reminders.ladders import Kind, Ladder, remind


def tell_of_locks() -> int:
    """`address_lock` to the orders that were placed before it was announced."""
    return sum(_tell_of(batch) for batch in _announced_batches())


def remind_of_addresses() -> int:
    return remind(LADDER)


def _announced_batches() -> list[Batch]:
    ahead = Batch.objects.filter(
        stage__in=Batch.BEFORE_COMPLETION, addresses_lock_at__gt=Clock()
    )
    announced = BatchEvent.objects.filter(batch=OuterRef("pk"), kind=LOCK_ANNOUNCED)
    return list(ahead.filter(Exists(announced)).order_by("pk"))


def _tell_of(batch: Batch) -> int:
    key = address_emails.lock_key(batch)
    told = mail_rows.is_told("address_lock", OuterRef("number"), Value(key))
    rows = _concerned(database_now()).filter(batch=batch).exclude(told)
    return batch_news.tell(rows, address_emails.address_lock, replaces="address_lock")


def _concerned(now: datetime) -> OrderQuerySet:
    """Unpacked orders of an announced lock that is ahead.

    Who ordered after the announcement read of it before, and has just typed an address.
    """
    of_batch = BatchEvent.objects.filter(batch=OuterRef("batch"), kind=LOCK_ANNOUNCED)
    announced_at = Subquery(of_batch.order_by("-pk").values("at")[:1])
    return (
        Order.objects.unpacked()
        .exclude(email="")
        .annotate(announced_at=announced_at)
        .filter(
            batch__addresses_lock_at__gt=now,
            batch__stage__in=Batch.BEFORE_COMPLETION,
            placed_at__lt=announced_at,
        )
    )


def _unconfirmed(now: datetime) -> "QuerySet[Any]":
    """Asked since the latest announcement; nothing was said since the first one."""
    of_batch = BatchEvent.objects.filter(batch=OuterRef("batch"), kind=LOCK_ANNOUNCED)
    first = Subquery(
        of_batch.order_by("pk").values("at")[:1], output_field=DateTimeField()
    )
    said = OrderEvent.objects.filter(
        order=OuterRef("pk"), kind__in=SETTLED, at__gte=OuterRef("first_asked_at")
    )
    rows = _concerned(now).annotate(
        first_asked_at=first, asked_at=Greatest("announced_at", "confirmed_at")
    )
    return rows.filter(~Exists(said))


def _asked(order: Order) -> str:
    return f"{address_emails.lock_key(order.batch)}-"


LADDER = Ladder(
    kind=Kind.ADDRESS,
    waiting=_unconfirmed,
    asked=_asked,
    mail=address_emails.address_reminder,
)
