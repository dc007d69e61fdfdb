"""Reminds of a delay that was not answered yet, on days that grow rarer."""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from django.db import transaction
from django.db.models import OuterRef, Value

from campaigns.clock import database_now
from campaigns.models import Batch
from campaigns.rounds import keys_of
from orders import lifecycle
from orders.decisions.mails import DELAY_REMINDER
from orders.delays import emails as delay_emails
from orders.delays.tellings import locked_questions_of
from orders.delays.terms import DelayTerms
from orders.mail import rows as mail_rows
from orders.models import Decision, Message, Order
from orders.models.decision import DecisionQuerySet
from orders.reminders.ladders import FIRST_DAYS, WEEK, Kind, not_stopped

CHUNK = 200
SECONDS_AT_A_TIME = 20.0
# Days since it was asked; a question asked again stays open for weeks.
DAYS = (*FIRST_DAYS, *range(2 * WEEK, 92, WEEK))
DAY = timedelta(days=1)
# Before answer-by, whatever day it is; what would come just before is left out.
LAST_CALL = timedelta(hours=24)
APART = timedelta(hours=12)


def remind_due() -> int:
    """The newest reminder that is due of each question; how many were written."""
    ends, written = time.monotonic() + SECONDS_AT_A_TIME, 0
    for step, rows in _steps(database_now()):
        for keys in _chunks(_without(rows, step)):
            written += _remind(keys, step)
            if time.monotonic() >= ends:
                return written
    return written


def _steps(now: datetime) -> Iterator[tuple[str, DecisionQuerySet]]:
    """Each with the open questions whose turn it is, reminded of it or not."""
    asked = Decision.objects.open().sent().filter(order__status__in=Order.LIVE)
    asked = asked.exclude(order__email="")
    in_time = asked.filter(answer_by__gt=now + LAST_CALL + APART)
    for day, following in pairwise(DAYS):
        turn = (now - following * DAY, now - day * DAY)
        rows = in_time.filter(asked_at__gt=turn[0], asked_at__lte=turn[1])
        yield f"day-{day}", rows
    soon = asked.filter(answer_by__gt=now, answer_by__lte=now + LAST_CALL)
    for moment in (now, now + LAST_CALL):
        # Asked again, it has another last day.
        yield f"last-{moment:%Y%m%d}", soon.filter(answer_by__range=_day_of(moment))


def _day_of(moment: datetime) -> tuple[datetime, datetime]:
    begins = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return begins, begins + DAY - timedelta(microseconds=1)


def _without(rows: DecisionQuerySet, step: str) -> DecisionQuerySet:
    """Those that were not reminded in this turn yet."""
    told = mail_rows.is_told(
        DELAY_REMINDER, OuterRef("order__number"), OuterRef("pk"), Value(step)
    )
    return rows.exclude(told)


def _chunks(rows: DecisionQuerySet) -> Iterator[list[int]]:
    chunk: list[int] = []
    for key in keys_of(rows):
        chunk.append(key)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _remind(keys: Sequence[int], step: str) -> int:
    with transaction.atomic():
        of_chunk = Decision.objects.filter(pk__in=keys)
        orders = lifecycle.locked_together(
            list(of_chunk.values_list("order", flat=True))
        )
        batches = Batch.objects.select_related("campaign__seller")
        by_key = batches.in_bulk({order.batch_id for order in orders})
        asked = locked_questions_of(orders)
        for order in orders:
            order.batch = by_key[order.batch_id]
        wanting = _want_reminders(orders)
        wanted = [order for order in orders if order.pk in wanting]
        return mail_rows.store(_mails(wanted, asked, set(keys), step))


def _want_reminders(orders: Iterable[Order]) -> set[int]:
    rows = Order.objects.filter(pk__in=[order.pk for order in orders])
    return set(not_stopped(rows, Kind.ANSWER).values_list("pk", flat=True))


def _mails(
    orders: Iterable[Order],
    asked: dict[int, list[Decision]],
    keys: set[int],
    step: str,
) -> Iterator[Message]:
    now = database_now()
    for order in orders:
        *before, decision = asked[order.pk]
        is_due = decision.pk in keys and decision.is_open and decision.answer_by > now
        is_stale = order.batch.schedule_version > decision.schedule_version
        is_live = order.status in Order.LIVE
        if is_due and is_live and not is_stale:
            terms = DelayTerms.of(order, before)
            yield delay_emails.delay_reminder(order, decision, terms, step=step)
