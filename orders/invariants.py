"""What must always be true of orders. Each check names the rows that break it."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import (
    Count,
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

from campaigns.clock import database_now
from campaigns.invariants import Invariant
from campaigns.models import Allotment, Batch, BatchEvent
from campaigns.money import rounded, to_minor_units
from orders.decisions import settling
from orders.minimum import news as minimum_news
from orders.models import (
    Decision,
    Message,
    Order,
    OrderEvent,
    OrderLine,
)

CHUNK = 5000
# A sweep period and a minute: what is younger is still being done.
PATIENCE = timedelta(minutes=2)
ROUNDING_SLACK = Decimal("0.001")
MAILED = {
    "placed": ("order_placed",),
    "offered": ("waitlist_offer",),
    Order.Status.CONFIRMED: ("order_confirmed",),
    Order.Status.FULFILLED: ("order_shipped",),
    Order.Status.EXPIRED: ("order_expired",),
    Order.Status.CANCELED: ("order_canceled", "batch_canceled", "minimum_missed"),
    "decision_asked": ("decision_asked",),
    "moved": ("order_changed",),
}
# Both sides of the comparison in one pass; an order counts for each of its identities.
DRIFTED_TALLIES = """
SELECT campaign_id, identity, SUM(units), SUM(held) FROM (
    SELECT campaign_id, identity, units, 0 AS held FROM orders_buyertally
    UNION ALL
    SELECT batch.campaign_id, key.value, NULL, line.quantity
    FROM orders_order holding
    JOIN campaigns_batch batch ON batch.id = holding.batch_id
    JOIN orders_orderline line ON line.order_id = holding.id
    CROSS JOIN {identities} AS key
    WHERE holding.status IN ('pending', 'confirmed', 'fulfilled')
) AS sides
GROUP BY campaign_id, identity
HAVING COALESCE(SUM(units), 0) <> SUM(held)
"""
IDENTITIES = {
    "sqlite": "json_each(holding.limit_keys)",
    "postgresql": "jsonb_array_elements_text(holding.limit_keys)",
}


def tallies_that_drifted() -> Iterable[str]:
    with connection.cursor() as cursor:
        cursor.execute(DRIFTED_TALLIES.format(identities=IDENTITIES[connection.vendor]))
        for campaign, identity, units, held in cursor:
            said = "missing" if units is None else units
            yield f"tally {campaign}/{identity[:8]}: {said}, orders hold {held}"


def counters_that_drifted() -> Iterable[str]:
    holding = Order.objects.filter(status__in=Order.HOLDING).order_by()
    by_batch = _sums("order__batch_id")
    by_allotment = _sums("allotment_id")
    orders = dict(holding.values("batch_id").values_list("batch_id", Count("pk")))
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


def goods_that_drifted() -> Iterable[str]:
    """The counter behind the cap in money, against the orders."""
    holding = Order.objects.filter(status__in=Order.HOLDING).order_by()
    sums = dict(holding.values("batch_id").values_list("batch_id", Sum("goods")))
    batches = Batch.objects.values_list("pk", "goods_taken", "campaign__currency")
    for pk, taken, currency in batches:
        goods = rounded(sums.get(pk, Decimal(0)), currency)
        if taken != to_minor_units(goods, currency):
            yield f"batch {pk}: goods taken {taken}, orders hold {goods} {currency}"


def _sums(column: str) -> dict[int, int]:
    lines = OrderLine.objects.filter(order__status__in=Order.HOLDING).order_by()
    return dict(lines.values(column).values_list(column, Sum("quantity")))


def orders_after_the_close() -> Iterable[str]:
    late = Order.objects.filter(placed_at__gte=F("batch__closed_at"))
    for order in late.select_related("batch"):
        yield f"order {order.pk}: placed {order.placed_at}, {order.batch.closed_at}"


def confirmed_after_production() -> Iterable[str]:
    """Only confirmed orders move: all of it happened in the batch first left."""
    first_left = Decision.objects.moved().filter(order=OuterRef("order")).order_by("pk")
    confirmations = OrderEvent.objects.filter(
        kind=Order.Status.CONFIRMED,
        data__from__in=[Order.Status.PENDING, Order.Status.EXPIRED],
    ).annotate(batch=Subquery(first_left.values("origin")[:1]))
    stayed = confirmations.filter(batch=None, at__gt=F("order__batch__production_at"))
    started = Batch.objects.filter(
        pk=OuterRef("batch"), production_at__lt=OuterRef("at")
    )
    for event in [*stayed, *confirmations.filter(Exists(started))]:
        yield f"order {event.order_id}: confirmed {event.at}"


def orders_not_where_they_moved_to() -> Iterable[str]:
    last: dict[int, int | None] = {}
    moves = OrderEvent.objects.filter(kind="moved").order_by("pk")
    for order_id, data in moves.values_list("order_id", "data").iterator(CHUNK):
        last[order_id] = data.get("to")
    batches = Order.objects.filter(pk__in=moves.values("order"))
    for pk, batch_id in batches.order_by("pk").values_list("pk", "batch_id"):
        if batch_id != last[pk]:
            yield f"order {pk}: in batch {batch_id}, moved to {last[pk]}"


def lines_of_another_batch() -> Iterable[str]:
    strayed = OrderLine.objects.exclude(allotment__batch=F("order__batch"))
    for pk in strayed.order_by("pk").values_list("pk", flat=True):
        yield f"line {pk}: counted in another batch than its order's"


def questions_nobody_closed() -> Iterable[str]:
    limit = database_now() - PATIENCE
    for decision in Decision.objects.open().filter(answer_by__lt=limit):
        yield f"decision {decision.pk}: open, to be answered by {decision.answer_by}"


def outcomes_without_event() -> Iterable[str]:
    settled = Decision.objects.exclude(state=Decision.State.OPEN).order_by("pk")
    told = OrderEvent.objects.filter(kind__in=settling.EVENTS.values())
    kinds = {
        (order_id, data.get("decision")): kind
        for order_id, kind, data in told.values_list("order_id", "kind", "data")
    }
    for decision in settled.iterator(CHUNK):
        outcome = (decision.kind, decision.state, decision.answer)
        wanted = settling.EVENTS.get(outcome)
        if kinds.get((decision.order_id, decision.pk)) != wanted:
            yield f"decision {decision.pk}: {decision.state} without its event"


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


def made_below_their_minimum() -> Iterable[str]:
    """Counted as they were counted then: buyers may cancel what goes ahead."""
    made = Batch.objects.filter(production_at__isnull=False, minimum_units__gt=0)
    undecided = Q(minimum_decided_at__isnull=True)
    for batch in made.filter(undecided | Q(minimum_missed_at__isnull=False)):
        yield f"batch {batch.pk}: made, its minimum was missed or never decided"
    reached = BatchEvent.objects.filter(kind="minimum_reached")
    for batch_id, noted in reached.values_list("batch_id", "data"):
        if noted["units"] < noted["minimum"]:
            yield f"batch {batch_id}: {noted['units']} of {noted['minimum']} reached"


def decisions_nobody_was_told_of() -> Iterable[str]:
    limit = database_now() - PATIENCE
    old = Q(batch__minimum_decided_at__lt=limit, confirmed_at__lt=limit)
    for order in minimum_news.going_ahead_untold().filter(old):
        yield f"order {order.pk}: not told that batch {order.batch_id} goes ahead"


INVARIANTS = (
    Invariant(1, "a tally equals the units its buyer holds", tallies_that_drifted),
    Invariant(2, "taken equals the lines that hold units", counters_that_drifted),
    Invariant(2, "goods taken equal the orders that hold units", goods_that_drifted),
    Invariant(4, "no question outlives its answer-by", questions_nobody_closed),
    Invariant(7, "no order was placed after the close", orders_after_the_close),
    Invariant(8, "nothing confirmed after production", confirmed_after_production),
    Invariant(8, "an order is where it moved to", orders_not_where_they_moved_to),
    Invariant(8, "lines are counted with their order", lines_of_another_batch),
    Invariant(9, "each status has its event", statuses_without_event),
    Invariant(9, "each answer has its event", outcomes_without_event),
    Invariant(15, "totals are lines and shipping", totals_that_do_not_add_up),
    Invariant(18, "each change has its mail", changes_nobody_was_told_of),
    Invariant(25, "what is made was decided to be", made_below_their_minimum),
    Invariant(26, "who goes ahead is told", decisions_nobody_was_told_of),
)
