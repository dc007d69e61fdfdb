"""A timeline of steps: done, now, later or late, with the dates that moved struck."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self

from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import dates
from campaigns.models import Batch, ScheduleChange

PRODUCED = (Batch.Stage.SHIPPING, Batch.Stage.COMPLETED)


@dataclass(frozen=True)
class Earlier:
    """A window that stood once, and what moved it, as far as that was announced."""

    window: str
    reason: str = ""
    announced_at: datetime | None = None

    @classmethod
    def of(cls, change: ScheduleChange) -> Self:
        window = dates.window(change.old_from, change.old_until)
        return cls(window, change.reason, change.announced_at)


@dataclass(frozen=True, kw_only=True)
class Step:
    """As components/timeline.html takes it; `due` is the day after which it is late."""

    title: str
    when_html: str
    is_done: bool
    is_running: bool = False
    due: date | None = None
    earlier: tuple[Earlier, ...] = ()
    state: str = "later"

    @property
    def reasons(self) -> list[Earlier]:
        return [each for each in self.earlier if each.reason]


def marked(plan: Iterable[Step], now: datetime) -> list[Step]:
    """The first step that is not done is the current one; days are of this zone."""
    steps, today = list(plan), timezone.localdate(now)
    current = next((step for step in steps if not step.is_done), None)
    return [replace(step, state=_state(step, current, today)) for step in steps]


def _state(step: Step, current: Step | None, today: date) -> str:
    if step.is_done:
        return "done"
    if step is not current:
        return "later"
    return "late" if step.due is not None and step.due < today else "now"


def production(batch: Batch, *, is_done: bool) -> Step:
    return Step(
        title=_("Production"),
        when_html=dates.window(batch.production_starts_on, batch.production_ends_on),
        is_done=is_done,
        is_running=batch.stage == Batch.Stage.PRODUCTION,
        due=batch.production_ends_on,
    )


def shipping(batch: Batch, *, is_done: bool, earlier: Iterable[Earlier]) -> Step:
    return Step(
        title=_("Shipping"),
        when_html=estimated(batch),
        is_done=is_done,
        is_running=batch.stage == Batch.Stage.SHIPPING,
        due=batch.ships_until,
        earlier=tuple(earlier),
    )


def estimated(batch: Batch) -> str:
    window = dates.window(batch.ships_from, batch.ships_until)
    is_known = batch.ships_from and batch.ships_until
    return _("%(window)s (estimated)") % {"window": window} if is_known else window


def changes_of(batch: Batch) -> list[ScheduleChange]:
    """As announced, oldest first; while the first promise stands, nothing is asked."""
    return list(batch.schedule_changes.all()) if batch.schedule_version > 1 else []
