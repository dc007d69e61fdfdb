"""What batches have taken in, what of it is spoken for, and what stopping would cost.

The database adds up, and what it adds is quantised: SQLite computes decimals as floats.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

from django.db.models import Count, DecimalField, F, Q, Sum

from campaigns.models import Batch
from campaigns.money import rounded
from orders.models import Order, OrderLine
from orders.models.order import ROUNDING_SLACK
from payments.models import Payment, Refund

NOTHING = Decimal(0)
Status, State = Order.Status, Refund.State
ON_THE_WAY = (State.REQUESTED, State.SENDING, State.UNKNOWN, State.PENDING)
# A whole batch can be canceled until it ships.
STOPPABLE = (Batch.Stage.OPEN, Batch.Stage.CLOSED, Batch.Stage.PRODUCTION)
Sums = dict[int, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Of one batch, or of several in one currency; amounts are exact."""

    received: Decimal = NOTHING
    reversed: Decimal = NOTHING
    refunded: Decimal = NOTHING
    on_the_way: Decimal = NOTHING
    by_hand: Decimal = NOTHING
    fees: Decimal = NOTHING
    # Confirmed and not all shipped: what buyers paid for and do not have yet.
    in_goods: Decimal = NOTHING
    # Of that, and of unpaid orders: what canceling the batch would return.
    to_return: Decimal = NOTHING
    kept: Decimal = NOTHING
    due: Decimal = NOTHING
    orders_due: int = 0
    cost: Decimal = NOTHING
    units: int = 0
    units_without_cost: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        names = (field.name for field in fields(self))
        sums = {name: getattr(self, name) + getattr(other, name) for name in names}
        return Figures(**sums)

    @property
    def in_hand(self) -> Decimal:
        return self.received - self.reversed - self.refunded

    @property
    def capital(self) -> Decimal:
        """What is left to work with once the refunds on their way are gone."""
        return self.in_hand - self.on_the_way - self.by_hand

    @property
    def after_production(self) -> Decimal:
        return self.capital - self.cost


@dataclass(frozen=True, kw_only=True)
class VariantCost:
    """Units of paid orders; `unit_cost` is None where nobody entered it."""

    batch_id: int
    label: str
    units: int
    unit_cost: Decimal | None

    @property
    def cost(self) -> Decimal | None:
        return None if self.unit_cost is None else self.unit_cost * self.units


@dataclass(frozen=True, kw_only=True)
class MoneyView:
    """`set_aside` is by currency: money in suspense can be of any."""

    batches: list[Batch]
    by_batch: dict[int, Figures]
    variants: list[VariantCost]
    set_aside: dict[str, Decimal]

    @property
    def total(self) -> Figures:
        return reduce(add, self.by_batch.values(), Figures())

    @property
    def is_stoppable(self) -> bool:
        return any(batch.stage in STOPPABLE for batch in self.batches)

    @property
    def cost_of_stopping(self) -> Decimal:
        stoppable = [b.pk for b in self.batches if b.stage in STOPPABLE]
        return sum((self.by_batch[pk].to_return for pk in stoppable), start=NOTHING)


def read(batches: Iterable[Batch], currency: str) -> MoneyView:
    """Five queries, however many batches and orders there are."""
    rows = list(batches)
    variants = _variants(rows)
    found = (_payments(rows), _refunds(rows), _orders(rows), _costs(variants))
    return MoneyView(
        batches=rows,
        by_batch={batch.pk: _figures(batch.pk, found, currency) for batch in rows},
        variants=variants,
        set_aside=_set_aside(rows),
    )


def _figures(batch_id: int, found: Iterable[Sums], currency: str) -> Figures:
    sums = {name: n for part in found for name, n in part.get(batch_id, {}).items()}
    exact: dict[str, Any] = {
        name: rounded(Decimal(value), currency) if _is_money(name) else value
        for name, value in sums.items()
    }
    return Figures(**exact)


def _is_money(name: str) -> bool:
    return isinstance(getattr(Figures, name), Decimal)


def _by_batch(rows: Iterable[Any], key: str) -> Sums:
    return {row.pop(key): row for row in rows}


def _sum(amount: Any, condition: Q | None = None) -> Sum:
    return Sum(amount, filter=condition, default=NOTHING, output_field=DecimalField())


def _payments(batches: list[Batch]) -> Sums:
    key = "order__batch_id"
    payments = Payment.objects.filter(order__batch__in=batches).order_by().values(key)
    sums = payments.annotate(
        received=_sum("amount_received"),
        reversed=_sum("amount_reversed"),
        fees=_sum("fee"),
    )
    return _by_batch(sums, key)


def _refunds(batches: list[Batch]) -> Sums:
    key = "payment__order__batch_id"
    refunds = Refund.objects.filter(payment__order__batch__in=batches)
    sums = (
        refunds.order_by()
        .values(key)
        .annotate(
            refunded=_sum("amount", Q(state=State.SUCCEEDED)),
            on_the_way=_sum("amount", Q(state__in=ON_THE_WAY)),
            by_hand=_sum("amount", Q(state=State.MANUAL)),
        )
    )
    return _by_batch(sums, key)


def _orders(batches: list[Batch]) -> Sums:
    held = F("amount_paid") - F("amount_refunded")
    is_due = Q(status__in=Order.PAID, total__gt=held + ROUNDING_SLACK)
    confirmed = Q(status=Status.CONFIRMED)
    orders = Order.objects.filter(batch__in=batches).order_by().values("batch_id")
    sums = orders.annotate(
        in_goods=_sum(held, confirmed),
        to_return=_sum(held, confirmed | Q(status=Status.PENDING)),
        kept=_sum("amount_kept", Q(status=Status.CANCELED)),
        due=_sum(F("total") - held, is_due),
        orders_due=Count("pk", filter=is_due),
    )
    return _by_batch(sums, "batch_id")


def _variants(batches: list[Batch]) -> list[VariantCost]:
    lines = OrderLine.objects.filter(
        order__batch__in=batches, order__status__in=Order.PAID, quantity__gt=0
    )
    key = ("order__batch_id", "variant_id")
    names = ("variant__options", "variant__sku", "variant__production_cost")
    sums = lines.order_by("variant__position", *key).values(*key, *names)
    return [
        VariantCost(
            batch_id=row["order__batch_id"],
            label=_label(row["variant__options"], row["variant__sku"]),
            units=row["n"],
            unit_cost=row["variant__production_cost"],
        )
        for row in sums.annotate(n=Sum("quantity"))
    ]


def _label(options: dict[str, Any], sku: str) -> str:
    return " · ".join(map(str, options.values())) or sku


def _costs(variants: list[VariantCost]) -> Sums:
    sums: Sums = {}
    for variant in variants:
        of_batch = sums.setdefault(
            variant.batch_id, {"cost": NOTHING, "units": 0, "units_without_cost": 0}
        )
        of_batch["units"] += variant.units
        of_batch["cost"] += variant.cost or NOTHING
        if variant.cost is None:
            of_batch["units_without_cost"] += variant.units
    return sums


def _set_aside(batches: list[Batch]) -> dict[str, Decimal]:
    """Read one by one: such money is rare, and its currency may have any decimals."""
    held = Payment.objects.filter(order__batch__in=batches, amount_in_suspense__gt=0)
    sums: dict[str, Decimal] = {}
    for payment in held.only("amount_in_suspense", "suspense_currency"):
        currency = payment.suspense_currency
        sums[currency] = sums.get(currency, NOTHING) + payment.amount_in_suspense
    return sums
