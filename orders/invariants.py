"""What must always be true of orders. Each check names the rows that break it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.db.models import (
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Abs, Coalesce
from django.db.models.lookups import GreaterThan

from campaigns.invariants import Invariant
from campaigns.models import Allotment, Batch
from orders.models import BuyerTally, Message, Order, OrderEvent, OrderLine
from orders.outbox import BACKOFF

CHUNK = 5000
ROUNDING_SLACK = Decimal("0.001")
MAILED = {
    "placed": ("order_placed",),
    Order.Status.CONFIRMED: ("order_confirmed",),
    Order.Status.FULFILLED: ("order_shipped",),
    Order.Status.EXPIRED: ("order_expired",),
    Order.Status.CANCELED: ("order_canceled", "batch_canceled"),
}


def tallies_that_drifted() -> Iterable[str]:
    held: Counter[tuple[int, str]] = Counter()
    for campaign, keys, units in _holding_units():
        held.update({(campaign, key): units for key in keys})
    tallies = BuyerTally.objects.values_list("campaign_id", "identity", "units")
    for campaign, identity, units in tallies.iterator(CHUNK):
        if units != (actual := held.pop((campaign, identity), 0)):
            yield f"tally {campaign}/{identity[:8]}: {units}, orders hold {actual}"
    for (campaign, identity), units in held.items():
        yield f"tally {campaign}/{identity[:8]}: missing, orders hold {units}"


def _holding_units() -> Iterator[tuple[int, list[str], int]]:
    orders = Order.objects.holding_units().annotate(
        units_held=Coalesce(Sum("lines__quantity"), 0)
    )
    rows = orders.order_by("pk").values_list(
        "batch__campaign_id", "limit_keys", "units_held"
    )
    yield from rows.iterator(CHUNK)


def counters_that_drifted() -> Iterable[str]:
    holding = Q(status__in=Order.HOLDING)
    by_batch = _sums("order__batch_id")
    by_allotment = _sums("allotment_id")
    orders = Counter(
        Order.objects.filter(holding).values_list("batch_id", flat=True).iterator(CHUNK)
    )
    for batch in Batch.objects.only("taken", "orders_taken"):
        counted = (by_batch.get(batch.pk, 0), orders.get(batch.pk, 0))
        if (batch.taken, batch.orders_taken) != counted:
            yield (
                f"batch {batch.pk}: taken {batch.taken} in {batch.orders_taken} "
                f"orders, lines hold {counted[0]} in {counted[1]}"
            )
    for allotment in Allotment.objects.only("taken"):
        if allotment.taken != by_allotment.get(allotment.pk, 0):
            lines = by_allotment.get(allotment.pk, 0)
            yield f"allotment {allotment.pk}: {allotment.taken}, lines hold {lines}"


def _sums(column: str) -> dict[int, int]:
    lines = OrderLine.objects.filter(order__status__in=Order.HOLDING).order_by()
    return dict(lines.values(column).values_list(column, Sum("quantity")))


def orders_after_the_close() -> Iterable[str]:
    late = Order.objects.filter(placed_at__gte=F("batch__closed_at"))
    for order in late.select_related("batch"):
        yield f"order {order.pk}: placed {order.placed_at}, {order.batch.closed_at}"


def confirmed_after_production() -> Iterable[str]:
    late = OrderEvent.objects.filter(
        kind=Order.Status.CONFIRMED,
        data__from__in=[Order.Status.PENDING, Order.Status.EXPIRED],
        at__gt=F("order__batch__production_at"),
    )
    for event in late:
        yield f"order {event.order_id}: confirmed {event.at}"


def statuses_without_event() -> Iterable[str]:
    moves = OrderEvent.objects.filter(
        order=OuterRef("pk"), kind__in=Order.Status.values
    )
    orders = Order.objects.annotate(
        told=Coalesce(
            Subquery(moves.order_by("-pk").values("kind")[:1]),
            Value(Order.Status.PENDING),
        )
    )
    silent = orders.exclude(status=F("told")).values_list("pk", "status", "told")
    for pk, status, told in silent:
        yield f"order {pk}: {status}, its last event says {told}"


def totals_that_do_not_add_up() -> Iterable[str]:
    for order in _not_adding_up().prefetch_related("lines").iterator(CHUNK):
        goods = sum((line.amount for line in order.lines.all()), start=Decimal(0))
        total = goods + order.shipping - order.discount
        if (order.goods, order.total) != (goods, total):
            parts = f"{goods} + {order.shipping} - {order.discount}"
            yield f"order {order.pk}: total {order.total}, lines {parts}"


def _not_adding_up() -> QuerySet[Order]:
    """Candidates, decided again in Python: SQLite adds decimals as floats."""
    goods = sum_for_order(
        OrderLine.objects.all(),
        ExpressionWrapper(F("quantity") * F("unit_price"), DecimalField()),
    )
    orders = Order.objects.order_by().annotate(lines_sum=goods)
    return orders.filter(
        differs(F("lines_sum"), F("goods"))
        | differs(F("lines_sum") + F("shipping") - F("discount"), F("total"))
    )


def sum_for_order(rows: QuerySet[Any], amount: Any, order: str = "order") -> Coalesce:
    """What the rows of each order add up to, as SQL sees it."""
    own = rows.filter(**{order: OuterRef("pk")}).order_by().values(order)
    sums = own.annotate(sum_=Sum(amount)).values("sum_")
    return Coalesce(Subquery(sums), Value(Decimal(0)), output_field=DecimalField())


def differs(one: Any, other: Any) -> Q:
    """By more than the error of a float, which is less than the smallest coin."""
    difference = Abs(ExpressionWrapper(one - other, DecimalField()))
    return Q(GreaterThan(difference, Value(ROUNDING_SLACK)))


def changes_nobody_was_told_of() -> Iterable[str]:
    for kind, mails in MAILED.items():
        told = Message.objects.filter(order=OuterRef("order"), kind__in=mails)
        silent = OrderEvent.objects.filter(~Exists(told), kind=kind)
        for event in silent.exclude(order__email=""):
            wanted = " or ".join(mails)
            yield f"order {event.order_id}: {kind} without a mail {wanted}"


def messages_beyond_their_attempts() -> Iterable[str]:
    for message in Message.objects.filter(attempts__gt=len(BACKOFF) + 1):
        yield f"message {message.pk}: {message.attempts} attempts"


INVARIANTS = (
    Invariant(1, "a tally equals the units its buyer holds", tallies_that_drifted),
    Invariant(2, "taken equals the lines that hold units", counters_that_drifted),
    Invariant(7, "no order was placed after the close", orders_after_the_close),
    Invariant(8, "nothing confirmed after production", confirmed_after_production),
    Invariant(9, "each status has its event", statuses_without_event),
    Invariant(15, "totals are lines and shipping", totals_that_do_not_add_up),
    Invariant(18, "each change has its mail", changes_nobody_was_told_of),
    Invariant(19, "no mail is tried for ever", messages_beyond_their_attempts),
)
