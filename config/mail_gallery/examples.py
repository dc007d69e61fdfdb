"""An example of every mail, for `/styleguide/mails/` and for the test that renders all.

A new mail needs a row in WRITERS: the name of its template in `orders/emails`, a word
for each text that the template can have, and what writes it: a function of a `World`
(`scenes` has those of more than a line), which calls what the shop itself calls. It
returns the message, or leaves the stored one to be found. Rows of the world are saved
and can be queried; what it hands out may be changed freely, and nothing stays.
`tests/config/test_mail_gallery.py` fails while a template has no row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.utils.text import slugify

from campaigns.models import Update
from config.mail_gallery import scenes
from config.mail_gallery.world import AMOUNT, DAY, MOMENT, OPENED, REASON, WINDOW, World
from orders import emails
from orders.addresses import emails as address_emails
from orders.minimum import emails as minimum_emails
from orders.models import Message
from orders.moves import emails as move_emails
from orders.news.clock import Matter
from orders.questions import emails as question_emails
from orders.reminders import emails as reminder_emails
from orders.subscriptions import emails as subscription_emails
from orders.waitlist import emails as waitlist_emails

Write = Callable[[World], Message | None]
NOTHING: dict[str, Any] = {"total": 0, "deposit": 0, "goods": 0, "shipping": 0}
ACCOUNT = "Bank Pembangunan Daerah Jawa Barat dan Banten 1234567890123456, Raden Ayu"
LOCKED = {"addresses_lock_at": MOMENT}
DAY_LATER = WINDOW["ships_until"] + timedelta(days=20)
MUCH_LATER = WINDOW["ships_until"] + timedelta(days=31)
OPERATOR = User(username="operator", email="operator@example.com")


WRITERS: dict[str, dict[str, Write]] = {
    "order_placed": {
        "hosted": scenes.placed,
        "transfer": partial(scenes.placed, by_transfer=True),
        "nothing due": partial(scenes.placed, **NOTHING),
    },
    "payment_instructions": {"bank": scenes.instructions},
    "payment_reminder": {
        "rung": lambda w: reminder_emails.payment_reminder(w.order(), "day-1"),
        "last": lambda w: reminder_emails.last_payment_reminder(w.order()),
    },
    "proof_rejected": {
        "waits": partial(scenes.proof, waits=True, asks=True),
        "asks": partial(scenes.proof, waits=False, asks=True),
        "over": partial(scenes.proof, waits=False, asks=False),
    },
    "order_confirmed": {
        "paid": lambda w: emails.order_confirmed(w.paid()),
        "with a lock": lambda w: emails.order_confirmed(w.paid(batch=LOCKED)),
        "deposit": lambda w: emails.order_confirmed(w.split()),
    },
    "order_expired": {
        "unpaid": lambda w: emails.order_expired(w.order()),
        "ended for production": scenes.ended_for_production,
        "paid in part": lambda w: emails.order_expired(w.order(amount_paid=AMOUNT / 2)),
        "offer": lambda w: emails.order_expired(w.offer()),
    },
    "late_payment": {
        "comes back": partial(scenes.late, amount=AMOUNT),
        "set aside": partial(scenes.late, amount=0),
    },
    "order_link": {
        "asked": lambda w: emails.order_link(w.order(), request_key="1"),
        "corrected": lambda w: emails.order_link(
            w.paid(), request_key="1", corrected=True
        ),
    },
    "batch_confirmed": {
        "goes ahead": lambda w: minimum_emails.batch_confirmed(w.paid())
    },
    "minimum_missed": {
        "extended": lambda w: minimum_emails.batch_extended(w.paid()),
        "paid": partial(scenes.ended, tell=emails.minimum_missed, paid=AMOUNT),
        "unpaid": partial(scenes.ended, tell=emails.minimum_missed, paid=0),
    },
    "batch_canceled": {
        "paid": partial(scenes.ended, tell=emails.batch_canceled, paid=AMOUNT),
        "unpaid": partial(scenes.ended, tell=emails.batch_canceled, paid=0),
        "offer": partial(scenes.over, tell=emails.batch_canceled),
    },
    "order_canceled": {
        "by buyer": partial(scenes.ended, tell=emails.order_canceled, paid=AMOUNT),
        "by seller": partial(
            scenes.ended, tell=emails.order_canceled, paid=0, reason=REASON
        ),
        "unpaid balance": partial(
            scenes.ended,
            tell=emails.order_canceled,
            paid=AMOUNT,
            reason="unpaid_balance",
        ),
        "declined": partial(scenes.over, tell=emails.order_canceled),
        "offer taken back": partial(
            scenes.over, tell=emails.order_canceled, reason=REASON
        ),
    },
    "production_started": {
        "packed": lambda w: emails.production_started(w.paid()),
        "lock and balance": lambda w: emails.production_started(w.split(batch=LOCKED)),
        "locked, no end": lambda w: emails.production_started(
            w.paid(batch={"addresses_lock_at": OPENED, "production_ends_on": None})
        ),
    },
    "balance_due": {
        "first": partial(scenes.balance, step="first"),
        "first, no day": partial(scenes.balance, step="first", rules={}),
        "soon": partial(scenes.balance, step="soon"),
        "today": partial(scenes.balance, step="today"),
        "last": partial(scenes.balance, step="last"),
        "last, it waits": partial(
            scenes.balance, step="last", rules={"balance_due_on": DAY.isoformat()}
        ),
    },
    "card_not_charged": {"refused": scenes.card},
    "address_lock": {
        "announced": lambda w: address_emails.address_lock(w.paid(batch=LOCKED)),
        "reminder": lambda w: address_emails.address_reminder(
            w.paid(batch=LOCKED), "day-1"
        ),
    },
    "order_corrected": {
        "by buyer": lambda w: emails.address_changed(
            w.paid(batch=LOCKED), change_key="1", by_buyer=True
        ),
        "by seller": lambda w: emails.address_changed(
            w.paid(), change_key="1", by_buyer=False
        ),
        "phone": lambda w: emails.contact_corrected(w.paid(), change_key="1"),
    },
    "order_shipped": {
        "whole": partial(scenes.shipped, is_last=True, tracking="0" * 18),
        "part": partial(scenes.shipped, is_last=False, tracking=""),
    },
    "delivery_check": {
        "asked": lambda w: emails.delivery_check(w.paid(), shipped_at=MOMENT)
    },
    "refund_started": {
        "plain": partial(scenes.refund, tell=emails.refund_started),
        "with a note": partial(scenes.refund, tell=emails.refund_started, note=REASON),
    },
    "refund_sent": {
        "by gateway": partial(scenes.refund, tell=emails.refund_sent),
        "by hand": partial(scenes.refund, tell=emails.refund_sent, by_hand=True),
    },
    "payout_account": {
        "asked": scenes.payout,
        "came back": partial(scenes.payout, came_back=True),
        "known": partial(scenes.payout, known=ACCOUNT),
        "named": lambda w: emails.payout_named(
            w.paid(), change_key="1", account=ACCOUNT
        ),
    },
    "decision_asked": {
        "move": lambda w: move_emails.decision_asked(w.paid(), w.decision())
    },
    "order_changed": {
        "moved": lambda w: move_emails.order_moved(
            w.paid(), w.decision(state="answered", answer="move")
        ),
        "withdrawn": lambda w: move_emails.decision_withdrawn(
            w.paid(), w.decision(state="withdrawn")
        ),
    },
    "waitlist_joined": {
        "joined": lambda w: waitlist_emails.waitlist_joined(w.entry(), turn=1),
        "asked again": lambda w: waitlist_emails.waitlist_joined(
            w.entry(), turn=1, asked=w.entry(quantity=3)
        ),
    },
    "waitlist_offer": {
        "offered": lambda w: emails.waitlist_offer(w.offer(), claim_path=w.entry().url)
    },
    "opening": {"next": lambda w: waitlist_emails.opening(w.entry(), opened=w.target)},
    "waitlist_ended": {
        "made": partial(scenes.list_ended, reason="production"),
        "canceled, another is open": partial(
            scenes.list_ended, reason="canceled", has_next=True
        ),
    },
    "schedule_change": {
        "short": partial(scenes.moved_window, until=DAY_LATER),
        "long": partial(scenes.moved_window, until=MUCH_LATER),
        "not known": partial(scenes.moved_window, until=None),
        "only told": partial(scenes.moved_window, until=DAY, asks=False),
    },
    "delay_reminder": {
        "short": partial(scenes.delay_reminder, until=DAY_LATER),
        "not known": partial(scenes.delay_reminder, until=None),
    },
    "update": {
        "buyer": partial(scenes.update, kind=Update.Kind.SERVICE, is_buyer=True),
        "promotion": partial(scenes.update, kind=Update.Kind.PROMOTION, is_buyer=False),
    },
    "subscription_confirm": {"asked": scenes.subscribing},
    "opening_reminder": {
        "opened": lambda w: subscription_emails.opening(
            scenes.subscriber(w, "opening"), w.target
        ),
    },
    "question_confirm": {
        "asked": partial(scenes.question, tell=question_emails.question_confirm, turn=1)
    },
    "question_answered": {
        "answered": partial(scenes.question, tell=question_emails.question_answered)
    },
    "question_declined": {
        "declined": partial(scenes.question, tell=question_emails.question_declined)
    },
    "news_owed": {
        "silence": partial(scenes.news_owed, matter=Matter.SILENCE),
        "shipping": partial(scenes.news_owed, matter=Matter.SHIPPING),
        "operator": partial(
            scenes.news_owed, matter=Matter.PRODUCTION_END, to=OPERATOR
        ),
    },
    "news_asked": {"many": scenes.news_asked},
    "questions_wait": {"many": scenes.questions_waiting},
    "seller_alert": {"hoarded": scenes.hoarded},
    "dispute_alert": {
        "open": partial(scenes.disputed, state="open"),
        "lost": partial(scenes.disputed, state="lost"),
        "won": partial(scenes.disputed, state="won"),
        "closed": partial(scenes.disputed, state="closed"),
    },
    "discrepancies": {"found": scenes.differing},
}


@dataclass(frozen=True)
class Example:
    words: str
    variant: str
    write: Write

    @property
    def slug(self) -> str:
        return slugify(f"{self.words} {self.variant}".replace("_", "-"))


EXAMPLES = [
    Example(words, variant, write)
    for words, writers in WRITERS.items()
    for variant, write in writers.items()
]
