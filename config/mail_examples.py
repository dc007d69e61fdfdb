"""An example of every mail, for `/styleguide/mails/` and for the test that renders all.

A new mail needs one row in EXAMPLES: the name of its template in
`templates/orders/emails`, a word for the variant (a template with several texts has a
row for each), and what writes it: a function of a `World` (`mail_scenes` has those of
more than a line), which calls the function the shop itself calls. It returns the
message, or leaves the stored one to be found. Rows of the world are saved and can be
queried; what it hands out may be changed freely, and nothing stays.
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
from config import mail_scenes as scenes
from config.mail_world import AMOUNT, DAY, MOMENT, REASON, WINDOW, World
from orders import emails
from orders.models import Message
from orders.news.clock import Matter
from orders.questions import emails as question_emails
from orders.subscriptions import emails as subscription_emails
from orders.waitlist import emails as waitlist_emails

Write = Callable[[World], Message | None]
NOTHING: dict[str, Any] = {"total": 0, "deposit": 0, "goods": 0, "shipping": 0}
ACCOUNT = "Bank Pembangunan Daerah Jawa Barat dan Banten 1234567890123456, Raden Ayu"
LOCKED = {"addresses_lock_at": MOMENT}
DAY_LATER = WINDOW["ships_until"] + timedelta(days=20)
MUCH_LATER = WINDOW["ships_until"] + timedelta(days=31)
OPERATOR = User(username="operator", email="operator@example.com")


@dataclass(frozen=True)
class Example:
    words: str
    variant: str
    write: Write

    @property
    def slug(self) -> str:
        return slugify(f"{self.words} {self.variant}".replace("_", "-"))


def _of(
    words: str, variant: str, write: Callable[..., Message | None], **more: Any
) -> Example:
    return Example(words, variant, partial(write, **more))


EXAMPLES = (
    _of("order_placed", "hosted", scenes.placed),
    _of("order_placed", "transfer", scenes.placed, by_transfer=True),
    _of("order_placed", "nothing due", scenes.placed, **NOTHING),
    _of("payment_instructions", "bank", scenes.instructions),
    _of("payment_reminder", "rung", lambda w: emails.payment_rung(w.order(), "day-1")),
    _of("payment_reminder", "last", lambda w: emails.payment_reminder(w.order())),
    _of("proof_rejected", "waits", scenes.proof, waits=True, asks=True),
    _of("proof_rejected", "asks", scenes.proof, waits=False, asks=True),
    _of("proof_rejected", "over", scenes.proof, waits=False, asks=False),
    _of("order_confirmed", "paid", lambda w: emails.order_confirmed(w.paid())),
    _of(
        "order_confirmed",
        "with a lock",
        lambda w: emails.order_confirmed(w.paid(batch=LOCKED)),
    ),
    _of("order_confirmed", "deposit", lambda w: emails.order_confirmed(w.split())),
    _of("order_expired", "unpaid", lambda w: emails.order_expired(w.order())),
    _of(
        "order_expired",
        "paid in part",
        lambda w: emails.order_expired(w.order(amount_paid=AMOUNT / 2)),
    ),
    _of("order_expired", "offer", lambda w: emails.order_expired(w.offer())),
    _of("late_payment", "comes back", scenes.late, amount=AMOUNT),
    _of("late_payment", "set aside", scenes.late, amount=0),
    _of("order_link", "asked", lambda w: emails.order_link(w.order(), request_key="1")),
    _of(
        "order_link",
        "corrected",
        lambda w: emails.order_link(w.paid(), request_key="1", corrected=True),
    ),
    _of("batch_confirmed", "goes ahead", lambda w: emails.batch_confirmed(w.paid())),
    _of("minimum_missed", "extended", lambda w: emails.batch_extended(w.paid())),
    _of(
        "minimum_missed",
        "paid",
        scenes.ended,
        tell=emails.minimum_missed,
        paid=AMOUNT,
    ),
    _of(
        "minimum_missed",
        "unpaid",
        scenes.ended,
        tell=emails.minimum_missed,
        paid=0,
    ),
    _of(
        "batch_canceled",
        "paid",
        scenes.ended,
        tell=emails.batch_canceled,
        paid=AMOUNT,
    ),
    _of(
        "batch_canceled",
        "unpaid",
        scenes.ended,
        tell=emails.batch_canceled,
        paid=0,
    ),
    _of("batch_canceled", "offer", scenes.over, tell=emails.batch_canceled),
    _of(
        "order_canceled",
        "by buyer",
        scenes.ended,
        tell=emails.order_canceled,
        paid=AMOUNT,
    ),
    _of(
        "order_canceled",
        "by seller",
        scenes.ended,
        tell=emails.order_canceled,
        paid=0,
        reason=REASON,
    ),
    _of(
        "order_canceled",
        "unpaid balance",
        scenes.ended,
        tell=emails.order_canceled,
        paid=AMOUNT,
        reason="unpaid_balance",
    ),
    _of("order_canceled", "declined", scenes.over, tell=emails.order_canceled),
    _of(
        "order_canceled",
        "offer taken back",
        scenes.over,
        tell=emails.order_canceled,
        reason=REASON,
    ),
    _of("production_started", "packed", lambda w: emails.production_started(w.paid())),
    _of(
        "production_started",
        "lock and balance",
        lambda w: emails.production_started(w.split(batch=LOCKED)),
    ),
    _of(
        "production_started",
        "locked, no end",
        lambda w: emails.production_started(
            w.paid(
                batch={
                    "production_ends_on": None,
                    "addresses_lock_at": w.batch.opens_at,
                }
            )
        ),
    ),
    _of("balance_due", "first", scenes.balance, step="first"),
    _of("balance_due", "first, no day", scenes.balance, step="first", rules={}),
    _of("balance_due", "soon", scenes.balance, step="soon"),
    _of("balance_due", "today", scenes.balance, step="today"),
    _of("balance_due", "last", scenes.balance, step="last"),
    _of(
        "balance_due",
        "last, it waits",
        scenes.balance,
        step="last",
        rules={"balance_due_on": DAY.isoformat()},
    ),
    _of("card_not_charged", "refused", scenes.card),
    _of(
        "address_lock", "announced", lambda w: emails.address_lock(w.paid(batch=LOCKED))
    ),
    _of(
        "address_lock",
        "reminder",
        lambda w: emails.address_rung(w.paid(batch=LOCKED), "day-1"),
    ),
    _of(
        "order_corrected",
        "by buyer",
        lambda w: emails.address_changed(
            w.paid(batch=LOCKED), change_key="1", by_buyer=True
        ),
    ),
    _of(
        "order_corrected",
        "by seller",
        lambda w: emails.address_changed(w.paid(), change_key="1", by_buyer=False),
    ),
    _of(
        "order_corrected",
        "phone",
        lambda w: emails.contact_corrected(w.paid(), change_key="1"),
    ),
    _of(
        "order_shipped",
        "whole",
        scenes.shipped,
        is_last=True,
        tracking="0" * 18,
    ),
    _of("order_shipped", "part", scenes.shipped, is_last=False, tracking=""),
    _of(
        "delivery_check",
        "asked",
        lambda w: emails.delivery_check(w.paid(), shipped_at=MOMENT),
    ),
    _of("refund_started", "plain", scenes.refund, tell=emails.refund_started),
    _of(
        "refund_started",
        "with a note",
        scenes.refund,
        tell=emails.refund_started,
        note=REASON,
    ),
    _of("refund_sent", "by gateway", scenes.refund, tell=emails.refund_sent),
    _of(
        "refund_sent",
        "by hand",
        scenes.refund,
        tell=emails.refund_sent,
        by_hand=True,
    ),
    _of("payout_account", "asked", scenes.payout),
    _of("payout_account", "came back", scenes.payout, came_back=True),
    _of("payout_account", "known", scenes.payout, known=ACCOUNT),
    _of(
        "payout_account",
        "named",
        lambda w: emails.payout_named(w.paid(), change_key="1", account=ACCOUNT),
    ),
    _of(
        "decision_asked",
        "move",
        lambda w: emails.decision_asked(w.paid(), w.decision()),
    ),
    _of(
        "order_changed",
        "moved",
        lambda w: emails.order_moved(
            w.paid(), w.decision(state="answered", answer="move")
        ),
    ),
    _of(
        "order_changed",
        "withdrawn",
        lambda w: emails.decision_withdrawn(w.paid(), w.decision(state="withdrawn")),
    ),
    _of(
        "waitlist_joined",
        "joined",
        lambda w: waitlist_emails.waitlist_joined(w.entry(), turn=1),
    ),
    _of(
        "waitlist_offer",
        "offered",
        lambda w: emails.waitlist_offer(w.offer(), claim_path=w.entry().url),
    ),
    _of(
        "opening", "next", lambda w: waitlist_emails.opening(w.entry(), opened=w.target)
    ),
    _of("waitlist_ended", "made", scenes.list_ended, reason="production"),
    _of(
        "waitlist_ended",
        "canceled, another is open",
        scenes.list_ended,
        reason="canceled",
        has_next=True,
    ),
    _of("schedule_change", "short", scenes.moved_window, until=DAY_LATER),
    _of("schedule_change", "long", scenes.moved_window, until=MUCH_LATER),
    _of("schedule_change", "not known", scenes.moved_window, until=None),
    _of(
        "schedule_change",
        "only told",
        scenes.moved_window,
        until=DAY,
        asks=False,
    ),
    _of("delay_reminder", "short", scenes.delay_reminder, until=DAY_LATER),
    _of("delay_reminder", "not known", scenes.delay_reminder, until=None),
    _of(
        "update",
        "buyer",
        scenes.update,
        kind=Update.Kind.SERVICE,
        is_buyer=True,
    ),
    _of(
        "update",
        "promotion",
        scenes.update,
        kind=Update.Kind.PROMOTION,
        is_buyer=False,
    ),
    _of("subscription_confirm", "asked", scenes.subscribing),
    _of(
        "opening_reminder",
        "opened",
        lambda w: subscription_emails.opening(
            scenes.subscriber(w, "opening"), w.target
        ),
    ),
    _of(
        "question_confirm",
        "asked",
        scenes.question,
        tell=question_emails.question_confirm,
        turn=1,
    ),
    _of(
        "question_answered",
        "answered",
        scenes.question,
        tell=question_emails.question_answered,
    ),
    _of(
        "question_declined",
        "declined",
        scenes.question,
        tell=question_emails.question_declined,
    ),
    _of("news_owed", "silence", scenes.news_owed, matter=Matter.SILENCE),
    _of("news_owed", "shipping", scenes.news_owed, matter=Matter.SHIPPING),
    _of(
        "news_owed",
        "operator",
        scenes.news_owed,
        matter=Matter.PRODUCTION_END,
        to=OPERATOR,
    ),
    _of("news_asked", "many", scenes.news_asked),
    _of("questions_wait", "many", scenes.questions_waiting),
    _of("seller_alert", "hoarded", scenes.hoarded),
    _of("dispute_alert", "open", scenes.disputed, state="open"),
    _of("dispute_alert", "lost", scenes.disputed, state="lost"),
    _of("dispute_alert", "won", scenes.disputed, state="won"),
    _of("dispute_alert", "closed", scenes.disputed, state="closed"),
    _of("discrepancies", "found", scenes.differing),
)
