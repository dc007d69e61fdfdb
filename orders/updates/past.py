"""An order as it was when an update told of it: what was said then stays said."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from campaigns.models import Batch, ScheduleChange
from campaigns.text.placeholders import Values
from campaigns.timeline import changes_of
from orders.models import Order, OrderEvent
from orders.updates.recipients import values_in

Window = tuple[date | None, date | None]


@dataclass
class Past:
    """Read once for any number of moments; nothing while no window has moved."""

    order: Order

    def values_at(self, moment: datetime) -> Values:
        """To who ordered later no window was told: it stays the promised one."""
        batch = self._batch_at(moment)
        is_told = self.order.placed_at <= moment
        window = self._window_at(batch, moment) if is_told else (None, None)
        return values_in(self.order, batch, *window)

    def _batch_at(self, moment: datetime) -> Batch:
        left = next((move for move in self._moves if move.at > moment), None)
        return self._left_behind[left.data["from"]] if left else self.order.batch

    def _window_at(self, batch: Batch, moment: datetime) -> Window:
        changes = self._changes[batch.pk]
        later = next((each for each in changes if each.announced_at > moment), None)
        if later:
            return later.old_from, later.old_until
        return batch.ships_from, batch.ships_until

    @cached_property
    def _moves(self) -> list[OrderEvent]:
        return list(self.order.events.filter(kind="moved").order_by("pk"))

    @cached_property
    def _left_behind(self) -> dict[int, Batch]:
        return Batch.objects.in_bulk([move.data["from"] for move in self._moves])

    @cached_property
    def _changes(self) -> dict[int, list[ScheduleChange]]:
        batches = [
            self.order.batch,
            *(self._left_behind.values() if self._moves else ()),
        ]
        return {batch.pk: changes_of(batch) for batch in batches}
