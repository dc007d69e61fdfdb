"""The only code that changes `taken`. Claim, release, swap, move: all are one `shift`.

The cap and the gate live in the same row, and both are tested in the UPDATE that
takes the units (docs/adr). The UPDATE never joins: PostgreSQL tests a joined condition
before it waits for the row's lock and not again afterwards.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from django.db.models import BigIntegerField, F, IntegerField, Q

from campaigns import room
from campaigns.caps import Cap
from campaigns.clock import Clock
from campaigns.errors import (
    BatchClosed,
    CampaignError,
    Refused,
    Shortage,
    SoldOut,
    WindowChanged,
)
from campaigns.models import Allotment, Batch
from campaigns.prepared import PreparedUpdate, given
from campaigns.transactions import in_transaction


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What must hold for the batch, and for the allotment, when units are taken."""

    batch: Q = field(default_factory=Q)
    allotment: Q = field(default_factory=Q)

    @classmethod
    def new_order(cls, schedule_version: int) -> "Gate":
        """Open by the clock, and promising the window the buyer saw."""
        return cls(
            batch=Q(
                stage=Batch.Stage.OPEN,
                opens_at__lte=Clock(),
                closes_at__gt=Clock(),
                schedule_version=schedule_version,
            ),
            allotment=Q(sale=Allotment.Sale.OPEN),
        )

    @classmethod
    def waitlist_offer(cls, schedule_version: int) -> "Gate":
        """As for a new order; freed units are the list's before the public's."""
        new_order = cls.new_order(schedule_version)
        for_the_list = Q(sale__in=[Allotment.Sale.OPEN, Allotment.Sale.WAITLIST])
        return replace(new_order, allotment=for_the_list)

    @classmethod
    def arrival(cls, schedule_version: int) -> "Gate":
        """For an order moved here: not closed yet, and promising what the buyer read.

        A batch that opens later may be moved into; `placed_at` stays before its close.
        """
        return cls(
            batch=Q(
                stage=Batch.Stage.OPEN,
                closes_at__gt=Clock(),
                schedule_version=schedule_version,
            ),
            allotment=~Q(sale=Allotment.Sale.STOPPED),
        )

    @classmethod
    def before_production(cls) -> "Gate":
        return cls(batch=Q(stage__in=Batch.BEFORE_PRODUCTION))


ANY_TIME = Gate()


@dataclass(frozen=True, kw_only=True)
class Move:
    """What one batch gives to orders (positive) or gets back (negative).

    `units` maps allotment ids to units; `goods` is in the currency's minor units.
    """

    batch_id: int
    units: Mapping[int, int]
    orders: int = 0
    goods: int = 0
    gate: Gate = ANY_TIME

    def reversed(self, gate: Gate = ANY_TIME) -> "Move":
        """The way back, which may have another gate than the way in."""
        units = {allotment: -units for allotment, units in self.units.items()}
        return replace(
            self, units=units, orders=-self.orders, goods=-self.goods, gate=gate
        )


@in_transaction
def shift(*moves: Move) -> None:
    """Apply every move or raise Refused; the caller's transaction must then roll back.

    Rows stay locked until commit: allotments by pk, then batches by pk, last, even when
    nothing changes for the batch, so that no change of lines slips in beside a freeze.
    """
    wanted: Counter[int] = Counter()
    gates: dict[int, Gate] = {}
    for move in moves:
        wanted.update(move.units)
        gates |= dict.fromkeys(move.units, move.gate)
    for allotment_id in sorted(wanted):
        _shift_allotment(allotment_id, wanted[allotment_id], gates[allotment_id])
    for move in sorted(moves, key=lambda move: move.batch_id):
        _shift_batch(move)


def _shift_allotment(allotment_id: int, units: int, gate: Gate) -> None:
    if not _allotment_update(gate).run(allotment=allotment_id, units=units):
        raise Refused(f"allotment {allotment_id}")


def _shift_batch(move: Move) -> None:
    if not _batch_update(move.gate).run(
        batch=move.batch_id,
        units=sum(move.units.values()),
        orders=move.orders,
        goods=move.goods,
    ):
        raise Refused(f"batch {move.batch_id}", batch_id=move.batch_id)


# Units that come back (negative) are tested against the caps too; that never refuses,
# as the constraints keep every counter within its cap. One statement serves both.
# Written once for each gate; a new schedule version is a new gate, hence a limit.
@lru_cache(maxsize=64)
def _allotment_update(gate: Gate) -> PreparedUpdate:
    taken = F("taken") + given("units", IntegerField())
    fits = Q(capacity__isnull=True) | Q(capacity__gte=taken)
    rows = Allotment.objects.filter(gate.allotment, fits, pk=given("allotment"))
    return PreparedUpdate(rows, taken=taken)


@lru_cache(maxsize=64)
def _batch_update(gate: Gate) -> PreparedUpdate:
    taken = F("taken") + given("units", IntegerField())
    orders_taken = F("orders_taken") + given("orders", IntegerField())
    goods_taken = F("goods_taken") + given("goods", BigIntegerField())
    rows = Batch.objects.filter(
        gate.batch,
        Q(order_capacity__isnull=True) | Q(order_capacity__gte=orders_taken),
        Q(goods_capacity__isnull=True) | Q(goods_capacity__gte=goods_taken),
        pk=given("batch"),
        capacity__gte=taken,
    )
    return PreparedUpdate(
        rows, taken=taken, orders_taken=orders_taken, goods_taken=goods_taken
    )


def explain(move: Move, *, schedule_version: int) -> CampaignError:
    """Why `move` was refused, read after the rollback; the first reason that holds.

    Another buyer may have returned units since: then all fits again, and the answer is
    SoldOut with what is left now.
    """
    batch = _with_clock(move)
    if not batch.is_accepting(batch.clock):
        return BatchClosed()
    return _explain_full(batch, move, schedule_version, room.of_variant)


def explain_arrival(move: Move, *, schedule_version: int) -> CampaignError:
    """The same for a move through `Gate.arrival`."""
    batch = _with_clock(move)
    if not batch.is_before_close(batch.clock):
        return BatchClosed()
    return _explain_full(batch, move, schedule_version, room.for_the_asked)


def _with_clock(move: Move) -> Batch:
    batches = Batch.objects.with_clock().select_related("campaign")
    return batches.get(pk=move.batch_id)


def _explain_full(
    batch: Batch, move: Move, schedule_version: int, left_of: room.LeftOf
) -> CampaignError:
    if batch.schedule_version != schedule_version:
        return WindowChanged()
    return SoldOut(_shortages(batch, move, left_of))


def _shortages(batch: Batch, move: Move, left_of: room.LeftOf) -> list[Shortage]:
    allotments = Allotment.objects.filter(pk__in=move.units).select_related("variant")
    wanted = {a: move.units[a.pk] for a in allotments.order_by("pk")}
    short = room.shortages(batch, wanted, left_of)
    if short:
        return short
    left, units = room.most(batch, wanted, left_of), sum(wanted.values())
    return [Shortage(None, wanted=units, left=left, cap=Cap.BATCH)]
