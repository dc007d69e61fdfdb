"""What the orders app finishes by itself, late or twice without harm."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce

from campaigns.clock import database_now
from campaigns.rounds import count_done, keys_of
from orders import (
    cancellation,
    decisions,
    delay_asking,
    delay_reminders,
    delays,
    emails,
    hold_alerts,
    lifecycle,
    minimum,
    minimum_news,
    move_questions,
    openings,
    outbox,
    schedule_news,
    waitlist,
    waitlist_offers,
)
from orders.models import Message, Order

REMINDER_BEFORE_END = timedelta(hours=6)
SHORTEST_HOLD_REMINDED = timedelta(hours=2)


def cancel_orders_of_canceled_batches() -> int:
    """Each order in a transaction of its own; refunds follow from the money rule."""
    left = keys_of(Order.objects.left_in_canceled_batches())
    return count_done(left, cancellation.cancel_with_batch)


def remind_of_payment() -> int:
    """One reminder, hours before the hold ends, to buyers who had time to forget.

    Who asked for more time was here then, and is reminded of the new end.
    """
    now = database_now()
    seen_at = Coalesce("extended_at", "placed_at")
    reminders = Message.objects.filter(order=OuterRef("pk"), kind="payment_reminder")
    waiting = (
        Order.objects.alias(seen_at=seen_at)
        .filter(
            ~Exists(reminders.filter(created_at__gte=OuterRef("seen_at"))),
            status=Order.Status.PENDING,
            expires_at__gt=now,
            expires_at__lte=now + REMINDER_BEFORE_END,
            seen_at__lte=now - SHORTEST_HOLD_REMINDED,
        )
        .exclude(source=Order.Source.WAITLIST, name="")
    )
    return count_done(keys_of(waiting), _remind)


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
    ("delays lapsed", delays.lapse_due),
)
STEPS = (
    ("waiting lists ended", waitlist.end_lists),
    ("waiting list offers", waitlist_offers.offer_freed),
    ("openings told", openings.tell_of_openings),
    ("questions withdrawn", decisions.withdraw_pointless),
    ("questions lapsed", move_questions.lapse_due),
    ("new windows told", schedule_news.tell_all),
    ("delays asked again", delay_asking.ask_again_due),
    ("reminders of delays", delay_reminders.remind_due),
    ("told that it goes ahead", minimum_news.tell_going_ahead),
    ("told that it is extended", minimum_news.tell_extended),
    ("payment reminders", remind_of_payment),
    ("alerts to sellers", hold_alerts.tell_sellers),
    ("mails", outbox.deliver_due),
)
