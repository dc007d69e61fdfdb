"""What is counted of a batch: its units, its caps, its minimum, its waiting list."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Self

from django.db.models import Count, Q, QuerySet, Sum

from campaigns import room
from campaigns.caps import Cap
from campaigns.models import Allotment, Batch
from orders.models import Order, OrderLine, WaitlistEntry

Status, Entry = Order.Status, WaitlistEntry.State
Counted = dict[str, int]
Rows = QuerySet[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Units:
    """They add up: what is taken is paid for or held, and offered is a part of held."""

    taken: int = 0
    paid: int = 0
    held: int = 0
    sent: int = 0
    offered: int = 0
    waiting: int = 0

    def __add__(self, other: "Units") -> "Units":
        return Units(
            taken=self.taken + other.taken,
            paid=self.paid + other.paid,
            held=self.held + other.held,
            sent=self.sent + other.sent,
            offered=self.offered + other.offered,
            waiting=self.waiting + other.waiting,
        )


@dataclass(frozen=True, kw_only=True)
class VariantNumbers:
    allotment: Allotment
    units: Units
    left: int


@dataclass(frozen=True, kw_only=True)
class BatchNumbers:
    """Read `batch` with its campaign."""

    batch: Batch
    variants: list[VariantNumbers]
    left: int
    # What allows no more than is left.
    cap: Cap
    people_waiting: int

    @classmethod
    def read(cls, batch: Batch) -> Self:
        """Four queries, however many variants and orders there are."""
        allotments = list(Allotment.objects.of([batch]))
        found = room.Room.of(batch, allotments)
        sold, wanted = _sold(batch), _wanted(batch)
        return cls(
            batch=batch,
            variants=[
                VariantNumbers(
                    allotment=allotment,
                    units=Units(
                        taken=allotment.taken,
                        **sold.get(allotment.pk, {}),
                        **wanted.get(allotment.variant_id, {}),
                    ),
                    left=found.units_of(allotment.variant_id),
                )
                for allotment in allotments
            ],
            left=found.left,
            cap=found.cap,
            people_waiting=_people_waiting(batch),
        )

    @cached_property
    def units(self) -> Units:
        return sum((variant.units for variant in self.variants), start=Units())

    @property
    def adds_up(self) -> bool:
        """Whether what is left of the variants makes up what is left of the batch."""
        return self.left == sum(variant.left for variant in self.variants)

    @property
    def short_of_minimum(self) -> int:
        """The minimum is decided on what is paid for."""
        return max(0, (self.batch.minimum_units or 0) - self.units.paid)

    @property
    def worth_waiting(self) -> Decimal:
        """What the waiting list would buy, at the prices of today."""
        prices = (v.allotment.variant.price * v.units.waiting for v in self.variants)
        return sum(prices, start=Decimal(0))


def _sold(batch: Batch) -> dict[int, Counted]:
    """By allotment."""
    holding = OrderLine.objects.filter(
        order__batch=batch, order__status__in=Order.HOLDING
    )
    sums: Rows = (
        holding.order_by()
        .values("allotment_id")
        .annotate(
            paid=_sum("quantity", order__status__in=Order.PAID),
            held=_sum("quantity", order__status=Status.PENDING),
            sent=_sum("shipped"),
        )
    )
    return {row.pop("allotment_id"): row for row in sums}


def _wanted(batch: Batch) -> dict[int, Counted]:
    """By variant. An offer holds what its order holds, which may be less than asked."""
    entries = WaitlistEntry.objects.filter(batch=batch, state__in=WaitlistEntry.LIVE)
    offers = {"state": Entry.OFFERED, "order__status": Status.PENDING}
    sums: Rows = (
        entries.order_by()
        .values("variant_id")
        .annotate(
            waiting=_sum("quantity", state=Entry.WAITING),
            offered=_sum("order__lines__quantity", **offers),
        )
    )
    return {row.pop("variant_id"): row for row in sums}


def _people_waiting(batch: Batch) -> int:
    waiting = WaitlistEntry.objects.filter(batch=batch).waiting().order_by()
    people: int = waiting.aggregate(n=Count("identity", distinct=True))["n"]
    return people


def _sum(column: str, **condition: Any) -> Sum:
    return Sum(column, filter=Q(**condition), default=0)
