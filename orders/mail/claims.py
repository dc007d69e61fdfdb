"""Which mails a sender may try now, and what became of each: single statements.

A claim is a lease. Whoever holds it alone may write the outcome, and only while it is
still theirs; a sender that died leaves its lease to run out.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet

from campaigns.clock import Clock, database_now
from orders.models import Message

# Longer than a handful is held and one mail's every timeout together.
LEASE = timedelta(minutes=5)
BACKOFF = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 720)]
MOST_ATTEMPTS = len(BACKOFF) + 1
CHUNK = 500

State = Message.State
# One statement on both databases. MATERIALIZED: picked once, however it is planned.
CLAIM = """
WITH picked AS MATERIALIZED ({picked})
UPDATE orders_message
SET state = 'sending', leased_until = %s, attempts = attempts + 1
WHERE id IN (SELECT picked.id FROM picked) AND state = 'queued'
RETURNING *
"""


def claim(
    count: int, *, urgent_only: bool = False, spared: Collection[str] = ()
) -> list[Message]:
    """The most urgent so many, leased to the caller; `spared` domains have to wait."""
    sql, params = _picked(count, urgent_only, spared)
    lease = connection.ops.adapt_datetimefield_value(database_now() + LEASE)
    claimed = list(Message.objects.raw(CLAIM.format(picked=sql), [*params, lease]))
    timely = _without_untimely(claimed)
    return sorted(timely, key=lambda row: (row.priority, row.next_attempt_at, row.pk))


def _picked(
    count: int, urgent_only: bool, spared: Collection[str]
) -> tuple[str, Sequence[Any]]:
    rows = Message.objects.sendable()
    if urgent_only:
        rows = rows.filter(priority=Message.Priority.BUYER_ACTION)
    for domain in spared:
        rows = rows.exclude(to__iendswith=f"@{domain}")
    # As the index of the outbox is ordered: nothing is sorted, however much waits.
    rows = rows.order_by("priority", "next_attempt_at")
    query = rows.values("id")[:count].query
    sql, params = query.get_compiler(connection=connection).as_sql()
    if connection.features.has_select_for_update_skip_locked:
        # Django writes this in a transaction only, and one statement needs none.
        sql += " " + connection.ops.for_update_sql(skip_locked=True, no_key=True)
    return str(sql), params


def _without_untimely(claimed: list[Message]) -> list[Message]:
    """Looked at again now that the claim is seen: of two senders that claimed an old
    and a new date of one order in the same moment, at least one notices here."""
    dated = [row.pk for row in claimed if row.schedule_version is not None]
    if not dated:
        return claimed
    untimely = set(
        Message.objects.filter(pk__in=dated).untimely().values_list("pk", flat=True)
    )
    put_back([row for row in claimed if row.pk in untimely])
    return [row for row in claimed if row.pk not in untimely]


def put_back(messages: Sequence[Message]) -> None:
    """Of one claim, and not tried after all: it costs no attempt."""
    if not messages:
        return
    held = Message.objects.filter(
        pk__in=[message.pk for message in messages],
        state=State.SENDING,
        leased_until=messages[0].leased_until,
    )
    held.update(state=State.QUEUED, leased_until=None, attempts=F("attempts") - 1)


def held_by_us(message: Message) -> "QuerySet[Message]":
    return Message.objects.filter(
        pk=message.pk, state=State.SENDING, leased_until=message.leased_until
    )


def mark_failed(message: Message, answer: str) -> None:
    outcome = {"leased_until": None, "smtp_answer": answer}
    held_by_us(message).update(state=State.FAILED, **outcome)


def mark_for_later(message: Message, answer: str, *, waits_for_server: bool) -> None:
    """Again after a pause that grows with the attempts made."""
    pause = BACKOFF[min(message.attempts, len(BACKOFF)) - 1]
    held_by_us(message).update(
        state=State.QUEUED,
        next_attempt_at=database_now() + pause,
        # A server that stays away costs no mail its last attempt.
        attempts=min(message.attempts, len(BACKOFF)),
        leased_until=None,
        smtp_answer=answer,
        waits_for_server=waits_for_server,
    )


def recover() -> None:
    """What dead senders left behind waits again, or is given up at its last attempt."""
    left_behind = Message.objects.left_behind()
    left_behind.filter(attempts__gte=MOST_ATTEMPTS).update(
        state=State.FAILED, leased_until=None, smtp_answer="given up"
    )
    left_behind.update(state=State.QUEUED, leased_until=None)


def wake_those_waiting_for_the_server() -> None:
    waiting = Message.objects.outbox().filter(state=State.QUEUED, waits_for_server=True)
    waiting.update(next_attempt_at=Clock(), waits_for_server=False)


def abort_superseded() -> int:
    """Mails of a date that was replaced are not sent any more; a chunk at a time."""
    aborted = 0
    while keys := list(
        Message.objects.superseded().values_list("pk", flat=True)[:CHUNK]
    ):
        rows = Message.objects.filter(Q(pk__in=keys), state=State.QUEUED)
        aborted += rows.update(state=State.ABORTED)
    return aborted
