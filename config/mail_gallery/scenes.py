"""What is written for the examples of mails: each scene calls what the shop calls."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import User

from campaigns import room
from campaigns.actors import SYSTEM
from campaigns.models import Batch, Question, ScheduleChange, Update
from config.mail_gallery.world import (
    AMOUNT,
    DAY,
    LATER,
    MOMENT,
    REASON,
    TITLE,
    WINDOW,
    World,
)
from orders import emails
from orders.delays import emails as delay_emails
from orders.delays.terms import DelayTerms
from orders.holds import alerts as hold_alerts
from orders.models import Decision, Message, OrderEvent, Subscriber
from orders.models.event import HOLD_ENDED
from orders.news import alerts as news_alerts
from orders.news import asked_alerts
from orders.news.clock import Matter, Owed
from orders.questions import alerts as question_alerts
from orders.subscriptions import emails as subscription_emails
from orders.updates import emails as update_emails
from orders.updates.recipients import Recipient
from orders.waitlist import emails as waitlist_emails
from payments import dispute_alerts
from payments.models import Discrepancy, Dispute, Payment
from payments.reconciliation import alerts as discrepancy_alerts


def placed(world: World, *, by_transfer: bool = False, **columns: Any) -> Message:
    order = world.order(**columns)
    return emails.order_placed(order, order.lines.all(), by_transfer=by_transfer)


def instructions(world: World) -> None:
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


def proof(world: World, *, waits: bool, asks: bool) -> None:
    order = world.order()
    news = {"waits": waits, "asks": asks}
    emails.proof_rejected(order, proof_key="1", reason=REASON, **news)


def balance(world: World, *, step: str, **rules: Any) -> None:
    order = world.split(**rules)
    last_day = DAY if step == "last" and not rules else None
    emails.balance_due(order, step=step, amount=AMOUNT * 2 / 3, last_day=last_day)


def card(world: World) -> None:
    order = world.split()
    emails.card_not_charged(order, payment_key="1", amount=order.still_due)


def shipped(world: World, *, is_last: bool, tracking: str) -> None:
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


def late(world: World, *, amount: Any) -> None:
    emails.late_payment(world.order(), payment_key="1", amount=amount)


def ended(world: World, tell: Callable[..., Any], paid: Any, **more: Any) -> None:
    order = world.order(status="canceled", canceled_at=MOMENT, amount_paid=paid)
    tell(order, **more)


def ended_for_production(world: World) -> None:
    order = world.order()
    order.record(HOLD_ENDED, actor=SYSTEM)
    emails.order_expired(order)


def over(world: World, tell: Callable[..., Any], **more: Any) -> None:
    tell(world.offer(status="canceled", canceled_at=MOMENT), **more)


def refund(world: World, tell: Callable[..., None], **more: Any) -> None:
    tell(world.paid(), refund_key="1", amount=AMOUNT, **more)


def payout(world: World, **more: Any) -> None:
    told: dict[str, Any] = {"came_back": False, "known": "", "note": REASON} | more
    emails.payout_asked(world.paid(), refund_key="1", amount=AMOUNT, **told)


def hoarded(world: World) -> Message:
    rows = room.counted(Batch.objects.with_clock().filter(pk=world.batch.pk))
    batch = rows.select_related("campaign__seller").get()
    return hold_alerts.alert(batch, 9_999, key="seller_alert:1")


def disputed(world: World, *, state: str) -> None:
    payment = Payment(order=world.row, currency="IDR")
    dispute = Dispute(
        pk=1, payment=payment, state=state, amount=AMOUNT, answer_by=MOMENT
    )
    dispute_alerts.tell_seller(world.order(), dispute)


def differing(world: World) -> Message:
    rows = [
        Discrepancy(kind=kind, gateway="bank_transfer", reference="R" * 32)
        for kind in Discrepancy.Kind.values * 3
    ]
    return discrepancy_alerts.to_seller(world.batch.campaign, rows, key="1")


def moved_window(world: World, *, until: date | None, asks: bool = True) -> Message:
    order, terms = world.paid(), DelayTerms.of(world.row, [])
    decision = delay(world, until) if asks else None
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
    return delay_emails.schedule_change(
        order, change, terms, key="2", decision=decision
    )


def delay(world: World, until: date | None) -> Decision:
    terms = DelayTerms.of(world.row, [])
    return world.decision(
        kind="delay",
        target=None,
        ships_from=until and LATER["ships_from"],
        ships_until=until,
        silence=terms.silence_about(until),
        schedule_version=2,
    )


def delay_reminder(world: World, *, until: date | None) -> Message:
    order, terms = world.paid(), DelayTerms.of(world.row, [])
    decision = delay(world, until)
    return delay_emails.delay_reminder(order, decision, terms, step="day-1")


def update(world: World, *, kind: Update.Kind, is_buyer: bool) -> Message:
    update = Update.objects.create(
        campaign=world.batch.campaign, kind=kind, title=TITLE, body=f"{REASON}\n\n" * 3
    )
    campaign = update.campaign
    recipient = Recipient.of_order(world.paid(), campaign)
    if not is_buyer:
        recipient = Recipient.of_subscriber(subscriber(world, "updates"), campaign)
    return update_emails.update_mail(update, recipient)


def subscriber(world: World, kind: str) -> Subscriber:
    row = world.row
    return Subscriber(
        pk=1,
        email=row.email,
        identity="0" * 64,
        locale=row.locale,
        kind=kind,
        campaign=row.batch.campaign,
    )


def subscribing(world: World) -> None:
    rows = [subscriber(world, kind) for kind in Subscriber.Kind.values]
    path = subscription_emails.confirm_path(rows[0].token)
    subscription_emails.confirm_asked(rows, world.batch.campaign, path=path, turn=1)


def question(world: World, tell: Callable[..., None], **more: Any) -> None:
    asked = Question(
        pk=1,
        campaign=world.batch.campaign,
        email=world.row.email,
        locale=world.row.locale,
        text=f"{REASON} {REASON}",
        answer=f"{REASON} {REASON}",
    )
    tell(asked, **more)


def news_owed(world: World, *, matter: Matter, to: User | None = None) -> Message:
    batch = world.order().batch
    owed = Owed(batch=batch, matter=matter, day=DAY, since=MOMENT)
    return news_alerts.mail(news_alerts.Reminder(owed, "seller_alert:1", to))


def news_asked(world: World) -> Message:
    event = OrderEvent(order=world.row, kind="news_asked", at=MOMENT)
    return asked_alerts.mail([(world.batch, [event] * 9_999)], key="seller_alert:1")


def questions_waiting(world: World) -> Message:
    row = (world.batch.campaign, 9_999, MOMENT)
    return question_alerts.mail([row], key="seller_alert:1")


def list_ended(world: World, *, reason: str, has_next: bool = False) -> Message:
    entry = world.entry()
    entry.end_reason, entry.identity = reason, "0" * 64
    entry.batch.campaign.published_at = MOMENT
    following = world.target if has_next else None
    return waitlist_emails.list_ended(entry, following=following)
