"""What the form of a new batch is filled with, so that little is left to type."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from operator import attrgetter
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.db.models import Max, QuerySet
from django.utils import timezone

from campaigns.clock import database_now
from campaigns.models import Batch, Campaign
from campaigns.readiness import SELLABLE

CLOSING = time(21)
DAYS_OPEN = 14
# Whatever is chosen for a missed minimum, its usual days are free.
DAYS_TO_EXTEND: int = Batch._meta.get_field("extension_days").default
DAYS_OF_PRODUCTION = 21
DAYS_TO_SHIP = (3, 7)


@dataclass(frozen=True)
class Before:
    """What a campaign's other batches leave to a new one."""

    closes_at: datetime | None = None
    production_ends_on: date | None = None
    extension_days: int = 0
    is_full: bool = False

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        batches = list(campaign.batches.exclude(stage=Batch.Stage.CANCELED))
        sold = [b for b in batches if b.closes_at and b.stage in SELLABLE]
        last = max(sold, key=attrgetter("closes_at"), default=None)
        ends = [batch.production_ends_on for batch in batches]
        return cls(
            closes_at=last.closes_at if last else None,
            is_full=last is not None and not last.rest,
            production_ends_on=max((day for day in ends if day), default=None),
            extension_days=max((b.extension_days for b in batches), default=0),
        )


NOTHING = Before()


def proposed(campaigns: QuerySet[Any], key: Any) -> dict[str, Any]:
    """`campaigns` are those to choose from; any other one tells nothing of itself."""
    campaign = _chosen(campaigns, key)
    if campaign is None:
        return schedule(database_now(), timezone.get_current_timezone_name())
    before = Before.of(campaign)
    columns = schedule(database_now(), campaign.seller.time_zone, before)
    return columns | {"number": next_number(campaign)}


def next_number(campaign: Campaign) -> int:
    highest = campaign.batches.aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1


def schedule(
    now: datetime, zone_name: str, before: Before = NOTHING
) -> dict[str, date]:
    """Two weeks of orders, room for an extension, three weeks of production.

    Each after the last batch's own; where that one is full, orders from now on.
    """
    zone = ZoneInfo(zone_name)
    soonest = _next_hour(now.astimezone(zone))
    free_from = max(soonest, before.closes_at or soonest)
    closes_on = free_from.astimezone(zone).date() + timedelta(days=DAYS_OPEN)
    starts_on = _production_start(closes_on, before)
    ends_on = starts_on + timedelta(days=DAYS_OF_PRODUCTION)
    ships_from, ships_until = (ends_on + timedelta(days=days) for days in DAYS_TO_SHIP)
    return {
        "opens_at": soonest if before.is_full else free_from,
        "closes_at": datetime.combine(closes_on, CLOSING, zone).astimezone(UTC),
        "production_starts_on": starts_on,
        "production_ends_on": ends_on,
        "ships_from": ships_from,
        "ships_until": ships_until,
    }


def _production_start(closes_on: date, before: Before) -> date:
    """The day after an extended closing, and after the production before it."""
    gap = max(DAYS_TO_EXTEND, before.extension_days)
    last_day = closes_on + timedelta(days=gap)
    return max(last_day, before.production_ends_on or last_day) + timedelta(days=1)


def _next_hour(local: datetime) -> datetime:
    """On the wall's clock, also where it differs from others by half an hour."""
    full = local.replace(minute=0, second=0, microsecond=0)
    return full.astimezone(UTC) + timedelta(hours=1)


def _chosen(campaigns: QuerySet[Any], key: Any) -> Campaign | None:
    if not str(key).isdecimal():
        return None
    found: Campaign | None = campaigns.filter(pk=int(key)).first()
    return found
