"""What the form of a new batch is filled with, so that little is left to type."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max, QuerySet
from django.utils import timezone

from campaigns.clock import database_now
from campaigns.models import Campaign

CLOSING = time(21)
DAYS_OPEN = 14
DAYS_OF_PRODUCTION = 21
DAYS_TO_SHIP = (3, 7)


def proposed(campaigns: QuerySet[Any], key: Any) -> dict[str, Any]:
    """`campaigns` are those to choose from; any other one tells nothing of itself."""
    campaign = _chosen(campaigns, key)
    if campaign is None:
        return schedule(database_now(), timezone.get_current_timezone_name())
    columns = schedule(database_now(), campaign.seller.time_zone)
    return columns | {"number": next_number(campaign)}


def next_number(campaign: Campaign) -> int:
    highest = campaign.batches.aggregate(highest=Max("number"))["highest"]
    return (highest or 0) + 1


def schedule(now: datetime, zone_name: str) -> dict[str, date]:
    """Two weeks of orders from the next full hour on, three weeks of production."""
    zone = ZoneInfo(zone_name)
    opens_at = _next_hour(now.astimezone(zone))
    closes_on = opens_at.astimezone(zone).date() + timedelta(days=DAYS_OPEN)
    starts_on = closes_on + timedelta(days=1)
    ends_on = starts_on + timedelta(days=DAYS_OF_PRODUCTION)
    ships_from, ships_until = (ends_on + timedelta(days=days) for days in DAYS_TO_SHIP)
    return {
        "opens_at": opens_at,
        "closes_at": datetime.combine(closes_on, CLOSING, zone).astimezone(UTC),
        "production_starts_on": starts_on,
        "production_ends_on": ends_on,
        "ships_from": ships_from,
        "ships_until": ships_until,
    }


def _next_hour(local: datetime) -> datetime:
    """On the wall's clock, also where it differs from others by half an hour."""
    full = local.replace(minute=0, second=0, microsecond=0)
    return full.astimezone(UTC) + timedelta(hours=1)


def _chosen(campaigns: QuerySet[Any], key: Any) -> Campaign | None:
    if not str(key).isdecimal():
        return None
    found: Campaign | None = campaigns.filter(pk=int(key)).first()
    return found
