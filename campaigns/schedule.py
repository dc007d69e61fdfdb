"""Announcing another shipping window: the one way to change what was promised.

Who has ordered is told by the orders app, which finds the new version.
"""

from datetime import date, datetime, time, timedelta
from enum import StrEnum, auto
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import transaction

from campaigns.actors import Actor
from campaigns.clock import database_now
from campaigns.errors import CampaignError
from campaigns.models import Batch, ScheduleChange
from campaigns.text.typed_text import is_unreadable
from campaigns.wakeup import wake_up

# Buyers have at least this long to answer, unless the seller gives them more.
LEAST_TIME = timedelta(days=2)
USUAL_TIME = timedelta(days=7)
MOST_TIME = timedelta(days=60)
# A date beyond is a typing error.
FARTHEST = timedelta(days=5 * 366)
LONGEST_REASON = 1000
Stage = Batch.Stage


class Window(NamedTuple):
    ships_from: date
    ships_until: date


class NotAnnounceable(CampaignError):
    """`limit`: the day or moment that the refused one does not keep to, if any."""

    class Reason(StrEnum):
        STAGE = auto()
        TAKES_ORDERS = auto()
        MAY_REOPEN = auto()
        SAME = auto()
        BACKWARDS = auto()
        PAST = auto()
        TOO_FAR = auto()
        BEFORE_PRODUCTION = auto()
        ANSWER_TOO_SOON = auto()
        ANSWER_TOO_LATE = auto()
        NO_REASON = auto()
        REASON_TOO_LONG = auto()
        REASON_UNREADABLE = auto()

    def __init__(self, reason: Reason, limit: date | None = None) -> None:
        super().__init__(reason)
        self.reason, self.limit = reason, limit


Reason = NotAnnounceable.Reason


def announce(
    batch: Batch,
    *,
    window: Window | None,
    reason: str,
    answer_by: datetime | None = None,
    actor: Actor,
) -> ScheduleChange:
    """Promise this window from now on, or say that none is known (None).

    Raises NotAnnounceable; nothing has changed then. Without `answer_by` buyers get
    the usual time. The orders are told afterwards, each once.
    """
    with transaction.atomic():
        locked = Batch.objects.locked(batch.pk)
        change = proposed(locked, window=window, reason=reason, answer_by=answer_by)
        change.actor, change.user = actor.kind, actor.user
        change.save()
        Batch.objects.filter(pk=batch.pk).update(
            schedule_version=change.version,
            ships_from=change.new_from,
            ships_until=change.new_until,
        )
        locked.record("schedule", actor=actor, data=_noted(change))
        wake_up()
    batch.refresh_from_db(fields=["schedule_version", "ships_from", "ships_until"])
    return change


def proposed(
    batch: Batch,
    *,
    window: Window | None,
    reason: str,
    answer_by: datetime | None = None,
) -> ScheduleChange:
    """The change as it would be announced now, not stored; raises NotAnnounceable."""
    now = database_now()
    _check_batch(batch, window)
    if window:
        _check_window(batch, window, now)
    if answer_by is None:
        answer_by = usual_answer_by(batch, window, now)
    _check_answer_by(batch, window, answer_by, now)
    return ScheduleChange(
        batch=batch,
        version=batch.schedule_version + 1,
        old_from=batch.ships_from,
        old_until=batch.ships_until,
        new_from=window and window.ships_from,
        new_until=window and window.ships_until,
        reason=readable(reason),
        answer_by=answer_by,
    )


def usual_answer_by(batch: Batch, window: Window | None, now: datetime) -> datetime:
    """A week, less when the promised window would be over by then."""
    latest = _latest_answer(batch, window, now)
    return min(now + USUAL_TIME, latest)


def readable(reason: str) -> str:
    """The reason as one paragraph; raises NotAnnounceable."""
    words = " ".join(reason.split())
    if not words:
        raise NotAnnounceable(Reason.NO_REASON)
    if len(words) > LONGEST_REASON:
        raise NotAnnounceable(Reason.REASON_TOO_LONG)
    if is_unreadable(words):
        raise NotAnnounceable(Reason.REASON_UNREADABLE)
    return words


def _check_batch(batch: Batch, window: Window | None) -> None:
    if batch.stage not in Batch.BEFORE_COMPLETION:
        raise NotAnnounceable(Reason.STAGE)
    if window == (batch.ships_from, batch.ships_until) or (
        window is None and batch.ships_until is None
    ):
        raise NotAnnounceable(Reason.SAME)
    if window is None:
        _check_takes_no_orders(batch)


def _check_takes_no_orders(batch: Batch) -> None:
    """Nobody can order what has no date."""
    if batch.stage == Stage.OPEN:
        raise NotAnnounceable(Reason.TAKES_ORDERS)
    extends = batch.rule_below_minimum == Batch.MinimumRule.EXTEND
    if batch.stage == Stage.CLOSED and batch.is_undecided and extends:
        raise NotAnnounceable(Reason.MAY_REOPEN)


def _check_window(batch: Batch, window: Window, now: datetime) -> None:
    today = now.astimezone(_zone(batch)).date()
    if window.ships_until < window.ships_from:
        raise NotAnnounceable(Reason.BACKWARDS)
    # A window that began and is made longer keeps its beginning.
    begins = window.ships_from == batch.ships_from or window.ships_from >= today
    if not begins or window.ships_until < today:
        raise NotAnnounceable(Reason.PAST, today)
    if window.ships_until > today + FARTHEST:
        raise NotAnnounceable(Reason.TOO_FAR, today + FARTHEST)
    if not _follows_production(batch, window):
        raise NotAnnounceable(Reason.BEFORE_PRODUCTION, batch.production_ends_on)


def _follows_production(batch: Batch, window: Window) -> bool:
    """What is being shipped was made, whatever the plan said."""
    if batch.stage == Stage.SHIPPING:
        return True
    planned = Batch(
        campaign=batch.campaign,
        production_starts_on=batch.production_starts_on,
        production_ends_on=batch.production_ends_on,
        ships_from=window.ships_from,
        ships_until=window.ships_until,
    )
    return planned.is_in_order(batch.closes_at)


def _check_answer_by(
    batch: Batch, window: Window | None, answer_by: datetime, now: datetime
) -> None:
    soonest = now + LEAST_TIME
    if answer_by < soonest:
        raise NotAnnounceable(Reason.ANSWER_TOO_SOON, soonest)
    latest = _latest_answer(batch, window, now)
    if answer_by > latest:
        raise NotAnnounceable(Reason.ANSWER_TOO_LATE, latest)


def _latest_answer(batch: Batch, window: Window | None, now: datetime) -> datetime:
    """A delay is answered before the promised window ends, where there is time left."""
    until = batch.ships_until
    is_later = until and (window is None or window.ships_until > until)
    if until and is_later:
        end = datetime.combine(until, time.max, _zone(batch)).replace(microsecond=0)
        if end >= now + LEAST_TIME:
            return min(end, now + MOST_TIME)
    return now + MOST_TIME


def _zone(batch: Batch) -> ZoneInfo:
    return ZoneInfo(batch.campaign.seller.time_zone)


def _noted(change: ScheduleChange) -> dict[str, object]:
    """Windows as two days; None where none is known."""
    return {
        "from": _days(change.old_from, change.old_until),
        "to": _days(change.new_from, change.new_until),
        "version": change.version,
    }


def _days(first: date | None, last: date | None) -> list[str] | None:
    return [first.isoformat(), last.isoformat()] if first and last else None
