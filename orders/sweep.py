"""What the orders app finishes by itself, late or twice without harm."""

from campaigns.rounds import count_done, keys_of
from orders import (
    address_news,
    asked_alerts,
    cancellation,
    decisions,
    delay_asking,
    delay_reminders,
    delays,
    hold_alerts,
    mail_claims,
    minimum,
    minimum_news,
    move_questions,
    news_alerts,
    opening_reminders,
    openings,
    outbox,
    payment_reminders,
    production_news,
    questions,
    schedule_news,
    subscriptions,
    update_writing,
    waitlist,
    waitlist_offers,
)
from orders.models import Order


def cancel_orders_of_canceled_batches() -> int:
    """Each order in a transaction of its own; refunds follow from the money rule."""
    left = keys_of(Order.objects.left_in_canceled_batches())
    return count_done(left, cancellation.cancel_with_batch)


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
    ("told that production started", production_news.tell_started),
    ("told that addresses lock", address_news.tell_of_locks),
    ("payment reminders", payment_reminders.remind_of_payment),
    ("payment reminders of days", payment_reminders.remind_daily),
    ("address reminders", address_news.remind_of_addresses),
    ("alerts to sellers", hold_alerts.tell_sellers),
    ("reminders to tell news", news_alerts.remind),
    ("sellers told who asks for news", asked_alerts.tell_sellers),
    ("questions nobody confirmed", questions.forget_unconfirmed),
    ("opening reminders", opening_reminders.remind_of_openings),
    ("updates published", update_writing.publish_due),
    ("updates written", update_writing.write_due),
    ("unconfirmed addresses forgotten", subscriptions.forget_unconfirmed),
    ("mails of old dates", mail_claims.abort_superseded),
    ("mails", outbox.take_a_turn),
)
