"""Mails about what the minimum of a batch led to, where the orders stand."""

from typing import Any

from campaigns.models.minimum import MINIMUM_MISSED
from orders.mail.rows import of_order
from orders.models import Message, Order

NOTICE = Message.Priority.NOTICE
BATCH_CONFIRMED = "batch_confirmed"


def batch_confirmed(order: Order) -> Message:
    """The batch is made; not stored yet."""
    return _once_per_batch(order, BATCH_CONFIRMED)


def batch_extended(order: Order) -> Message:
    """The minimum is missed so far, and the closing moved; not stored yet."""
    return _once_per_batch(order, MINIMUM_MISSED, closes_at=order.batch.closes_at)


def _once_per_batch(order: Order, kind: str, **context: Any) -> Message:
    """News that an order hears once of each batch it is in."""
    return of_order(order, kind, key=str(order.batch_id), priority=NOTICE, **context)
