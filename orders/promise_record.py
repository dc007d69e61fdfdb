"""How a seller keeps dates: shipped on time x of y, median slip z days.

One grouped query, whatever the number of orders; docs/promise-record.md says which
orders count and why. Everything is measured from the last day first promised.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil
from typing import Any, Final, NamedTuple, Self
from zoneinfo import ZoneInfo

from django.db.models import (
    CharField,
    Count,
    DateField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, TruncDate
from django.utils import timezone

from campaigns.models import Batch, Seller
from orders.models import Decision, Order, OrderEvent
from orders.models.order import ROUNDING_SLACK, OrderQuerySet

# One order says nothing about a seller: neither praise nor shame.
FEWEST_ORDERS: Final = 10
# Unless a whole batch is done, however small it was.
FEWEST_OF_A_DONE_BATCH: Final = 3
SHIPPED, OVERDUE, BROKEN = "shipped", "overdue", "broken"


class Group(NamedTuple):
    """Orders that ended alike; `day` is the one they were shipped."""

    outcome: str
    stage: str
    promised_until: date
    day: date | None
    orders: int


@dataclass(frozen=True, kw_only=True)
class PromiseRecord:
    on_time: int = 0
    shipped: int = 0
    overdue: int = 0
    broken: int = 0
    # How many orders slipped by how many days; none is early by less than nothing.
    slips: Counter[int] = field(default_factory=Counter)
    in_done_batches: int = 0

    @classmethod
    def of_seller(cls, seller: Seller) -> Self:
        orders = Order.objects.filter(batch__campaign__seller=seller)
        return cls._of(orders, seller.zone)

    @classmethod
    def of_batch(cls, batch: Batch) -> Self:
        orders = Order.objects.filter(batch=batch)
        return cls._of(orders, batch.campaign.seller.zone)

    @classmethod
    def _of(cls, orders: OrderQuerySet, zone: ZoneInfo) -> Self:
        today = timezone.localdate(timezone=zone)
        return cls.counted(groups(orders, zone=zone, today=today), today=today)

    @classmethod
    def counted(cls, found: Iterable[Group], *, today: date) -> Self:
        sums: Counter[str] = Counter()
        slips: Counter[int] = Counter()
        for group in found:
            sums[group.outcome] += group.orders
            if group.stage == Batch.Stage.COMPLETED:
                sums["done"] += group.orders
            if group.outcome != BROKEN:
                slip = _slip(group.promised_until, group.day or today)
                slips[slip] += group.orders
        return cls(
            on_time=slips[0],
            shipped=sums[SHIPPED],
            overdue=sums[OVERDUE],
            broken=sums[BROKEN],
            slips=slips,
            in_done_batches=sums["done"],
        )

    @property
    def counts(self) -> int:
        """Orders whose promise was kept or not; of the others nothing is known yet."""
        return self.shipped + self.overdue + self.broken

    @property
    def median_slip(self) -> int | None:
        """In days, a half rounded up; None where nothing was shipped or is overdue."""
        orders = self.slips.total()
        if not orders:
            return None
        middle = (orders - 1) // 2, orders // 2
        return ceil(sum(_slip_at(self.slips, place) for place in middle) / 2)

    @property
    def is_telling(self) -> bool:
        """Enough of it to be told in public."""
        is_batch_done = self.in_done_batches >= FEWEST_OF_A_DONE_BATCH
        return self.counts >= FEWEST_ORDERS or is_batch_done


def groups(orders: OrderQuerySet, *, zone: ZoneInfo, today: date) -> list[Group]:
    """One statement; days are of the seller's zone.

    Three parts, each found by an index: `order_promises_kept` holds all that the first
    one reads, and the others are few.
    """
    promised = orders.filter(promised_until__isnull=False)
    shipped = promised.filter(status=Order.Status.FULFILLED)
    sent_on = TruncDate("fulfilled_at", tzinfo=zone)
    parts = (
        _grouped(shipped, SHIPPED, sent_on),
        _grouped(_overdue(promised, today), OVERDUE, _no_day()),
        _grouped(_broken(promised, zone), BROKEN, _no_day()),
    )
    return [Group(*row) for row in parts[0].union(*parts[1:], all=True)]


def _grouped(orders: OrderQuerySet, outcome: str, day: Any) -> "QuerySet[Order, Any]":
    rows = orders.order_by().annotate(
        outcome=Value(outcome, output_field=CharField()), day=day
    )
    columns = ("outcome", "batch__stage", "promised_until", "day")
    return rows.values_list(*columns).annotate(orders=Count("*"))


def _no_day() -> Any:
    return Cast(Value(None), DateField())


def _overdue(promised: OrderQuerySet, today: date) -> OrderQuerySet:
    """Paid in full and not shipped, although the day has passed."""
    held = F("amount_paid") - F("amount_refunded")
    late = promised.filter(status=Order.Status.CONFIRMED, promised_until__lt=today)
    return late.filter(total__lte=held + ROUNDING_SLACK)


def _broken(promised: OrderQuerySet, zone: ZoneInfo) -> OrderQuerySet:
    """Paid and canceled: for a delay, by a buyer who waited too long, by the seller."""
    canceled = promised.filter(
        status=Order.Status.CANCELED, confirmed_at__isnull=False
    ).annotate(ended_on=TruncDate("canceled_at", tzinfo=zone))
    by_buyer = OrderEvent.objects.filter(
        order=OuterRef("pk"), kind=Order.Status.CANCELED, actor="buyer"
    )
    delayed = Decision.objects.filter(
        order=OuterRef("pk"),
        kind=Decision.Kind.DELAY,
        answer=Decision.Answer.CANCEL,
    ).exclude(state__in=[Decision.State.OPEN, Decision.State.WITHDRAWN])
    too_late = Q(ended_on__gt=F("promised_until")) & Exists(by_buyer)
    with_batch = Q(
        batch__stage=Batch.Stage.CANCELED,
        batch__minimum_missed_at__isnull=True,
        canceled_at__gte=F("batch__canceled_at"),
    )
    return canceled.filter(Exists(delayed) | too_late | with_batch)


def _slip(promised_until: date, day: date) -> int:
    return max(timedelta(0), day - promised_until).days


def _slip_at(slips: Counter[int], place: int) -> int:
    """Of the order at this place, were they in a row by their slips."""
    for days, orders in sorted(slips.items()):
        place -= orders
        if place < 0:
            return days
    raise IndexError(place)
