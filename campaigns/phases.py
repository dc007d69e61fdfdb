"""Where a batch and its campaign stand by the database's clock, as buyers are told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from campaigns.models import Batch

NEARLY_FULL_UNITS = 10
NEARLY_FULL_SHARE = 10


class Phase(StrEnum):
    SCHEDULED = "scheduled"
    OPEN = "open"
    NEARLY_FULL = "nearly_full"
    NEXT_BATCH = "next_batch"
    FULL = "full"
    CLOSED = "closed"
    GOING_AHEAD = "going_ahead"
    PRODUCTION = "production"
    SHIPPING = "shipping"
    COMPLETED = "completed"
    MISSED = "missed"
    CANCELED = "canceled"

    @property
    def is_on_sale(self) -> bool:
        return self in ON_SALE


ON_SALE = {Phase.OPEN, Phase.NEARLY_FULL, Phase.NEXT_BATCH}
BEING_MADE = {Phase.CLOSED, Phase.GOING_AHEAD, Phase.PRODUCTION, Phase.SHIPPING}


@dataclass(frozen=True)
class Standing:
    """A batch with its phase; of a campaign nothing was announced for, no batch.

    `left`: units the public can still have.
    """

    phase: Phase
    batch: Batch | None
    left: int = 0


def standing(batch: Batch, now: datetime, *, left: int) -> Standing:
    if batch.minimum_missed_at:
        return Standing(Phase.MISSED, batch, left)
    if batch.stage == Batch.Stage.CLOSED and batch.goes_ahead:
        return Standing(Phase.GOING_AHEAD, batch, left)
    if batch.stage != Batch.Stage.OPEN:
        return Standing(Phase(batch.stage), batch, left)
    return Standing(_phase_of_open(batch, now, left), batch, left)


def headline(standings: Sequence[Standing]) -> Standing:
    """The batch a campaign's page speaks about; `standings` in order of number."""
    for phases, choose in _PREFERENCE:
        if found := [each for each in standings if each.phase in phases]:
            return _said_as_next(choose(found), standings)
    return Standing(Phase.SCHEDULED, None)


def next_change(batches: Sequence[Batch], now: datetime) -> datetime | None:
    """The nearest opening or cut-off still ahead."""
    moments = (
        moment
        for batch in batches
        if batch.stage == Batch.Stage.OPEN
        for moment in (batch.opens_at, batch.closes_at)
        if moment and moment > now
    )
    return min(moments, default=None)


def _phase_of_open(batch: Batch, now: datetime, left: int) -> Phase:
    if batch.opens_at is None or batch.opens_at > now:
        return Phase.SCHEDULED
    if not batch.is_accepting(now):
        return Phase.CLOSED
    if not left:
        return Phase.FULL
    return Phase.NEARLY_FULL if _is_nearly_full(batch, left) else Phase.OPEN


def _is_nearly_full(batch: Batch, left: int) -> bool:
    """A tenth left, or ten units; a small batch is not so before half is gone."""
    few = max(NEARLY_FULL_UNITS, batch.capacity // NEARLY_FULL_SHARE)
    return left <= min(few, batch.taken)


def _said_as_next(chosen: Standing, standings: Sequence[Standing]) -> Standing:
    """A later batch is offered because an earlier one is full: say so."""
    before = standings[: standings.index(chosen)]
    if chosen.phase.is_on_sale and any(each.phase is Phase.FULL for each in before):
        return replace(chosen, phase=Phase.NEXT_BATCH)
    return chosen


def _first(found: Sequence[Standing]) -> Standing:
    return found[0]


def _last(found: Sequence[Standing]) -> Standing:
    return found[-1]


_PREFERENCE: tuple[tuple[set[Phase], Callable[[Sequence[Standing]], Standing]], ...] = (
    (ON_SALE, _first),
    ({Phase.FULL}, _last),
    ({Phase.SCHEDULED}, _first),
    (BEING_MADE, _first),
    ({Phase.COMPLETED}, _last),
    ({Phase.MISSED, Phase.CANCELED}, _last),
)
