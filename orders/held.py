"""Units that unpaid orders hold: taken, but perhaps not for long."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from campaigns.caps import Cap
from campaigns.models import Batch
from campaigns.room import Room
from orders.models import OrderLine


@dataclass(frozen=True)
class Held:
    """`units` by batch and variant id."""

    units: Mapping[tuple[int, int], int]

    @classmethod
    def of(cls, batches: Iterable[Batch]) -> Self:
        """One query."""
        return cls(OrderLine.objects.held_by_variant(batches))

    def in_batch(self, batch: Batch) -> int:
        return sum(n for (pk, _variant), n in self.units.items() if pk == batch.pk)

    def returning(self, batch: Batch, room: Room) -> int:
        """Held units that would be on sale again, once their orders expire."""
        if room.batch.cap is Cap.VARIANT:
            return sum(self._own(batch, room, variant) for variant in room.variants)
        return 0 if room.batch.cap is Cap.SALE else self.in_batch(batch)

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
