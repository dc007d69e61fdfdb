"""Mails that remind of a payment, on the way and before the hold ends."""

from orders.mail.rows import of_order, queue
from orders.models import Message, Order

NOTICE = Message.Priority.NOTICE
# Part of a reminder's key: of the hold's new end.
EXTENDED = "extended"


def last_payment_reminder(order: Order) -> None:
    """The last notice before the hold ends."""
    # A hold can be extended once: its new end is reminded of again.
    key = EXTENDED if order.extended_at else ""
    queue(_unpaid(order, key, is_last=True))


def payment_reminder(order: Order, key: str) -> Message:
    """A reminder on the way there; not stored yet."""
    return _unpaid(order, key, is_last=False)


def _unpaid(order: Order, key: str, *, is_last: bool) -> Message:
    return of_order(
        order, "payment_reminder", key=key, priority=NOTICE, is_last=is_last
    )
