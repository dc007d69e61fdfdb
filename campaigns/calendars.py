"""Dates as an iCalendar file (RFC 5545), which calendars follow when a date moves.

An event keeps its UID for ever and counts up its SEQUENCE, so that a calendar moves
what it has instead of showing both. Moments are told in UTC, days without a zone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.db.models import Count, Max, QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vText

from campaigns.models import Batch, ScheduleChange
from campaigns.text.typed_text import one_line
from campaigns.timeline import changes_of
from campaigns.web_addresses import host

DAY: Final = timedelta(days=1)
# How often a calendar that subscribed should look again.
LOOK_AGAIN: Final = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One event: a moment, or whole days when `last` is set too."""

    uid: str
    summary: str
    start: date
    last: date | None = None
    sequence: int
    revised_at: datetime
    url: str
    status: str = "CONFIRMED"

    def as_event(self) -> Event:
        event = Event()
        event.add("uid", f"{self.uid}@{host()}")
        event.add("summary", one_line(self.summary))
        event.add("url", self.url)
        event.add("status", self.status)
        event.add("sequence", self.sequence)
        event.add("dtstamp", self.revised_at.astimezone(UTC))
        event.add("transp", "TRANSPARENT")
        self._add_time(event)
        return event

    def _add_time(self, event: Event) -> None:
        event.add("dtstart", _in_utc(self.start))
        if self.last:
            # Exclusive, as RFC 5545 counts days.
            event.add("dtend", self.last + DAY)


def response(entries: Iterable[Entry], *, name: str, filename: str) -> HttpResponse:
    calendar = Calendar()
    calendar.add("prodid", "-//Kloter//schedule//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", vText(one_line(name)))
    calendar.add("refresh-interval", LOOK_AGAIN, parameters={"value": "DURATION"})
    for entry in entries:
        calendar.add_component(entry.as_event())
    return HttpResponse(
        calendar.to_ical(),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'inline; filename="{filename}.ics"'},
    )


def with_history(batches: "QuerySet[Batch]") -> "QuerySet[Batch]":
    """Each with how much happened to it, and when that was last."""
    return batches.annotate(revisions=Count("events"), revised_at=Max("events__at"))


def of_batch(batch: Batch, *, url: str, now: datetime) -> Iterator[Entry]:
    """Opening, closing and window; `batch` as `with_history` reads it."""
    noted = vars(batch)
    is_canceled = batch.stage == Batch.Stage.CANCELED
    of_all = {
        "url": url,
        "status": "CANCELLED" if is_canceled else "CONFIRMED",
        "revised_at": noted["revised_at"] or batch.open_at or now,
        # Every change of its hours is an event of the batch.
        "sequence": noted["revisions"],
    }
    moments = (
        ("opens", _("%(batch)s opens"), batch.opens_at),
        ("closes", _("%(batch)s closes"), batch.closed_at or batch.closes_at),
    )
    for name, words, moment in moments:
        if moment:
            summary, uid = words % {"batch": batch}, f"batch-{batch.pk}-{name}"
            yield Entry(uid=uid, summary=summary, start=moment, **of_all)
    changes = changes_of(batch)
    yield from window(
        batch,
        uid=f"batch-{batch.pk}-ships",
        url=url,
        sequence=batch.schedule_version,
        revised_at=changes[-1].announced_at if changes else batch.open_at or now,
    )


def window(
    batch: Batch,
    *,
    uid: str,
    url: str,
    sequence: int,
    revised_at: datetime,
    status: str = "",
) -> Iterator[Entry]:
    """The days it ships, as an estimate; days that no longer hold are canceled."""
    days = _days(batch) or _last_known(changes_of(batch))
    if days is None:
        return
    is_off = batch.stage == Batch.Stage.CANCELED or _days(batch) is None
    yield Entry(
        uid=uid,
        summary=_("%(batch)s ships (estimated)") % {"batch": batch},
        start=days[0],
        last=days[1],
        sequence=sequence,
        revised_at=revised_at,
        url=url,
        status="CANCELLED" if is_off else status or "TENTATIVE",
    )


def _days(batch: Batch) -> tuple[date, date] | None:
    first, last = batch.ships_from, batch.ships_until
    return (first, last) if first and last else None


def _last_known(changes: list[ScheduleChange]) -> tuple[date, date] | None:
    """The window a calendar may still show although nobody knows the date now."""
    for change in reversed(changes):
        if change.old_from and change.old_until:
            return change.old_from, change.old_until
    return None


def _in_utc(start: date) -> date:
    return start.astimezone(UTC) if isinstance(start, datetime) else start
