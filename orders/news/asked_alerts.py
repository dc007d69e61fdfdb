"""Tells a seller who asks for news: one mail a day at most, and only of new ones."""

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

from campaigns.clock import database_now
from campaigns.lists import link_to
from campaigns.models import Batch
from campaigns.rounds import count_done
from campaigns.web_addresses import absolute
from orders.holds.alerts import SELLER_ALERT
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
    campaign = found[0][0].campaign
    today = now.astimezone(campaign.seller.zone).date()
    newest = max(event.at for _batch, events in found for event in events)
    if newest <= _told_until(campaign.seller_id, today, campaign.seller.zone):
        return 0
    return mail_rows.store([mail(found, key=key_of_day(campaign.seller_id, today))])


def mail(found: list[Asked], *, key: str) -> Message:
    """Not stored yet."""
    campaign = found[0][0].campaign
    return mail_rows.of_campaign(
        campaign,
        SELLER_ALERT,
        key=key,
        locale=campaign.lang,
        context=_context(found),
        words=WORDS,
        to=campaign.seller.email,
        priority=Message.Priority.NOTICE,
    )


def _told_until(seller_id: int, today: date, zone: Any) -> datetime:
    """What was asked before is told already; today's mail leaves the rest for later."""
    yesterday = today - timedelta(days=1)
    keys = [key_of_day(seller_id, day) for day in (today, yesterday)]
    told = dict(
        Message.objects.filter(dedupe_key__in=keys).values_list(
            "dedupe_key", "created_at"
        )
    )
    if keys[0] in told:
        return datetime.max.replace(tzinfo=zone)
    return told.get(keys[1], datetime.combine(yesterday, time.min, zone))


def key_of_day(seller_id: int, day: date) -> str:
    return f"{SELLER_ALERT}:{WORDS}:{seller_id}:{day}"


def _context(found: list[Asked]) -> dict[str, Any]:
    return {
        "asked": [{"batch": batch, "count": len(events)} for batch, events in found],
        "count": sum(len(events) for _batch, events in found),
        "url": absolute(link_to(Order, news="asked")),
    }
