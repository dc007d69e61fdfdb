"""Reminders as ladders: after 1, 3, 5 and 7 days, then every week, until it is settled.

A late round tells the latest rung alone. Each kind can be stopped by its buyer; last
notices, after which something ends, are no reminders and still go.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from campaigns.actors import BUYER, Actor
from campaigns.clock import database_now
from campaigns.rounds import count_done
from orders import lifecycle
from orders.mail import rows as mail_rows
from orders.models import Message, Order, OrderEvent

FIRST_DAYS = (1, 3, 5, 7)
WEEK = 7
# A rung that comes late is not followed by the next one at once.
CLOSEST = timedelta(hours=20)
CHUNK = 500
STOPPED, RESUMED = "reminders_stopped", "reminders_resumed"


class Kind(StrEnum):
    """What buyers are reminded of; stored in the events that stop and resume it."""

    PAYMENT = "payment"
    BALANCE = "balance"
    ANSWER = "answer"
    ADDRESS = "address"


# The mails of each kind that can be stopped: kind of mail, and how its key ends.
STOPPABLE = {
    Kind.PAYMENT: ("payment_reminder", r"day-\d+$"),
    Kind.BALANCE: ("balance_due", r"-(soon|today)$"),
    Kind.ANSWER: ("delay_reminder", r".*"),
    Kind.ADDRESS: ("address_lock", r"day-\d+$"),
}


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """A matter with its mail.

    `waiting` finds the orders it concerns at a moment, annotated with `asked_at`;
    `asked` tells two askings of the same order apart in the keys; `mail` writes a rung.
    """

    kind: Kind
    waiting: Callable[[datetime], QuerySet[Any]]
    asked: Callable[[Order], str]
    mail: Callable[[Order, str], Message]

    def key(self, order: Order, rung: int) -> str:
        """What follows the number in the mail's key."""
        return f"{self.asked(order)}day-{rung}"

    def dedupe_key(self, order: Order, rung: int) -> str:
        mail_kind = STOPPABLE[self.kind][0]
        return mail_rows.key_of(mail_kind, order, self.key(order, rung))


def due_rung(asked_at: datetime, now: datetime) -> int | None:
    """The day of the latest rung whose time has come: 1, 3, 5, 7, 14, 21 and so on."""
    days = (now - asked_at).days
    if days >= WEEK:
        return days - days % WEEK
    return max((day for day in FIRST_DAYS if day <= days), default=None)


# --- stopped by the buyer


def latest_event(*kinds: str, **data: Any) -> Coalesce:
    """For the rows of a query of orders: the kind of the latest of these events."""
    of_order = OrderEvent.objects.filter(order=OuterRef("pk"), kind__in=kinds, **data)
    latest = of_order.order_by("-pk").values("kind")[:1]
    return Coalesce(Subquery(latest), Value(""), output_field=CharField())


def not_stopped(orders: "QuerySet[Any]", kind: Kind) -> "QuerySet[Any]":
    turned = latest_event(STOPPED, RESUMED, data__reminders=kind)
    told: QuerySet[Any] = orders.alias(reminders_turned=turned)
    return told.exclude(reminders_turned=STOPPED)


def reminders_stopped(order: Order, kind: str) -> bool:
    """Whether the buyer wants no more of them; decided under the order's lock."""
    turns = order.events.filter(kind__in=(STOPPED, RESUMED), data__reminders=kind)
    last = turns.order_by("pk").last()
    return last is not None and last.kind == STOPPED


def turn(order_id: int, kind: Kind, *, stop: bool, actor: Actor = BUYER) -> None:
    """Stop or resume the reminders of one kind; the same again changes nothing."""
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        if reminders_stopped(order, kind) == stop:
            return
        order.record(
            STOPPED if stop else RESUMED, actor=actor, data={"reminders": kind}
        )
        if stop:
            withdraw(order, kind)


def withdraw(order: Order, kind: Kind) -> None:
    """Take back reminders of this kind that nobody began to send."""
    mail_kind, ending = STOPPABLE[kind]
    order.messages.filter(dedupe_key__regex=ending).withdraw_unsent(mail_kind)


# --- the ladders' one mechanism


def remind(ladder: Ladder) -> int:
    """Write the latest rung of each order that was not told it yet; how many."""
    return count_done(_untold(ladder, database_now()), partial(_remind, ladder))


def _untold(ladder: Ladder, now: datetime) -> Iterator[int]:
    """Two queries for each chunk, in constant memory."""
    rows, last = _asked(ladder, now).order_by("pk"), 0
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        last = chunk[-1].pk
        rungs = ((order, due_rung(order.asked_at, now)) for order in chunk)
        keys = {ladder.dedupe_key(order, n): order.pk for order, n in rungs if n}
        told = _known(keys)
        yield from (pk for key, pk in keys.items() if key not in told)


def _known(keys: Any) -> set[str]:
    rows = Message.objects.filter(dedupe_key__in=keys)
    return set(rows.values_list("dedupe_key", flat=True))


def _asked(ladder: Ladder, now: datetime) -> "QuerySet[Any]":
    """Long enough ago for a first rung, by orders that can be written to."""
    asked = ladder.waiting(now).filter(asked_at__lte=now - timedelta(days=1))
    return not_stopped(asked.exclude(email=""), ladder.kind).select_related("batch")


def _remind(ladder: Ladder, order_id: int) -> bool:
    """Decided again under the order's lock, where answers and money arrive too."""
    with transaction.atomic():
        lifecycle.locked(order_id)
        now = database_now()
        rows = _asked(ladder, now).select_related("batch__campaign__seller")
        order = rows.filter(pk=order_id).first()
        rung = due_rung(order.asked_at, now) if order else None
        if order is None or rung is None or _is_early(ladder, order, now):
            return False
        message = ladder.mail(order, ladder.key(order, rung))
        return bool(mail_rows.store([message]))


def _is_early(ladder: Ladder, order: Order, now: datetime) -> bool:
    """So soon after another mail about the same that it would only be noise."""
    mails = order.messages.filter(kind=STOPPABLE[ladder.kind][0])
    fresh = mails.filter(created_at__gt=now - CLOSEST)
    return fresh.exclude(state=Message.State.ABORTED).exists()
