"""Spans and moments of the chart in words, in the active zone and language."""

from datetime import datetime, timedelta

from campaigns import dates
from orders.numbers.chart import Row

CLOCKED = ("quarter", "hour")


def tick_text(step: str, at: datetime) -> str:
    """As short as it can be: `14.00`, `26 Nov`, `Nov 2026`, `2026`."""
    is_midnight = (at.hour, at.minute) == (0, 0)
    if step in CLOCKED and not is_midnight:
        return dates.clock_bare(at)
    return {"month": dates.month_short, "year": _year}.get(step, dates.day_bare)(at)


def span_text(step: str, row: Row) -> str:
    """`26 Nov 2026 14.00–15.00`, `26 Nov 2026`, `23–29 Nov 2026`, `November 2026`."""
    if step in CLOCKED:
        clocks = f"{dates.clock_bare(row.start)}–{dates.clock_bare(row.end)}"
        return f"{dates.day_short(row.start)} {clocks}"
    if step == "week":
        return dates.window_short(row.start, row.end - timedelta(days=1))
    return {"day": dates.day_short, "month": dates.month, "year": _year}[step](
        row.start
    )


def _year(at: datetime) -> str:
    return str(at.year)
