"""The windows of one order: first promised, last told, as it stands now."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from campaigns import dates
from campaigns.models import Batch, ScheduleChange
from campaigns.timeline import Earlier, changes_of
from orders.models import Order


@dataclass(frozen=True)
class Window:
    first: date | None
    last: date | None

    def __str__(self) -> str:
        return dates.window(self.first, self.last)


@dataclass(frozen=True, kw_only=True)
class Promises:
    """`changes` are those announced since the order is in its batch."""

    promised: Window
    told: Window
    current: Window
    changes: list[ScheduleChange]

    @classmethod
    def of(cls, order: Order) -> Self:
        """No query unless its batch was moved, then two."""
        changes = changes_of(order.batch)
        return cls(
            promised=Window(order.promised_from, order.promised_until),
            told=_window_at(order.schedule_version, order.batch, changes),
            current=Window(order.batch.ships_from, order.batch.ships_until),
            changes=_concerning(order, changes),
        )

    @property
    def have_moved(self) -> bool:
        return bool(self.changes) or self.promised != self.current

    @property
    def earlier(self) -> list[Earlier]:
        """What is struck: the first promise, then each window that followed it."""
        found = [Earlier.of(change) for change in self.changes]
        stood = _before(self.changes[0]) if self.changes else self.current
        if self.promised != stood:
            found.insert(0, Earlier(str(self.promised)))
        return found


def _window_at(version: int, batch: Batch, changes: list[ScheduleChange]) -> Window:
    """The window that stood while the schedule had this version."""
    later = next((change for change in changes if change.version > version), None)
    return _before(later) if later else Window(batch.ships_from, batch.ships_until)


def _before(change: ScheduleChange) -> Window:
    return Window(change.old_from, change.old_until)


def _concerning(order: Order, changes: list[ScheduleChange]) -> list[ScheduleChange]:
    """What moved before the order came into the batch was never its promise."""
    if not changes:
        return []
    moved = order.events.filter(kind="moved").order_by("-pk").first()
    since = moved.at if moved else order.placed_at
    return [change for change in changes if change.announced_at > since]
