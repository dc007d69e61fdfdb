"""Units that unpaid orders hold: taken, but perhaps not for long."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from campaigns.caps import Cap
from campaigns.models import Batch
from campaigns.room import Room
from orders.models import OrderLine

# To count so many takes longer than all the rest of a page. A count is kept for a
# second, as public pages are, and the longer the more it took: so that counting never
# takes more than a fiftieth of a worker.
MANY_UNITS = 2_000
KEPT_SECONDS = 1.0
TIMES_AS_LONG = 50

Units = Mapping[tuple[int, int], int]


@dataclass(frozen=True)
class Held:
    """`units` by batch and variant id."""

    units: Units

    @classmethod
    def of(cls, batches: Iterable[Batch]) -> Self:
        """One query; when very many are held, one a second or fewer."""
        found = list(batches)
        key = tuple(batch.pk for batch in found)
        units = _kept.get(key)
        if units is None:
            began = time.monotonic()
            units = OrderLine.objects.held_by_variant(found)
            if sum(units.values()) >= MANY_UNITS:
                _kept.put(key, units, began)
        return cls(units)

    def in_batch(self, batch: Batch) -> int:
        return sum(n for (pk, _variant), n in self.units.items() if pk == batch.pk)

    def returning(self, batch: Batch, room: Room) -> int:
        """Held units that would be on sale again, once their orders expire."""
        if room.batch.cap is Cap.VARIANT:
            return sum(self._own(batch, room, variant) for variant in room.variants)
        return 0 if room.batch.cap is Cap.SALE else self.in_batch(batch)

    def is_for_the_list(self, batch: Batch, room: Room) -> bool:
        """Whether units are held, and who waits is asked first once they expire."""
        listed = (v for v in room.gone if room.variants[v].cap is Cap.SALE)
        is_held = any(self.units.get((batch.pk, variant)) for variant in listed)
        return is_held and not self.returning(batch, room)

    def returning_of(self, variant_id: int, batch: Batch, room: Room) -> int:
        """The same for one variant: whatever unit frees the cap it waits for."""
        left = room.variants.get(variant_id)
        if left is None or left.cap in (Cap.SALE, Cap.VARIANT):
            return self._own(batch, room, variant_id)
        return self.in_batch(batch)

    def _own(self, batch: Batch, room: Room, variant_id: int) -> int:
        left = room.variants.get(variant_id)
        is_sold = left is not None and left.cap is not Cap.SALE
        return self.units.get((batch.pk, variant_id), 0) if is_sold else 0


class _Kept:
    """The last counts of this process, each with the moment it is forgotten."""

    def __init__(self) -> None:
        self._counts: dict[tuple[int, ...], tuple[float, Units]] = {}

    def get(self, key: tuple[int, ...]) -> Units | None:
        forgotten_at, units = self._counts.get(key, (0.0, {}))
        return units if time.monotonic() < forgotten_at else None

    def put(self, key: tuple[int, ...], units: Units, began: float) -> None:
        """`began`: when counting them did, by the monotonic clock."""
        now = time.monotonic()
        kept_for = max(KEPT_SECONDS, TIMES_AS_LONG * (now - began))
        self._counts[key] = (now + kept_for, units)


_kept = _Kept()
