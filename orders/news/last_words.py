"""When the buyers of a batch last heard something, all of them: one moment for each.

Words are closing, the milestones of a batch (a mail goes with each), announced changes
of its window, and published updates about the order. A promotion is no word, nor is
news for a part of the buyers: the others still wait.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max, Q

from campaigns.models import Batch, ScheduleChange, Update
from orders.models import Order


def of(batches: Iterable[Batch]) -> dict[int, datetime]:
    """Two queries for any number of batches; one without any word is left out."""
    asked = list(batches)
    heard = {batch.pk: _milestones(batch) for batch in asked}
    for batch_id, announced_at in _changes(asked):
        heard[batch_id].append(announced_at)
    for update in _updates(asked):
        for batch in asked:
            if _reaches(update, batch) and update.published_at:
                heard[batch.pk].append(update.published_at)
    return {batch_id: max(words) for batch_id, words in heard.items() if words}


def to_order(order: Order) -> datetime | None:
    """Of its batch, or that its payment arrived, if nothing was said since."""
    found = of([order.batch]).get(order.batch_id)
    return max(filter(None, [found, order.confirmed_at]), default=None)


def _milestones(batch: Batch) -> list[datetime]:
    decided_at = batch.minimum_decided_at if batch.minimum_units else None
    closed_at = batch.closed_at or batch.closes_at
    moments = (closed_at, decided_at, batch.extended_at, batch.production_at)
    return [moment for moment in moments if moment]


def _changes(batches: list[Batch]) -> Iterable[tuple[int, datetime]]:
    changes = ScheduleChange.objects.filter(batch__in=batches).order_by()
    newest = changes.values_list("batch").annotate(Max("announced_at"))
    return dict(newest).items()


def _updates(batches: list[Batch]) -> Iterable[Update]:
    campaigns = {batch.campaign_id for batch in batches}
    return Update.objects.filter(
        Q(batch=None) | Q(batch__in=batches),
        campaign__in=campaigns,
        variant=None,
        kind=Update.Kind.SERVICE,
        state=Update.State.PUBLISHED,
    ).only("campaign_id", "batch_id", "statuses", "published_at")


def _reaches(update: Update, batch: Batch) -> bool:
    is_about_it = update.campaign_id == batch.campaign_id and (
        update.batch_id in (None, batch.pk)
    )
    is_for_paid = not update.statuses or Order.Status.CONFIRMED in update.statuses
    return is_about_it and is_for_paid
