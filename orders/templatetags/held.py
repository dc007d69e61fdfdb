"""What unpaid orders hold, for pages of the app below: one query, then words."""

from collections.abc import Iterable

from django import template

from campaigns import room_wording, wording
from campaigns.choices import SEPARATOR, Choice
from campaigns.models import Batch
from campaigns.offer import BatchRow
from campaigns.room import Room
from orders.holds.held import Held

register = template.Library()


@register.simple_tag
def units_held(rows: Iterable[BatchRow]) -> Held:
    """For the batches whose room is shown."""
    return Held.of([row.batch for row in rows if row.is_counted])


@register.simple_tag
def units_held_in(batch: Batch) -> Held:
    return Held.of([batch])


@register.filter
def in_batch(held: Held, batch: Batch) -> int:
    return held.in_batch(batch)


@register.simple_tag
def full_notice(row: BatchRow, held: Held) -> room_wording.Notice:
    """In place of the order form of a batch that has nothing left."""
    return room_wording.notice(
        row.room.cap,
        returning=held.returning(row.batch, row.room),
        is_for_the_list=held.is_for_the_list(row.batch, row.room),
    )


@register.filter
def row_gone(row: BatchRow, held: Held) -> str:
    """Why the batch of this row has nothing left; empty while it has."""
    return "" if row.left else _gone(held, row.batch, row.room)


@register.simple_tag
def room_in_words(held: Held, batch: Batch, room: Room) -> str:
    """`N left`, what is taken but unpaid, or `sold out`."""
    if room.left:
        return wording.units_left(room.left)
    return _gone(held, batch, room)


def _gone(held: Held, batch: Batch, room: Room) -> str:
    if held.is_for_the_list(batch, room):
        return room_wording.gone_to_the_list(room.cap)
    return room_wording.gone(room.cap, held.returning(batch, room))


@register.simple_tag
def held_note(held: Held, batch: Batch, room: Room, variant_id: int | None) -> str:
    """What unpaid orders hold of a variant that has nothing left, if it may return."""
    if variant_id is None or room.units_of(variant_id):
        return ""
    returning = held.returning_of(variant_id, batch, room)
    return room_wording.held(returning) if returning else ""


@register.filter
def note(choice: Choice, held: Held) -> str:
    """The second line of an option's tile."""
    return choice.note_with(_returning(choice, held))


@register.simple_tag
def held_before(choices: Iterable[Choice], held: Held) -> dict[int, str]:
    """By batch: what is held of variants that only a later batch has now."""
    found: dict[int, list[str]] = {}
    for choice in choices:
        for batch, room in choice.lacking:
            if units := held.returning_of(choice.variant.pk, batch, room):
                told = f"{choice.variant.label}: {room_wording.held(units)}"
                found.setdefault(batch.number, []).append(told)
    return {number: SEPARATOR.join(told) for number, told in found.items()}


def _returning(choice: Choice, held: Held) -> int:
    return sum(
        held.returning_of(choice.variant.pk, batch, room)
        for batch, room in choice.rooms
    )
