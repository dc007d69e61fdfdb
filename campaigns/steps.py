"""The schedule of one batch as a timeline: done, now, later, or late."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import dates
from campaigns.models import Batch
from campaigns.templatetags.shop import moment_tag

Stage = Batch.Stage
BEFORE_CLOSE = {Stage.DRAFT, Stage.OPEN}
PRODUCED = {Stage.SHIPPING, Stage.COMPLETED}


@dataclass(frozen=True, kw_only=True)
class Step:
    """As components/timeline.html takes it; `due` is the day after which it is late."""

    title: str
    when_html: str
    is_done: bool
    is_running: bool = False
    due: date | None = None
    state: str = "later"


def steps(batch: Batch, now: datetime) -> list[Step]:
    plan = list(_plan(batch, now))
    current = next((step for step in plan if not step.is_done), None)
    return [replace(step, state=_state(step, current, now)) for step in plan]


def _plan(batch: Batch, now: datetime) -> Iterator[Step]:
    yield Step(
        title=_("Pre-order opens"),
        when_html=moment_tag(batch.opens_at),
        is_done=_has_passed(batch.opens_at, now),
    )
    yield Step(
        title=_("Pre-order closes"),
        when_html=moment_tag(batch.closed_at or batch.closes_at),
        is_done=batch.stage not in BEFORE_CLOSE or _has_passed(batch.closes_at, now),
    )
    yield Step(
        title=_("Production"),
        when_html=dates.window(batch.production_starts_on, batch.production_ends_on),
        is_done=batch.stage in PRODUCED,
        is_running=batch.stage == Stage.PRODUCTION,
        due=batch.production_ends_on,
    )
    if batch.addresses_lock_at:
        yield Step(
            title=_("Addresses lock"),
            when_html=moment_tag(batch.addresses_lock_at),
            is_done=_has_passed(batch.addresses_lock_at, now),
        )
    yield Step(
        title=_("Shipping"),
        when_html=_("%(window)s (estimated)")
        % {"window": dates.window(batch.ships_from, batch.ships_until)},
        is_done=batch.stage == Stage.COMPLETED,
        is_running=batch.stage == Stage.SHIPPING,
        due=batch.ships_until,
    )


def _has_passed(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


def _state(step: Step, current: Step | None, now: datetime) -> str:
    if step.is_done:
        return "done"
    if step is not current:
        return "later"
    is_late = step.due is not None and step.due < timezone.localdate(now)
    return "late" if is_late else "now"
