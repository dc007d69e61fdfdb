"""Balances of deposit orders: asked for in time, and ended by the rule agreed to.

An order ends only after a last notice was really sent and its days are over; what is in
doubt (money set aside, taken back or under way, a buyer without e-mail) waits for its
seller. Every step is decided again under the order's lock, where money arrives too.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.errors import Refused
from campaigns.models import Batch
from campaigns.rounds import count_done, keys_of
from orders import cancellation, emails, lifecycle
from orders.balance_terms import BalanceTerms, UnpaidBalance
from orders.delays import terms as delay_terms
from orders.mail import rows as mail_rows
from orders.models import Message, Order, OrderEvent
from orders.models.event import BALANCE_OVERDUE, UNPAID_BALANCE
from orders.models.order import OrderQuerySet
from orders.reminders import ladders
from payments import attempts
from payments.closing import Pages
from payments.dues import balance_of
from payments.models import Payment

CHUNK = 500
DAY, MORNING = timedelta(days=1), timedelta(hours=8)
SOON = 3 * DAY
UNDER_WAY = (
    Payment.Progress.PROCESSING,
    Payment.Progress.PROOF_UPLOADED,
    Payment.Progress.FRAUD_REVIEW,
)
BALANCE = ladders.Kind.BALANCE
ENDING = (UnpaidBalance.FORFEIT, UnpaidBalance.REFUND_LESS_DEPOSIT)


class Step(StrEnum):
    """Each is told once for each batch an order is in."""

    FIRST = "first"
    SOON = "soon"
    TODAY = "today"
    LAST = "last"

    @property
    def is_stoppable(self) -> bool:
        """Asking for it, and the last notice, are more than reminders."""
        return self in (Step.SOON, Step.TODAY)


def waiting() -> OrderQuerySet:
    """Orders whose balance may have to be asked for, or be overdue."""
    is_asked = Q(batch__production_at__isnull=False) | Q(
        rules__balance_due_on__isnull=False
    )
    return Order.objects.with_balance_due().filter(
        is_asked, batch__stage__in=Batch.BEFORE_COMPLETION
    )


def step_of(terms: BalanceTerms, now: datetime) -> Step | None:
    """The latest step whose time has come; reminders come in the morning."""
    if terms.asked_from is None or now < terms.asked_from:
        return None
    if terms.due_at is None:
        return Step.FIRST
    last_morning = terms.due_at - DAY + MORNING
    ladder = (
        (Step.LAST, last_morning + DAY),
        (Step.TODAY, last_morning),
        (Step.SOON, last_morning - SOON),
    )
    return next((step for step, begins in ladder if now >= begins), Step.FIRST)


def remind_due() -> int:
    """Tell every buyer the latest step that was not told yet; how many were told."""
    return count_done(_untold(database_now()), _tell)


def _untold(now: datetime) -> Iterator[int]:
    """Two queries for each chunk, in constant memory."""
    noted = OrderEvent.objects.filter(kind=BALANCE_OVERDUE, order=OuterRef("pk"))
    rows = waiting().select_related("batch").order_by("pk")
    rows = rows.annotate(is_overdue=Exists(noted), turned=_turned())
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        last = chunk[-1].pk
        mails = {
            _key(order, step): order.pk
            for order in chunk
            if (step := step_of(BalanceTerms.of(order), now)) and _hears(order, step)
        }
        known = Message.objects.filter(dedupe_key__in=mails)
        told = set(known.values_list("dedupe_key", flat=True))
        yield from (pk for key, pk in mails.items() if key not in told)


def _turned() -> Coalesce:
    """Whether the buyer stopped the reminders, as the latest of these events says."""
    kinds = (ladders.STOPPED, ladders.RESUMED)
    return ladders.latest_event(*kinds, data__reminders=BALANCE)


def _hears(order: Any, step: Step) -> bool:
    """Without an e-mail only the seller is told, once, that the day has passed."""
    if step.is_stoppable and order.turned == ladders.STOPPED:
        return False
    return bool(order.email) or (step is Step.LAST and not order.is_overdue)


def _key(order: Order, step: Step) -> str:
    return mail_rows.key_of("balance_due", order, emails.balance_key(order, step))


def _tell(order_id: int) -> bool:
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        terms, now = BalanceTerms.of(order), database_now()
        step, due = step_of(terms, now), _due(order)
        if step is None or not due or _needs_seller(order):
            return False
        if step.is_stoppable and ladders.reminders_stopped(order, BALANCE):
            return False
        last_day = _note_overdue(order, terms, now) if step == Step.LAST else None
        emails.balance_due(order, step=step, amount=due, last_day=last_day)
    return True


def _due(order: Order) -> Decimal:
    """What a confirmed order still owes; read under its lock to act on it."""
    is_waiting = order.batch.stage in Batch.BEFORE_COMPLETION
    if order.status != Order.Status.CONFIRMED or not is_waiting:
        return Decimal(0)
    return balance_of(order).due


def _needs_seller(order: Order) -> bool:
    """Money was set aside, taken back or is under way: nothing happens by itself."""
    in_doubt = (
        Q(amount_in_suspense__gt=0)
        | Q(amount_reversed__gt=0)
        | Q(progress__in=UNDER_WAY, state__in=Payment.OPEN)
    )
    return order.payments.filter(in_doubt).exists()


def _note_overdue(order: Order, terms: BalanceTerms, now: datetime) -> date | None:
    """The last day to pay, noted once for each batch."""
    noted = order.balance_overdue()
    if noted is not None:
        return noted.last_day
    last_day = terms.last_day(now)
    data = {"batch_id": order.batch_id, "pay_until": last_day}
    order.record(BALANCE_OVERDUE, actor=SYSTEM, data=data)
    return last_day


def end_unpaid() -> int:
    """End what stayed unpaid after the last notice, by the rule fixed at purchase."""
    overdue = waiting().with_overdue_balance().filter(rules__unpaid_balance__in=ENDING)
    return count_done(keys_of(overdue), partial(end, pages=Pages()))


def end(order_id: int, *, pages: Pages | None = None) -> bool:
    """False when it may not end, or not yet; its page is closed at the gateway first.

    The page is closed outside any transaction. Who pays at that moment is believed: the
    answer of the gateway is booked, and nothing is due any more.
    """
    order = Order.objects.select_related("batch").get(pk=order_id)
    if not may_end(order):
        return False
    attempt = attempts.open_attempt(order)
    if attempt and not (pages or Pages()).close(attempt):
        return False
    try:
        with transaction.atomic():
            return _end(lifecycle.locked(order_id))
    except Refused:
        # The batch went on to another stage meanwhile; the next round looks again.
        return False


def _end(order: Order) -> bool:
    if attempts.open_attempt(order) or not may_end(order):
        return False
    cancellation.cancel(
        order, kept=_kept(order), actor=SYSTEM, reason=UNPAID_BALANCE, tell=_tell_ended
    )
    return True


def _tell_ended(order: Order) -> None:
    emails.order_canceled(order, reason=UNPAID_BALANCE)


def may_end(order: Order) -> bool:
    """Whether the rule ends this order now; decided under its lock."""
    terms = BalanceTerms.of(order)
    noted = order.balance_overdue()
    if terms.unpaid not in ENDING or noted is None or noted.last_day is None:
        return False
    is_untouched = order.packed_at is None and not _is_shipped(order)
    is_over = _is_over(order, terms, noted.last_day)
    return is_over and is_untouched and bool(_due(order)) and not _needs_seller(order)


def _is_over(order: Order, terms: BalanceTerms, last_day: date) -> bool:
    """The last day has passed, and the notice was sent as long before as was agreed."""
    notice = Message.objects.filter(
        dedupe_key=_key(order, Step.LAST), state=Message.State.SENT
    ).first()
    if notice is None or notice.sent_at is None:
        return False
    ends = max(terms.end_of(last_day), notice.sent_at + terms.grace)
    return database_now() >= ends


def _is_shipped(order: Order) -> bool:
    return order.lines.filter(shipped__gt=0).exists()


def _kept(order: Order) -> Decimal:
    """All that is held, or of it the deposit; nothing of who may leave free."""
    if delay_terms.may_leave_free(order):
        return Decimal(0)
    net = balance_of(order).net
    is_all = BalanceTerms.of(order).unpaid == UnpaidBalance.FORFEIT
    return net if is_all else min(net, order.deposit)
