"""Dates in words: absolute, with the name of the zone, in the reader's language.

Everything is told in the active time zone. The patterns belong to a language as its
grammar does, so they stand here and not in the catalogue of translations.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.utils import dates, timezone
from django.utils.translation import get_language, gettext, ngettext

ZONES: Final[dict[str, str]] = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Ujung_Pandang": "WITA",
    "Asia/Jayapura": "WIT",
}


@dataclass(frozen=True)
class Wording:
    clock: str
    seconds: str
    at: str


INDONESIAN: Final = Wording(clock="%H.%M", seconds="%H.%M.%S", at="pukul")
ENGLISH: Final = Wording(clock="%H:%M", seconds="%H:%M:%S", at="at")


def day(value: date) -> str:
    """`30 November 2026`"""
    return _day_text(_local_day(value), dates.MONTHS)


def day_short(value: date) -> str:
    """`30 Nov 2026`"""
    return _day_text(_local_day(value), dates.MONTHS_3)


def moment(value: datetime) -> str:
    """`Senin, 30 November 2026 pukul 21.00 WIB`"""
    weekday = dates.WEEKDAYS[_local_day(value).weekday()]
    return f"{weekday}, {day(value)} {_wording().at} {clock(value)}"


def moment_short(value: datetime) -> str:
    """`30 Nov 2026 21.00 WIB`"""
    return f"{day_short(value)} {clock(value)}"


def moment_or_dash(value: datetime | None) -> str:
    return moment_short(value) if value else "–"


def clock(value: datetime) -> str:
    """`21.00 WIB`"""
    return f"{clock_bare(value)} {zone_name(value)}"


def clock_exact(value: datetime) -> str:
    """`21.00.05 WIB`"""
    return f"{timezone.localtime(value):{_wording().seconds}} {zone_name(value)}"


def clock_bare(value: datetime) -> str:
    """`21.00`, where the zone is named beside it"""
    return f"{timezone.localtime(value):{_wording().clock}}"


def day_bare(value: date) -> str:
    """`30 Nov`, where the year is plain"""
    local = _local_day(value)
    return f"{local.day} {_month_text(local, dates.MONTHS_3)}"


def month(value: date) -> str:
    """`November 2026`"""
    local = _local_day(value)
    return f"{_month_text(local, dates.MONTHS)} {local.year}"


def month_short(value: date) -> str:
    """`Nov 2026`"""
    local = _local_day(value)
    return f"{_month_text(local, dates.MONTHS_3)} {local.year}"


def window(first: date | None, last: date | None) -> str:
    """`4–8 Januari 2027`; a side that is unknown makes the whole unknown."""
    return _window_text(first, last, dates.MONTHS)


def window_short(first: date | None, last: date | None) -> str:
    """`28 Des 2026 – 4 Jan 2027`"""
    return _window_text(first, last, dates.MONTHS_3)


def days_left(until: datetime, now: datetime) -> str:
    """`7 days left`, then hours, in the last hour minutes; never rounded up."""
    left = until - now
    if left < timedelta(minutes=1):
        return (
            gettext("any moment now")
            if left > timedelta(0)
            else gettext("deadline passed")
        )
    if left >= timedelta(days=1):
        return _days(left.days)
    if left >= timedelta(hours=1):
        hours = left // timedelta(hours=1)
        return ngettext("%(n)d hour left", "%(n)d hours left", hours) % {"n": hours}
    minutes = left // timedelta(minutes=1)
    return ngettext("%(n)d minute left", "%(n)d minutes left", minutes) % {"n": minutes}


def zone_name(value: datetime) -> str:
    """WIB, WITA or WIT; elsewhere the offset at that moment: `UTC+8`, `UTC+5:30`."""
    key = timezone.get_current_timezone_name()
    return ZONES.get(key) or _offset_name(timezone.localtime(value))


def iso(value: date) -> str:
    """For the datetime attribute: a moment always carries its offset."""
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    return value.isoformat()


def _offset_name(local: datetime) -> str:
    offset = local.utcoffset() or timedelta(0)
    minutes = abs(offset) // timedelta(minutes=1)
    sign = "-" if offset < timedelta(0) else "+"
    rest = f":{minutes % 60:02}" if minutes % 60 else ""
    return f"UTC{sign}{minutes // 60}{rest}" if minutes else UTC.tzname(None)


def _days(days: int) -> str:
    return ngettext("%(n)d day left", "%(n)d days left", days) % {"n": days}


def _wording() -> Wording:
    return INDONESIAN if (get_language() or "").startswith("id") else ENGLISH


def _local_day(value: date) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value


def _day_text(value: date, months: Mapping[int, str]) -> str:
    return f"{value.day} {_month_text(value, months)} {value.year}"


def _month_text(value: date, months: Mapping[int, str]) -> str:
    return months[value.month].title()


def _window_text(
    first: date | None, last: date | None, months: Mapping[int, str]
) -> str:
    if first is None or last is None:
        return gettext("not known yet")
    first, last = _local_day(first), _local_day(last)
    end = _day_text(last, months)
    if first == last:
        return end
    if first.year != last.year:
        return f"{_day_text(first, months)} – {end}"
    if first.month != last.month:
        return f"{first.day} {_month_text(first, months)} – {end}"
    return f"{first.day}–{end}"
