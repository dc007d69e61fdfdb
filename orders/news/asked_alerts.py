"""Tells a seller who asks for news: one mail a day at most, and only of new ones."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from campaigns.clock import database_now
from campaigns.lists import link_to
from campaigns.models import Batch
from campaigns.rounds import count_done
from campaigns.web_addresses import absolute
from orders import daily_alerts, seller_alerts
from orders.mail import rows as mail_rows
from orders.models import Message, Order, OrderEvent
from orders.news import asking as asking_for_news
from orders.news import clock as news_clock

WORDS = "news_asked"
Asked = tuple[Batch, list[OrderEvent]]


def tell_sellers() -> int:
    batches = list(news_clock.awaited())
    asked = asking_for_news.unanswered(batches) if batches else {}
    by_seller: dict[int, list[Asked]] = defaultdict(list)
    for batch in batches:
        if batch.pk in asked:
            by_seller[batch.campaign.seller_id].append((batch, asked[batch.pk]))
    now = database_now()
    return count_done(by_seller.values(), lambda found: _tell(found, now))


def _tell(found: list[Asked], now: datetime) -> int:
    seller = found[0][0].campaign.seller
    newest = max(event.at for _batch, events in found for event in events)
    key = daily_alerts.key_if_due(WORDS, seller, newest=newest, now=now)
    return mail_rows.store([mail(found, key=key)]) if key else 0


def mail(found: list[Asked], *, key: str) -> Message:
    """Not stored yet."""
    context = _context(found)
    return seller_alerts.mail(WORDS, found[0][0].campaign, key=key, context=context)


def _context(found: list[Asked]) -> dict[str, Any]:
    return {
        "asked": [{"batch": batch, "count": len(events)} for batch, events in found],
        "count": sum(len(events) for _batch, events in found),
        "url": absolute(link_to(Order, news="asked")),
    }
