"""Days as banks write them: `25/11/2026`, `2026-11-25 13:45`, `25 Nov 26`, `25/11`."""

import re
from collections.abc import Iterable
from datetime import date

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *("jan januari january", "feb februari february", "mar maret march"),
            *("apr april", "may mei", "jun juni june", "jul juli july"),
            *("aug agu agt ags agustus august", "sep sept september"),
            *("oct okt oktober october", "nov nop november", "dec des desember"),
        ),
        start=1,
    )
    for name in names.split()
} | {"december": 12, "pebruari": 2}
PARTS = re.compile(
    r"(?P<a>[0-9]{1,4})[-/. ](?P<b>[0-9]{1,2}|[A-Za-z]{3,9})"
    r"(?:[-/. ](?P<c>[0-9]{2,4}))?"
    r"(?:[ T,]+[0-9]{1,2}[:.][0-9]{2}.*)?"
)
FULL_YEAR = 4
CENTURY = 2000


def read_day(text: str, *, today: date, month_first: bool = False) -> date:
    """ValueError for what is no day. Without a year it is the last such day."""
    found = PARTS.fullmatch(text.strip().lstrip("'").strip())
    if not found:
        raise ValueError(f"{text!r} is no date")
    first, second, third = found["a"], found["b"], found["c"]
    if len(first) == FULL_YEAR:
        return date(int(first), _month(second), int(third or ""))
    day, month = int(first), _month(second)
    if month_first and second.isdigit():
        day, month = month, day
    if third:
        year = int(third)
        return date(year if len(third) == FULL_YEAR else CENTURY + year, month, day)
    this_year = date(today.year, month, day)
    return this_year if this_year <= today else date(today.year - 1, month, day)


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    if text.lower() not in MONTHS:
        raise ValueError(f"{text!r} is no month")
    return MONTHS[text.lower()]


def is_month_first(texts: Iterable[str], *, today: date) -> bool:
    """True only where days make no sense otherwise, in any row of the file."""
    written = list(texts)
    return not _all_read(written, today, False) and _all_read(written, today, True)


def _all_read(texts: list[str], today: date, month_first: bool) -> bool:
    try:
        for text in texts:
            read_day(text, today=today, month_first=month_first)
    except ValueError:
        return False
    return True
