"""Moving an order to another batch: which may receive it, and the move itself.

Only confirmed orders move. An unpaid one holds its place for as long as its payment
page says; its buyer can let it go and order from the other batch.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum, auto

from django.db.models import Q, QuerySet

from campaigns import capacity, room
from campaigns.actors import BUYER
from campaigns.capacity import Gate, Move
from campaigns.caps import Cap
from campaigns.errors import CampaignError
from campaigns.models import Allotment, Batch
from orders import lifecycle
from orders.models import Decision, Order, OrderLine
from orders.moves import emails as move_emails
from orders.waitlist import public_sale

AFTER_FREEZE = (Batch.Stage.PRODUCTION, Batch.Stage.SHIPPING)


class NotMovable(CampaignError):
    class Reason(StrEnum):
        ASKED = auto()
        NOT_CONFIRMED = auto()
        PACKED = auto()
        BATCH_OVER = auto()
        SAME_BATCH = auto()
        OTHER_CAMPAIGN = auto()
        CLOSED = auto()
        NO_WINDOW = auto()
        LACKS_VARIANT = auto()
        FULL = auto()
        NO_MORE_ORDERS = auto()
        NO_MORE_VALUE = auto()
        ANSWER_TOO_SOON = auto()
        ANSWER_TOO_LATE = auto()

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


Reason = NotMovable.Reason
# Of room for the order, though units are left.
LACKS = {Cap.ORDERS: Reason.NO_MORE_ORDERS, Cap.MONEY: Reason.NO_MORE_VALUE}


class ProductionStarted(CampaignError):
    """Of the batch to be left, beside the answer, which may be given again."""


def with_room(batches: "QuerySet[Batch]") -> "QuerySet[Batch]":
    """With all that tells what still fits into each of them."""
    rows = batches.select_related("campaign__seller")
    return rows.prefetch_related("allotments__variant")


def targets_of(order: Order) -> "QuerySet[Batch]":
    """The batches it could be offered: of its campaign, and not closed yet."""
    others = Batch.objects.before_close().exclude(pk=order.batch_id)
    return others.filter(
        campaign=order.batch.campaign_id,
        ships_from__isnull=False,
        ships_until__isnull=False,
    ).order_by("number")


def hindrance(order: Order) -> Reason | None:
    """Why the order cannot leave its batch, whatever the other one is."""
    if order.status != Order.Status.CONFIRMED:
        return Reason.NOT_CONFIRMED
    if order.packed_at or any(line.shipped for line in order.lines.all()):
        return Reason.PACKED
    return Reason.BATCH_OVER if order.batch.stage not in Decision.MAY_LEAVE else None


def hindrance_at(target: Batch, order: Order, now: datetime) -> Reason | None:
    """Why this batch cannot receive the order now."""
    if target.pk == order.batch_id:
        return Reason.SAME_BATCH
    if target.campaign_id != order.batch.campaign_id:
        return Reason.OTHER_CAMPAIGN
    if not target.is_before_close(now):
        return Reason.CLOSED
    if target.ships_from is None or target.ships_until is None:
        return Reason.NO_WINDOW
    return _lack_of_room(target, order)


def _lack_of_room(target: Batch, order: Order) -> Reason | None:
    allotments = _allotments(target)
    wanted = _units_by_variant(order)
    sold = {variant for variant, allotment in allotments.items() if allotment.is_sold}
    if wanted.keys() - sold:
        return Reason.LACKS_VARIANT
    basket = {allotments[variant]: units for variant, units in wanted.items()}
    short = room.shortages(target, basket, room.for_the_asked)
    return LACKS.get(short[0].cap, Reason.FULL) if short else None


def left_for(order: Order, target: Batch) -> int:
    """The most units of the order's variants that still fit there."""
    allotments = _allotments(target)
    wanted = [allotments[v] for v in _units_by_variant(order) if v in allotments]
    return room.most(target, wanted, room.for_the_asked)


def arrival_of(order: Order, target: Batch, *, seen: int) -> Move:
    """What the order would take from the other batch; raises NotMovable."""
    allotments = _allotments(target)
    leaving = lifecycle.claim_of(order, capacity.ANY_TIME)
    units = _units_by_variant(order)
    if units.keys() - allotments.keys():
        raise NotMovable(Reason.LACKS_VARIANT)
    return Move(
        batch_id=target.pk,
        units={allotments[variant].pk: n for variant, n in units.items()},
        orders=leaving.orders,
        goods=leaving.goods,
        gate=Gate.arrival(seen),
    )


def move(
    order: Order, lines: Sequence[OrderLine], decision: Decision, *, seen: int
) -> None:
    """Move the locked order in one transaction with both batches; raises Refused.

    What was promised first, what was ordered and what it costs stay as they are.
    """
    origin = order.batch
    target = with_room(Batch.objects.all()).get(pk=decision.destination_id)
    arriving = arrival_of(order, target, seen=seen)
    leaving = lifecycle.claim_of(order, capacity.ANY_TIME).reversed(_as_read(origin))
    freed = list(leaving.units)
    _enter(target, lines)
    order.change_batch(target, schedule_version=seen)
    order.record("moved", actor=BUYER, data=_noted(order, origin, decision))
    move_emails.order_moved(order, decision)
    public_sale.keep_freed(origin.pk, freed, beside=target.pk)
    capacity.shift(leaving, arriving)


def _as_read(origin: Batch) -> Gate:
    """On the side of the freeze it was read on: nothing slips in beside a freeze."""
    is_frozen = origin.stage in AFTER_FREEZE
    return Gate(
        batch=Q(stage__in=AFTER_FREEZE if is_frozen else Batch.BEFORE_PRODUCTION)
    )


def _enter(target: Batch, lines: Sequence[OrderLine]) -> None:
    allotments = _allotments(target)
    for line in lines:
        line.allotment = allotments.get(line.variant_id, line.allotment)
    OrderLine.objects.bulk_update(lines, ["allotment"])


def _noted(order: Order, origin: Batch, decision: Decision) -> dict[str, object]:
    """Enough to count from alone: what left which batch, before its freeze or after."""
    target = order.batch
    return {
        "from": origin.pk,
        "to": target.pk,
        "decision": decision.pk,
        "batch": {"from": origin.number, "to": target.number},
        "window": {"from": _window(origin), "to": _window(target)},
        "units_by_variant": _units_by_variant(order),
        "after_freeze": origin.stage in AFTER_FREEZE,
    }


def _window(batch: Batch) -> str:
    """As ISO 8601 writes intervals."""
    return f"{batch.ships_from}/{batch.ships_until}"


def _allotments(batch: Batch) -> dict[int, Allotment]:
    """By variant. Read the batch through `with_room`: then they are here already."""
    return {allotment.variant_id: allotment for allotment in batch.allotments.all()}


def _units_by_variant(order: Order) -> dict[int, int]:
    units: dict[int, int] = {}
    for line in order.lines.all():
        units[line.variant_id] = units.get(line.variant_id, 0) + line.quantity
    return {variant: n for variant, n in units.items() if n}
