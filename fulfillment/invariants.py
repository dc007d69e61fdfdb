"""What must always be true of goods. Each check names the rows that break it."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import F, Q, QuerySet, Sum

from campaigns.invariants import Invariant
from fulfillment.models import (
    ProductionSheet,
    ProductionSheetLine,
    Shipment,
    ShipmentLine,
)
from fulfillment.models.sheet import digest_of
from orders.models import Order, OrderEvent, OrderLine

CHUNK = 5000


def sheets_that_were_edited() -> Iterable[str]:
    for sheet in ProductionSheet.objects.prefetch_related("lines").iterator(CHUNK):
        if sheet.digest != digest_of(sheet.lines.all()):
            yield f"sheet {sheet.pk}: its lines are not those that were frozen"


def sheets_that_do_not_add_up() -> Iterable[str]:
    frozen: Counter[tuple[int, int]] = Counter(
        _sums(ProductionSheetLine.objects.all(), "sheet__batch_id", "ordered")
    )
    held = Counter(_sums(_lines_of_production(), "order__batch_id", "quantity"))
    held.update(_moved_away())
    for batch, variant in sorted(frozen.keys() | held.keys()):
        planned, units = frozen[batch, variant], held[batch, variant]
        if planned != units:
            yield f"batch {batch}, variant {variant}: sheet {planned}, orders {units}"


def _lines_of_production() -> QuerySet[OrderLine]:
    """What was confirmed when production began: still held, or withdrawn since."""
    held = Q(order__status__in=Order.PAID)
    withdrawn = Q(
        order__status=Order.Status.CANCELED,
        order__canceled_at__gt=F("order__batch__production_at"),
    )
    return OrderLine.objects.filter(
        held | withdrawn, order__batch__sheets__isnull=False, quantity__gt=0
    )


def _moved_away() -> Counter[tuple[int, int]]:
    """Units of orders that left after the freeze, as their histories tell."""
    units: Counter[tuple[int, int]] = Counter()
    moves = OrderEvent.objects.filter(kind="moved", data__after_freeze=True)
    for data in moves.values_list("data", flat=True).iterator(CHUNK):
        batch_id = data["from"]
        for variant_id, count in data["units_by_variant"].items():
            units[batch_id, int(variant_id)] += count
    return units


def _sums(rows: QuerySet, batch: str, units: str) -> dict[tuple[int, int], int]:  # type: ignore[type-arg]
    """Units by batch and variant."""
    sums = rows.order_by().values_list(batch, "variant_id").annotate(n=Sum(units))
    return {(batch_id, variant): units for batch_id, variant, units in sums}


def shipped_units_that_drifted() -> Iterable[str]:
    sent = ShipmentLine.objects.exclude(shipment__state=Shipment.State.VOIDED)
    sums = sent.order_by().values_list("line_id").annotate(units=Sum("quantity"))
    in_parcels: dict[int, int] = dict(sums)
    lines = OrderLine.objects.filter(Q(shipped__gt=0) | Q(pk__in=sent.values("line")))
    for pk, shipped in lines.order_by().values_list("pk", "shipped").iterator(CHUNK):
        if shipped != in_parcels.get(pk, 0):
            yield f"line {pk}: shipped {shipped}, parcels {in_parcels.get(pk, 0)}"


def fulfilled_with_units_left() -> Iterable[str]:
    fulfilled = Order.objects.filter(status=Order.Status.FULFILLED)
    left = fulfilled.filter(lines__shipped__lt=F("lines__quantity")).distinct()
    for pk in left.order_by("pk").values_list("pk", flat=True):
        yield f"order {pk}: fulfilled, but not all of it was shipped"


INVARIANTS = (
    Invariant(10, "frozen sheets are as they were", sheets_that_were_edited),
    Invariant(11, "sheets equal what was confirmed", sheets_that_do_not_add_up),
    Invariant(11, "shipped equals the parcels", shipped_units_that_drifted),
    Invariant(11, "fulfilled means all shipped", fulfilled_with_units_left),
)
