"""An example of every mail, for `/styleguide/mails/` and for the test that renders all.

A new mail needs one row in EXAMPLES: the name of its template in
`templates/orders/emails`, a word for the variant (a template with several texts has a
row for each), and what writes it: a function of a `World`, which calls the function the
shop itself calls. It returns the message, or leaves the stored one to be found. Rows of
the world are saved and can be queried; what it hands out may be changed freely, and
nothing stays. `tests/config/test_mail_gallery.py` fails while a template has no row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.utils.text import slugify

from campaigns import room
from campaigns.models import Batch, Question, ScheduleChange, Update
from config.mail_world import (
    AMOUNT,
    DAY,
    LATER,
    MOMENT,
    REASON,
    TITLE,
    WINDOW,
    World,
)
from orders import (
    asked_alerts,
    delay_mails,
    emails,
    hold_alerts,
    news_alerts,
    question_emails,
    subscription_emails,
    update_emails,
    waitlist_emails,
)
from orders.delay_terms import DelayTerms
from orders.models import Decision, Message, OrderEvent, Subscriber
from orders.news_clock import Matter, Owed
from orders.update_recipients import Recipient
from payments import discrepancy_mail, dispute_alerts
from payments.models import Discrepancy, Dispute, Payment

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


def _placed(world: World, *, by_transfer: bool = False, **columns: Any) -> Message:
    order = world.order(**columns)
    return emails.order_placed(order, order.lines.all(), by_transfer=by_transfer)


def _instructions(world: World) -> None:
    emails.payment_instructions(
        world.order(),
        payment_key="1",
        amount=AMOUNT - 123,
        amount_head="1.234.567.",
        amount_tail="767",
        bank="Bank Pembangunan Daerah Jawa Barat dan Banten",
        number="1234567890123456",
        holder="PT Nila dan Saudara Batik Pekalongan",
    )


def _proof(world: World, *, waits: bool, asks: bool) -> None:
    order = world.order()
    news = {"waits": waits, "asks": asks}
    emails.proof_rejected(order, proof_key="1", reason=REASON, **news)


def _balance(world: World, *, step: str, **rules: Any) -> None:
    order = world.split(**rules)
    last_day = DAY if step == "last" and not rules else None
    emails.balance_due(order, step=step, amount=AMOUNT * 2 / 3, last_day=last_day)


def _card(world: World) -> None:
    order = world.split()
    emails.card_not_charged(order, payment_key="1", amount=order.still_due)


def _shipped(world: World, *, is_last: bool, tracking: str) -> None:
    order = world.paid()
    emails.order_shipped(
        order,
        parcel_key="1",
        hold_back=timedelta(minutes=5),
        courier="SiCepat GOKIL kargo laut antarpulau",
        tracking_number=tracking,
        tracking_url=f"https://example.com/track/{tracking}" if tracking else "",
        contents=[(line, line.quantity) for line in order.lines.all()],
        is_last=is_last,
    )


def _late(world: World, *, amount: Any) -> None:
    emails.late_payment(world.order(), payment_key="1", amount=amount)


def _ended(world: World, tell: Callable[..., Any], paid: Any, **more: Any) -> None:
    order = world.order(status="canceled", canceled_at=MOMENT, amount_paid=paid)
    tell(order, **more)


def _over(world: World, tell: Callable[..., Any], **more: Any) -> None:
    tell(world.offer(status="canceled", canceled_at=MOMENT), **more)


def _refund(world: World, tell: Callable[..., None], **more: Any) -> None:
    tell(world.paid(), refund_key="1", amount=AMOUNT, **more)


def _payout(world: World, **more: Any) -> None:
    told: dict[str, Any] = {"came_back": False, "known": "", "note": REASON} | more
    emails.payout_asked(world.paid(), refund_key="1", amount=AMOUNT, **told)


def _hoarded(world: World) -> Message:
    rows = room.counted(Batch.objects.with_clock().filter(pk=world.batch.pk))
    batch = rows.select_related("campaign__seller").get()
    return hold_alerts.alert(batch, 9_999, key="seller_alert:1")


def _disputed(world: World, *, state: str) -> None:
    payment = Payment(order=world.row, currency="IDR")
    dispute = Dispute(
        pk=1, payment=payment, state=state, amount=AMOUNT, answer_by=MOMENT
    )
    dispute_alerts.tell_seller(world.order(), dispute)


def _differing(world: World) -> Message:
    rows = [
        Discrepancy(kind=kind, gateway="bank_transfer", reference="R" * 32)
        for kind in Discrepancy.Kind.values * 3
    ]
    return discrepancy_mail.to_seller(world.batch.campaign, rows, key="1")


def _moved_window(world: World, *, until: date | None, asks: bool = True) -> Message:
    order, terms = world.paid(), DelayTerms.of(world.row, [])
    decision = _delay(world, until) if asks else None
    change = ScheduleChange(
        batch=world.batch,
        version=2,
        old_from=WINDOW["ships_from"],
        old_until=WINDOW["ships_until"],
        new_from=until and LATER["ships_from"],
        new_until=until,
        reason=REASON,
        answer_by=MOMENT,
    )
    return delay_mails.schedule_change(order, change, terms, key="2", decision=decision)


def _delay(world: World, until: date | None) -> Decision:
    terms = DelayTerms.of(world.row, [])
    return world.decision(
        kind="delay",
        target=None,
        ships_from=until and LATER["ships_from"],
        ships_until=until,
        silence=terms.silence_about(until),
        schedule_version=2,
    )


def _delay_reminder(world: World, *, until: date | None) -> Message:
    order, terms = world.paid(), DelayTerms.of(world.row, [])
    decision = _delay(world, until)
    return delay_mails.delay_reminder(order, decision, terms, step="day-1")


def _update(world: World, *, kind: Update.Kind, is_buyer: bool) -> Message:
    update = Update.objects.create(
        campaign=world.batch.campaign, kind=kind, title=TITLE, body=f"{REASON}\n\n" * 3
    )
    campaign = update.campaign
    recipient = Recipient.of_order(world.paid(), campaign)
    if not is_buyer:
        recipient = Recipient.of_subscriber(_subscriber(world, "updates"), campaign)
    return update_emails.update_mail(update, recipient)


def _subscriber(world: World, kind: str) -> Subscriber:
    row = world.row
    return Subscriber(
        pk=1,
        email=row.email,
        identity="0" * 64,
        locale=row.locale,
        kind=kind,
        campaign=row.batch.campaign,
    )


def _subscribing(world: World) -> None:
    rows = [_subscriber(world, kind) for kind in Subscriber.Kind.values]
    path = subscription_emails.confirm_path(rows[0].token)
    subscription_emails.confirm_asked(rows, world.batch.campaign, path=path, turn=1)


def _question(world: World, write: Callable[..., None], **more: Any) -> None:
    question = Question(
        pk=1,
        campaign=world.batch.campaign,
        email=world.row.email,
        locale=world.row.locale,
        text=f"{REASON} {REASON}",
        answer=f"{REASON} {REASON}",
    )
    write(question, **more)


def _news_owed(world: World, *, matter: Matter, to: User | None = None) -> Message:
    batch = world.order().batch
    owed = Owed(batch=batch, matter=matter, day=DAY, since=MOMENT)
    return news_alerts.mail(news_alerts.Reminder(owed, "seller_alert:1", to))


def _news_asked(world: World) -> Message:
    event = OrderEvent(order=world.row, kind="news_asked", at=MOMENT)
    return asked_alerts.mail([(world.batch, [event] * 9_999)], key="seller_alert:1")


EXAMPLES = (
    Example("order_placed", "hosted", _placed),
    Example("order_placed", "transfer", partial(_placed, by_transfer=True)),
    Example("order_placed", "nothing due", partial(_placed, **NOTHING)),
    Example("payment_instructions", "bank", _instructions),
    Example(
        "payment_reminder", "rung", lambda w: emails.payment_rung(w.order(), "day-1")
    ),
    Example("payment_reminder", "last", lambda w: emails.payment_reminder(w.order())),
    Example("proof_rejected", "waits", partial(_proof, waits=True, asks=True)),
    Example("proof_rejected", "asks", partial(_proof, waits=False, asks=True)),
    Example("proof_rejected", "over", partial(_proof, waits=False, asks=False)),
    Example("order_confirmed", "paid", lambda w: emails.order_confirmed(w.paid())),
    Example(
        "order_confirmed",
        "with a lock",
        lambda w: emails.order_confirmed(w.paid(batch=LOCKED)),
    ),
    Example("order_confirmed", "deposit", lambda w: emails.order_confirmed(w.split())),
    Example("order_expired", "unpaid", lambda w: emails.order_expired(w.order())),
    Example(
        "order_expired",
        "paid in part",
        lambda w: emails.order_expired(w.order(amount_paid=AMOUNT / 2)),
    ),
    Example("order_expired", "offer", lambda w: emails.order_expired(w.offer())),
    Example("late_payment", "comes back", partial(_late, amount=AMOUNT)),
    Example("late_payment", "set aside", partial(_late, amount=0)),
    Example(
        "order_link", "asked", lambda w: emails.order_link(w.order(), request_key="1")
    ),
    Example(
        "order_link",
        "corrected",
        lambda w: emails.order_link(w.paid(), request_key="1", corrected=True),
    ),
    Example(
        "batch_confirmed", "goes ahead", lambda w: emails.batch_confirmed(w.paid())
    ),
    Example("minimum_missed", "extended", lambda w: emails.batch_extended(w.paid())),
    Example(
        "minimum_missed",
        "paid",
        partial(_ended, tell=emails.minimum_missed, paid=AMOUNT),
    ),
    Example(
        "minimum_missed", "unpaid", partial(_ended, tell=emails.minimum_missed, paid=0)
    ),
    Example(
        "batch_canceled",
        "paid",
        partial(_ended, tell=emails.batch_canceled, paid=AMOUNT),
    ),
    Example(
        "batch_canceled", "unpaid", partial(_ended, tell=emails.batch_canceled, paid=0)
    ),
    Example("batch_canceled", "offer", partial(_over, tell=emails.batch_canceled)),
    Example(
        "order_canceled",
        "by buyer",
        partial(_ended, tell=emails.order_canceled, paid=AMOUNT),
    ),
    Example(
        "order_canceled",
        "by seller",
        partial(_ended, tell=emails.order_canceled, paid=0, reason=REASON),
    ),
    Example(
        "order_canceled",
        "unpaid balance",
        partial(
            _ended, tell=emails.order_canceled, paid=AMOUNT, reason="unpaid_balance"
        ),
    ),
    Example("order_canceled", "declined", partial(_over, tell=emails.order_canceled)),
    Example(
        "order_canceled",
        "offer taken back",
        partial(_over, tell=emails.order_canceled, reason=REASON),
    ),
    Example(
        "production_started", "packed", lambda w: emails.production_started(w.paid())
    ),
    Example(
        "production_started",
        "lock and balance",
        lambda w: emails.production_started(w.split(batch=LOCKED)),
    ),
    Example(
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
    Example("balance_due", "first", partial(_balance, step="first")),
    Example("balance_due", "first, no day", partial(_balance, step="first", rules={})),
    Example("balance_due", "soon", partial(_balance, step="soon")),
    Example("balance_due", "today", partial(_balance, step="today")),
    Example("balance_due", "last", partial(_balance, step="last")),
    Example(
        "balance_due",
        "last, it waits",
        partial(_balance, step="last", rules={"balance_due_on": DAY.isoformat()}),
    ),
    Example("card_not_charged", "refused", _card),
    Example(
        "address_lock", "announced", lambda w: emails.address_lock(w.paid(batch=LOCKED))
    ),
    Example(
        "address_lock",
        "reminder",
        lambda w: emails.address_rung(w.paid(batch=LOCKED), "day-1"),
    ),
    Example(
        "order_corrected",
        "by buyer",
        lambda w: emails.address_changed(
            w.paid(batch=LOCKED), change_key="1", by_buyer=True
        ),
    ),
    Example(
        "order_corrected",
        "by seller",
        lambda w: emails.address_changed(w.paid(), change_key="1", by_buyer=False),
    ),
    Example(
        "order_corrected",
        "phone",
        lambda w: emails.contact_corrected(w.paid(), change_key="1"),
    ),
    Example(
        "order_shipped", "whole", partial(_shipped, is_last=True, tracking="0" * 18)
    ),
    Example("order_shipped", "part", partial(_shipped, is_last=False, tracking="")),
    Example(
        "delivery_check",
        "asked",
        lambda w: emails.delivery_check(w.paid(), shipped_at=MOMENT),
    ),
    Example("refund_started", "plain", partial(_refund, tell=emails.refund_started)),
    Example(
        "refund_started",
        "with a note",
        partial(_refund, tell=emails.refund_started, note=REASON),
    ),
    Example("refund_sent", "by gateway", partial(_refund, tell=emails.refund_sent)),
    Example(
        "refund_sent",
        "by hand",
        partial(_refund, tell=emails.refund_sent, by_hand=True),
    ),
    Example("payout_account", "asked", _payout),
    Example("payout_account", "came back", partial(_payout, came_back=True)),
    Example("payout_account", "known", partial(_payout, known=ACCOUNT)),
    Example(
        "payout_account",
        "named",
        lambda w: emails.payout_named(w.paid(), change_key="1", account=ACCOUNT),
    ),
    Example(
        "decision_asked",
        "move",
        lambda w: emails.decision_asked(w.paid(), w.decision()),
    ),
    Example(
        "order_changed",
        "moved",
        lambda w: emails.order_moved(
            w.paid(), w.decision(state="answered", answer="move")
        ),
    ),
    Example(
        "order_changed",
        "withdrawn",
        lambda w: emails.decision_withdrawn(w.paid(), w.decision(state="withdrawn")),
    ),
    Example(
        "waitlist_joined",
        "joined",
        lambda w: waitlist_emails.waitlist_joined(w.entry(), turn=1),
    ),
    Example(
        "waitlist_offer",
        "offered",
        lambda w: emails.waitlist_offer(w.offer(), claim_path=w.entry().url),
    ),
    Example(
        "opening", "next", lambda w: waitlist_emails.opening(w.entry(), opened=w.target)
    ),
    Example("schedule_change", "short", partial(_moved_window, until=DAY_LATER)),
    Example("schedule_change", "long", partial(_moved_window, until=MUCH_LATER)),
    Example("schedule_change", "not known", partial(_moved_window, until=None)),
    Example(
        "schedule_change",
        "only told",
        partial(_moved_window, until=DAY, asks=False),
    ),
    Example("delay_reminder", "short", partial(_delay_reminder, until=DAY_LATER)),
    Example("delay_reminder", "not known", partial(_delay_reminder, until=None)),
    Example(
        "update", "buyer", partial(_update, kind=Update.Kind.SERVICE, is_buyer=True)
    ),
    Example(
        "update",
        "promotion",
        partial(_update, kind=Update.Kind.PROMOTION, is_buyer=False),
    ),
    Example("subscription_confirm", "asked", _subscribing),
    Example(
        "opening_reminder",
        "opened",
        lambda w: subscription_emails.opening(_subscriber(w, "opening"), w.target),
    ),
    Example(
        "question_confirm",
        "asked",
        partial(_question, write=question_emails.question_confirm, turn=1),
    ),
    Example(
        "question_answered",
        "answered",
        partial(_question, write=question_emails.question_answered),
    ),
    Example(
        "question_declined",
        "declined",
        partial(_question, write=question_emails.question_declined),
    ),
    Example("news_owed", "silence", partial(_news_owed, matter=Matter.SILENCE)),
    Example("news_owed", "shipping", partial(_news_owed, matter=Matter.SHIPPING)),
    Example(
        "news_owed",
        "operator",
        partial(_news_owed, matter=Matter.PRODUCTION_END, to=OPERATOR),
    ),
    Example("news_asked", "many", _news_asked),
    Example("seller_alert", "hoarded", _hoarded),
    Example("dispute_alert", "open", partial(_disputed, state="open")),
    Example("dispute_alert", "lost", partial(_disputed, state="lost")),
    Example("dispute_alert", "won", partial(_disputed, state="won")),
    Example("dispute_alert", "closed", partial(_disputed, state="closed")),
    Example("discrepancies", "found", _differing),
)
