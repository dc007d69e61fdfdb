"""What the orders app finishes by itself, late or twice without harm."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from campaigns.clock import database_now
from campaigns.rounds import count_done
from orders import cancellation, emails, lifecycle, minimum, minimum_news, outbox
from orders.models import Message, Order

REMINDER_BEFORE_END = timedelta(hours=6)
SHORTEST_HOLD_REMINDED = timedelta(hours=2)
CHUNK = 500


def cancel_orders_of_canceled_batches() -> int:
    """Each order in a transaction of its own; refunds follow from the money rule."""
    return count_done(_left_in_canceled_batches(), cancellation.cancel_with_batch)


def _left_in_canceled_batches() -> Iterator[int]:
    left, last = Order.objects.left_in_canceled_batches().order_by("pk"), 0
    while chunk := list(left.filter(pk__gt=last).values_list("pk", flat=True)[:CHUNK]):
        yield from chunk
        last = chunk[-1]


def remind_of_payment() -> int:
    """One reminder, hours before the hold ends, to buyers who had time to forget."""
    now = database_now()
    already = Message.objects.filter(order=OuterRef("pk"), kind="payment_reminder")
    waiting = Order.objects.filter(
        ~Exists(already),
        status=Order.Status.PENDING,
        expires_at__gt=now,
        expires_at__lte=now + REMINDER_BEFORE_END,
        placed_at__lte=now - SHORTEST_HOLD_REMINDED,
    )
    return count_done(list(waiting.values_list("pk", flat=True)), _remind)


def _remind(order_id: int) -> bool:
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        if order.status != Order.Status.PENDING:
            return False
        emails.payment_reminder(order)
        return True


# Before money is returned for what they cancel.
FIRST_STEPS = (
    ("minimums decided", minimum.decide_due),
    ("orders of canceled batches", cancel_orders_of_canceled_batches),
)
STEPS = (
    ("told that it goes ahead", minimum_news.tell_going_ahead),
    ("told that it is extended", minimum_news.tell_extended),
    ("payment reminders", remind_of_payment),
    ("mails", outbox.deliver_due),
)
