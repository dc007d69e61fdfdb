"""What the orders app finishes by itself, late or twice without harm."""

from campaigns.rounds import count_done, keys_of
from orders import cancellation
from orders.addresses import news as address_news
from orders.decisions import settling
from orders.delays import answers as delay_answers
from orders.delays import asking as delay_asking
from orders.delays import reminders as delay_reminders
from orders.delays import schedule_news
from orders.holds import alerts as hold_alerts
from orders.mail import claims as mail_claims
from orders.mail import outbox
from orders.minimum import news as minimum_news
from orders.minimum import verdict as minimum_verdict
from orders.models import Order
from orders.moves import questions as move_questions
from orders.news import alerts as news_alerts
from orders.news import asked_alerts
from orders.news import production as production_news
from orders.questions import alerts as question_alerts
from orders.questions import lifecycle as question_lifecycle
from orders.reminders import payment as payment_reminders
from orders.subscriptions import opening_reminders, wishes
from orders.updates import writing as update_writing
from orders.waitlist import endings, openings
from orders.waitlist import offers as waitlist_offers


def cancel_orders_of_canceled_batches() -> int:
    """Each order in a transaction of its own; refunds follow from the money rule."""
    left = keys_of(Order.objects.left_in_canceled_batches())
    return count_done(left, cancellation.cancel_with_batch)


# Before money is returned for what they cancel.
FIRST_STEPS = (
    ("minimums decided", minimum_verdict.decide_due),
    ("orders of canceled batches", cancel_orders_of_canceled_batches),
    ("delays lapsed", delay_answers.lapse_due),
)
STEPS = (
    ("waiting lists ended", endings.end_lists),
    ("waiting list offers", waitlist_offers.offer_freed),
    ("openings told", openings.tell_of_openings),
    ("questions withdrawn", settling.withdraw_pointless),
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
    ("sellers told of questions", question_alerts.tell_sellers),
    ("questions nobody confirmed", question_lifecycle.forget_unconfirmed),
    ("opening reminders", opening_reminders.remind_of_openings),
    ("updates published", update_writing.publish_due),
    ("updates written", update_writing.write_due),
    ("unconfirmed addresses forgotten", wishes.forget_unconfirmed),
    ("mails of old dates", mail_claims.abort_superseded),
    ("mails", outbox.take_a_turn),
)
