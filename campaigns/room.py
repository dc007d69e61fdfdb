"""What is left: the one place that says it, for a variant, a batch and a basket.

The gate in `capacity.shift` decides; these numbers are what it would accept now from an
order that comes in time.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from django.db.models import (
    Case,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Round
from django.db.models.lookups import GreaterThanOrEqual

from campaigns.caps import UNLIMITED, Cap
from campaigns.errors import Shortage
from campaigns.models import Allotment, Batch
from campaigns.money import EXPONENT, to_minor_units

# What a basket wants: units by allotment, each with its variant.
Wanted = Mapping[Allotment, int]


@dataclass(frozen=True)
class Left:
    """Units still to be had, and the cap that allows no more."""

    units: int
    cap: Cap


NOT_SOLD = Left(0, Cap.SALE)
MINOR_UNITS = Case(
    *(
        When(campaign__currency=code, then=Value(10**places))
        for code, places in EXPONENT.items()
    ),
    output_field=IntegerField(),
)
LeftOf = Callable[[Allotment, Batch], Left]


@dataclass(frozen=True)
class Room:
    """What the public can still have of a batch; `variants` by variant id."""

    batch: Left
    variants: Mapping[int, Left]
    # Variants that are gone but sold all the same: somebody may wait for them.
    gone: frozenset[int]
    # What the batch still bears, be it for the public or for who waits.
    borne: Left

    @classmethod
    def of(cls, batch: Batch, allotments: Iterable[Allotment]) -> Self:
        """`allotments` are all of the batch, each with its variant."""
        active = [a for a in allotments if a.variant.active]
        variants = {a.variant_id: of_variant(a, batch) for a in active}
        gone = {a.variant_id for a in active if a.is_sold} - {
            variant for variant, own in variants.items() if own.units
        }
        return cls(
            batch=_of_allotments(batch, [a for a in active if a.is_on_sale]),
            variants=variants,
            gone=frozenset(gone),
            borne=_of_allotments(batch, [a for a in active if a.is_sold]),
        )

    @property
    def left(self) -> int:
        return self.batch.units

    @property
    def cap(self) -> Cap:
        """What allows no more; what is kept for who waits has a cap behind the list."""
        is_kept = self.batch.cap is Cap.SALE and not self.borne.units
        return (self.borne if is_kept else self.batch).cap

    def cap_of(self, variant_id: int) -> Cap:
        """The same of a variant nothing is left of."""
        left = self.variants.get(variant_id, NOT_SOLD)
        is_kept = left.cap is Cap.SALE and variant_id in self.gone
        return self.borne.cap if is_kept and not self.borne.units else left.cap

    def units_of(self, variant_id: int) -> int:
        left = self.variants.get(variant_id)
        return left.units if left else 0


def of_variant(allotment: Allotment, batch: Batch) -> Left:
    """For the public: the least of the caps a unit of this variant counts against."""
    return for_the_asked(allotment, batch) if allotment.is_on_sale else NOT_SOLD


def for_the_asked(allotment: Allotment, batch: Batch) -> Left:
    """The same for who was asked: from the waiting list, or to move here."""
    if not allotment.is_sold:
        return NOT_SOLD
    price, currency = allotment.variant.price, batch.campaign.currency
    own = Left(allotment.rest, Cap.VARIANT)
    return _least(own, *_caps_of(batch, price, currency))


def in_batches(batches: Iterable[Batch]) -> dict[int, Room]:
    """One query for all of them; by batch id."""
    found = {batch.pk: batch for batch in batches}
    rows: dict[int, list[Allotment]] = {pk: [] for pk in found}
    for allotment in Allotment.objects.of(found.values()):
        rows[allotment.batch_id].append(allotment)
    return {pk: Room.of(batch, rows[pk]) for pk, batch in found.items()}


def in_batch(batch: Batch) -> Room:
    return in_batches([batch])[batch.pk]


def counted(batches: "QuerySet[Batch]") -> "QuerySet[Batch]":
    """For lists that show no variants: `left_in_list` then needs the row alone."""
    own = Coalesce(F("capacity") - F("taken"), Value(UNLIMITED))
    roomy = Allotment.objects.filter(
        Q(capacity__isnull=True) | Q(capacity__gt=F("taken")),
        batch=OuterRef("pk"),
        sale=Allotment.Sale.OPEN,
        variant__active=True,
    )
    by_batch = roomy.order_by().values("batch")
    return batches.annotate(
        variants_rest=Subquery(by_batch.annotate(n=Sum(own)).values("n")),
        lowest_price=Subquery(
            by_batch.annotate(n=Min("variant__price")).values("n"),
        ),
    )


def in_list(batch: Batch, currency: str) -> Left:
    """What `Room.batch` says, from the columns that `counted` added."""
    columns = vars(batch)
    rest, price = columns["variants_rest"] or 0, columns["lowest_price"]
    return _of_batch(batch, rest=rest, price=price, currency=currency)


def left_in_list(batch: Batch, currency: str) -> int:
    return in_list(batch, currency).units


def roomy(batches: "QuerySet[Batch]") -> "QuerySet[Batch]":
    """Those of which `left_in_list` says that something is left."""
    has_order_left = Q(order_capacity__isnull=True) | Q(
        orders_taken__lt=F("order_capacity")
    )
    # To the nearest minor unit: SQLite multiplies decimals as floats.
    cheapest = Round(F("lowest_price") * MINOR_UNITS)
    money_rest = F("goods_capacity") - F("goods_taken")
    pays_for_one = Q(goods_capacity__isnull=True) | Q(
        GreaterThanOrEqual(money_rest, cheapest)
    )
    is_left = Q(variants_rest__gt=0, taken__lt=F("capacity"))
    return counted(batches).filter(is_left, has_order_left, pays_for_one)


def is_full(batch: Batch, allotments: Iterable[Allotment]) -> bool:
    """Whether the batch bears no unit more, whatever its variants still have."""
    currency = batch.campaign.currency
    return not any(
        _least(*_caps_of(batch, a.variant.price, currency)).units for a in allotments
    )


def shortages(
    batch: Batch, wanted: Wanted, left_of: LeftOf = of_variant
) -> list[Shortage]:
    """Every variant that is short, then the batch if it cannot bear the basket."""
    lefts = {allotment: left_of(allotment, batch) for allotment in wanted}
    short = [
        Shortage(a.variant_id, wanted=wanted[a], left=left.units, cap=left.cap)
        for a, left in lefts.items()
        if wanted[a] > left.units
    ]
    if cap := _cap_of_basket(batch, wanted):
        units = sum(wanted.values())
        short.append(
            Shortage(None, wanted=units, left=most(batch, wanted, left_of), cap=cap)
        )
    return short


def most(
    batch: Batch, variants: Iterable[Allotment], left_of: LeftOf = of_variant
) -> int:
    """The units of the largest order that these variants can make up."""
    anything = dict.fromkeys(variants, UNLIMITED)
    return sum(largest_part(batch, anything, left_of).values())


def largest_part(
    batch: Batch, wanted: Wanted, left_of: LeftOf = of_variant
) -> dict[Allotment, int]:
    """As many units of the basket as fit; the cheapest first, so that most do."""
    part: dict[Allotment, int] = {}
    units, money = batch.rest, batch.money_rest
    for allotment in sorted(wanted, key=lambda a: (a.variant.price, a.pk)):
        price = to_minor_units(allotment.variant.price, batch.campaign.currency)
        left = left_of(allotment, batch).units
        fits = min(wanted[allotment], left, units, _affordable(money, price))
        if fits:
            part[allotment] = fits
        units -= fits
        money = None if money is None else money - fits * price
    return part


def _cap_of_basket(batch: Batch, wanted: Wanted) -> Cap | None:
    """The batch's cap that the basket as a whole would break."""
    goods = sum((a.variant.price * n for a, n in wanted.items()), start=Decimal(0))
    money = batch.money_rest
    checks = [
        (not batch.has_order_left, Cap.ORDERS),
        (sum(wanted.values()) > batch.rest, Cap.BATCH),
        (
            money is not None
            and to_minor_units(goods, batch.campaign.currency) > money,
            Cap.MONEY,
        ),
    ]
    return next((cap for is_broken, cap in checks if is_broken), None)


