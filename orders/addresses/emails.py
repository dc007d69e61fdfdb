"""Mails about the address of an order, and the moment it locks."""

from campaigns.models import Batch
from orders.mail.rows import of_order
from orders.models import Message, Order

BULK = Message.Priority.BULK


def lock_key(batch: Batch) -> str:
    """Each moment of a lock is told once."""
    return f"{batch.addresses_lock_at:%Y%m%d%H%M}"


def address_lock(order: Order) -> Message:
    """The announcement; not stored yet."""
    return _address_lock(order, lock_key(order.batch), is_reminder=False)


def address_reminder(order: Order, key: str) -> Message:
    """A reminder of it; not stored yet."""
    return _address_lock(order, key, is_reminder=True)


def _address_lock(order: Order, key: str, *, is_reminder: bool) -> Message:
    return of_order(
        order, "address_lock", key=key, priority=BULK, is_reminder=is_reminder
    )
