"""Announced changes of a batch's window, written as the announcement writes them."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone

from campaigns.models import Batch, ScheduleChange

Window = tuple[date | None, date | None]
UNKNOWN: Window = (None, None)


def announce(
    batch: Batch, window: Window, *, at: datetime | None = None, **columns: Any
) -> ScheduleChange:
    """The row, and the batch as it stands after it."""
    stored = Batch.objects.get(pk=batch.pk)
    version = stored.schedule_version + 1
    values = {"reason": "The cloth came late.", "actor": "staff"} | columns
    change = ScheduleChange.objects.create(
        batch=batch,
        version=version,
        old_from=stored.ships_from,
        old_until=stored.ships_until,
        new_from=window[0],
        new_until=window[1],
        answer_by=at or timezone.now(),
        **values | ({"announced_at": at} if at else {}),
    )
    promise = {"ships_from": window[0], "ships_until": window[1]}
    Batch.objects.filter(pk=batch.pk).update(schedule_version=version, **promise)
    batch.refresh_from_db()
    return change