def _of_allotments(batch: Batch, allotments: list[Allotment]) -> Left:
    if not allotments:
        return NOT_SOLD
    roomy = [a for a in allotments if a.rest]
    return _of_batch(
        batch,
        rest=sum(a.rest for a in roomy),
        price=min((a.variant.price for a in roomy), default=None),
        currency=batch.campaign.currency,
    )


def _of_batch(batch: Batch, *, rest: int, price: Decimal | None, currency: str) -> Left:
    """`rest` and `price`: all its variants' rests, and the lowest price among them."""
    own = Left(rest, Cap.VARIANT)
    return _least(own, *_caps_of(batch, price, currency)) if rest else own


def _caps_of(batch: Batch, price: Decimal | None, currency: str) -> list[Left]:
    caps = [Left(batch.rest, Cap.BATCH)]
    if not batch.has_order_left:
        caps.append(Left(0, Cap.ORDERS))
    if batch.money_rest is not None and price is not None:
        minor = to_minor_units(price, currency)
        caps.append(Left(_affordable(batch.money_rest, minor), Cap.MONEY))
    return caps


def _affordable(money: int | None, price: int) -> int:
    """A cap in money does not count what is given away."""
    return UNLIMITED if money is None or not price else money // price


def _least(*caps: Left) -> Left:
    return min(caps, key=lambda left: left.units)
