"""After weeks of silence a buyer may ask for news: once for a silence and order.

Whatever reaches all buyers of the batch answers every question there is: an answered
one is simply older than the last word (see `last_words`).
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.db import transaction

from campaigns.actors import BUYER
from campaigns.clock import database_now
from campaigns.errors import CampaignError
from campaigns.models import Batch
from orders import lifecycle
from orders.models import Order, OrderEvent
from orders.models.event import NEWS_ASKED
from orders.news import clock as news_clock
from orders.news import last_words


class NotSilent(CampaignError):
    """There was news lately, or nothing is awaited: there is nothing to ask for."""


@dataclass(frozen=True)
class Silence:
    """Since when nothing was said to an order, and whether its buyer asked."""

    since: datetime
    asked_at: datetime | None

    @classmethod
    def of(cls, order: Order, now: datetime) -> Self | None:
        """None while nobody may ask; no query unless the batch closed long ago."""
        if not _is_old_enough(order, now):
            return None
        since = last_words.to_order(order)
        if since is None or now - since < news_clock.ASKABLE_AFTER:
            return None
        asked = order.events.filter(kind=NEWS_ASKED, at__gt=since).order_by("pk")
        first = asked.first()
        return cls(since, first.at if first else None)


def _is_old_enough(order: Order, now: datetime) -> bool:
    batch = order.batch
    is_awaited = order.status == Order.Status.CONFIRMED and (
        batch.stage in news_clock.AWAITED
    )
    closed_at = batch.closed_at or batch.closes_at
    return bool(
        is_awaited and closed_at and now - closed_at >= news_clock.ASKABLE_AFTER
    )


def ask(order_id: int) -> None:
    """Twice changes nothing; raises NotSilent."""
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        silence = Silence.of(order, database_now())
        if silence is None:
            raise NotSilent
        if silence.asked_at is None:
            since = {"since": silence.since.isoformat()}
            order.record(NEWS_ASKED, actor=BUYER, data=since)


def unanswered(
    batches: list[Batch], words: dict[int, datetime] | None = None
) -> dict[int, list[OrderEvent]]:
    """Who asks, by batch; one query, and two more unless the `words` are known."""
    words = last_words.of(batches) if words is None else words
    events = OrderEvent.objects.filter(
        kind=NEWS_ASKED,
        order__status=Order.Status.CONFIRMED,
        order__batch__in=batches,
    ).select_related("order")
    found: dict[int, list[OrderEvent]] = defaultdict(list)
    for event in events.order_by("pk"):
        word = words.get(event.order.batch_id)
        if word is None or event.at > word:
            found[event.order.batch_id].append(event)
    return found
