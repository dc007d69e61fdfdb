"""Units of a batch that came and went, by the quarter of an hour.

Every zone's hours and days are made of whole quarters, so the database counts them
without knowing zones, in integers, and the same on SQLite and PostgreSQL.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    F,
    Func,
    IntegerField,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)

from campaigns.models import Batch
from orders.models import Order, OrderEvent, OrderLine

QUARTER = timedelta(minutes=15)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOVED = "moved"
Rows = QuerySet[Any, Any]


@dataclass(frozen=True)
class Flow:
    """What came and what went in the quarter that begins at `at`."""

    at: datetime
    came: int
    went: int


@dataclass(frozen=True)
class Level:
    """The capacity from a moment on."""

    at: datetime
    units: int


class Quarter(Func):
    """The number of quarters between 1970 and a moment."""

    output_field = BigIntegerField()
    # Formatted twice on its way, hence four percent signs.
    template = "(CAST(STRFTIME('%%%%s', %(expressions)s) AS INTEGER) / 900)"

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        # Other than EXTRACT, it answers in floating point, which is many times faster.
        template = "FLOOR(DATE_PART('epoch', %(expressions)s) / 900)::BIGINT"
        return self.as_sql(compiler, connection, template=template, **extra)


def flow_of(batch: Batch) -> list[Flow]:
    """In one statement; what came less what went is exactly what is taken now.

    A line counts with its quantity of now: when a part of it was given back is not
    told by its row.
    """
    placed, *others = [*_passages(batch), *_moves(batch)]
    rows = placed.union(*others, all=True)
    return [Flow(EPOCH + n * QUARTER, came or 0, went or 0) for n, came, went in rows]


def _passages(batch: Batch) -> Iterable[Rows]:
    """By the stamps of the orders that are in the batch now."""
    lines = OrderLine.objects.filter(order__batch=batch).order_by()
    expired = lines.filter(order__expired_at__isnull=False)
    # Nothing but late money leads on from there.
    reinstated = expired.exclude(order__status=Order.Status.EXPIRED)
    canceled = lines.filter(order__status=Order.Status.CANCELED)
    units, none = Sum("quantity"), Value(0)
    yield _by_quarter(lines, "order__placed_at", came=units, went=none)
    yield _by_quarter(expired, "order__expired_at", came=none, went=units)
    yield _by_quarter(reinstated, "order__confirmed_at", came=units, went=none)
    yield _by_quarter(canceled, "order__canceled_at", came=none, went=units)


def _moves(batch: Batch) -> Iterable[Rows]:
    """Orders that changed their batch: corrects what `_passages` makes of them.

    One that was moved here did not come when it was placed but when it was moved; one
    that was moved away had come when it was placed.
    """
    here, away = Q(data__to=batch.pk), Q(data__from=batch.pk)
    moves = OrderEvent.objects.filter(
        here | away, kind=MOVED, order__batch__campaign=batch.campaign_id
    ).order_by()
    units, none = F("order__lines__quantity"), Value(0)
    back = Case(When(here, then=-units), default=units, output_field=IntegerField())
    came, went = Sum(units, filter=here), Sum(units, filter=away)
    yield _by_quarter(moves, "order__placed_at", came=Sum(back), went=none)
    yield _by_quarter(moves, "at", came=came, went=went)


def _by_quarter(rows: Rows, moment: str, *, came: Any, went: Any) -> Rows:
    quarters = rows.annotate(quarter=Quarter(moment)).values("quarter")
    sums: Rows = quarters.annotate(came=came, went=went)
    return sums.values_list("quarter", "came", "went")


def capacity_of(batch: Batch) -> list[Level]:
    """How the capacity was changed; it ends with the capacity of now."""
    changes = batch.events.filter(kind="capacity").order_by("pk")
    noted = list(changes.values_list("at", "data"))
    first = noted[0][1]["from"] if noted else batch.capacity
    levels = [Level(EPOCH, first), *(Level(at, data["to"]) for at, data in noted)]
    # Set by hand in the database, it has no event.
    return [*levels[:-1], replace(levels[-1], units=batch.capacity)]
