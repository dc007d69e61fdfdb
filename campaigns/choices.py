"""The variants of a campaign as a buyer chooses among them: tiles and rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import takewhile

from django.utils.translation import gettext as _

from campaigns import room_wording, wording
from campaigns.caps import Cap
from campaigns.models import Batch, Variant
from campaigns.money import format_money
from campaigns.room import Room

FEW_VARIANTS = 6
SEPARATOR = " · "
# The batches on sale, earliest first, each with what is left in it.
Rooms = Sequence[tuple[Batch, Room]]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A variant; `most` units fit in an order, 0 when no batch has it any more.

    `left` is set where the variant has less room than its batch; `instead` is the
    later batch that still has what the first one has not; `rooms` are what it has
    where it is on sale.
    """

    variant: Variant
    text: str
    currency: str
    most: int
    left: int | None
    instead: Batch | None
    rooms: Rooms
    above_lowest: Decimal

    @property
    def price(self) -> Decimal:
        return self.variant.price

    @property
    def plain_price(self) -> str:
        return str(self.price)

    @property
    def is_gone(self) -> bool:
        return self.most == 0

    @property
    def field_name(self) -> str:
        return f"quantity-{self.variant.pk}"

    @property
    def tile_id(self) -> str:
        return f"variant-{self.variant.pk}"

    @property
    def cap(self) -> Cap:
        """What allows no more of it in the first batch on sale."""
        return self.rooms[0][1].cap_of(self.variant.pk) if self.rooms else Cap.SALE

    @property
    def lacking(self) -> Rooms:
        """The batches that have none of it, before the one that has."""
        if self.instead is None:
            return []
        return list(takewhile(lambda each: each[0] is not self.instead, self.rooms))

    @property
    def room(self) -> str:
        return self.room_with()

    @property
    def note(self) -> str:
        return self.note_with()

    def room_with(self, returning: int = 0) -> str:
        """`returning`: units of a gone variant that are held and may come back."""
        if self.is_gone:
            return room_wording.gone_short(self.cap, returning)
        if self.instead:
            return _("batch %(number)s only") % {"number": self.instead.number}
        return "" if self.left is None else wording.units_left(self.left)

    def note_with(self, returning: int = 0) -> str:
        more = format_money(self.above_lowest, self.currency)
        price = f"+{more}" if self.above_lowest else ""
        parts = (price, self.room_with(returning))
        return SEPARATOR.join(part for part in parts if part)


@dataclass(frozen=True)
class Group:
    title: str
    choices: list[Choice]


def choose_from(
    variants: Sequence[Variant],
    *,
    rooms: Rooms,
    most: int,
    currency: str,
) -> list[Choice]:
    lowest = min((variant.price for variant in variants), default=Decimal())
    return [
        Choice(
            variant=variant,
            text=variant.label,
            currency=currency,
            most=min(most, _greatest_left(variant, rooms)),
            left=_own_left(variant, rooms),
            instead=_later_batch(variant, rooms),
            rooms=rooms,
            above_lowest=variant.price - lowest,
        )
        for variant in variants
    ]


def grouped(choices: Sequence[Choice]) -> list[Group]:
    """By the first option when there are many; else one group without a title."""
    has_options = all(len(choice.variant.options) > 1 for choice in choices)
    if len(choices) <= FEW_VARIANTS or not has_options:
        return [Group("", list(choices))]
    groups: dict[str, Group] = {}
    for choice in choices:
        first, *others = map(str, choice.variant.options.values())
        group = groups.setdefault(first, Group(first, []))
        group.choices.append(replace(choice, text=SEPARATOR.join(others)))
    return list(groups.values())


def option_names(choices: Sequence[Choice]) -> str:
    """`Ukuran · Warna`, when all variants have the same options."""
    names = {tuple(choice.variant.options) for choice in choices}
    return SEPARATOR.join(names.pop()) if len(names) == 1 else ""


def _greatest_left(variant: Variant, rooms: Rooms) -> int:
    return max((room.units_of(variant.pk) for _, room in rooms), default=0)


def _own_left(variant: Variant, rooms: Rooms) -> int | None:
    if not rooms:
        return None
    _batch, room = rooms[0]
    own = room.units_of(variant.pk)
    return own if own < room.left else None


def _later_batch(variant: Variant, rooms: Rooms) -> Batch | None:
    having = [batch for batch, room in rooms if room.units_of(variant.pk)]
    return having[0] if having and having[0] is not rooms[0][0] else None
