"""Working time of banks: weekdays. Public holidays are not known here."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
SATURDAY = 5


def after(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """That many whole days later, not counting what falls on a weekend.

    Friday 21:00 leads to Monday 21:00, any hour of a weekend to the end of Monday.
    """
    local = _out_of_weekend(moment.astimezone(zone))
    for _day in range(days):
        local = _out_of_weekend(local + DAY, arrived=True)
    return local


def _out_of_weekend(local: datetime, *, arrived: bool = False) -> datetime:
    """Into the next working day: at the same hour if a day led here, else its start."""
    is_midnight = local.time() == time(0)
    while local.weekday() >= SATURDAY:
        if arrived and is_midnight and local.weekday() == SATURDAY:
            return local
        local += DAY
        if not arrived:
            local = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return local
