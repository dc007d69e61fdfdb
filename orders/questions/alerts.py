"""Tells a seller that questions wait: one mail a day at most, only of new ones."""

from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import Count, Max

from campaigns.clock import database_now
from campaigns.lists import link_to
from campaigns.models import Campaign, Question
from campaigns.rounds import count_done
from campaigns.web_addresses import absolute
from orders import daily_alerts, seller_alerts
from orders.mail import rows as mail_rows
from orders.models import Message

WORDS = "questions_wait"
WAITING = Question.State.WAITING
# A campaign, how many of its questions wait, and when the last of them came.
Row = tuple[Campaign, int, datetime]


def tell_sellers() -> int:
    now = database_now()
    by_seller = groupby(_rows(), key=lambda row: row[0].seller_id)
    return count_done((list(rows) for _pk, rows in by_seller), lambda r: _tell(r, now))


def _rows() -> list[Row]:
    """Of one seller together; two queries."""
    waiting = Question.objects.filter(state=WAITING).order_by()
    counts = waiting.values_list("campaign").annotate(Count("pk"), Max("confirmed_at"))
    found = {campaign: (count, newest) for campaign, count, newest in counts}
    campaigns = Campaign.objects.filter(pk__in=found).select_related("seller")
    ordered = campaigns.order_by("seller", "pk")
    return [(campaign, *found[campaign.pk]) for campaign in ordered]


def _tell(rows: list[Row], now: datetime) -> int:
    newest = max(newest for _campaign, _count, newest in rows)
    seller = rows[0][0].seller
    key = daily_alerts.key_if_due(WORDS, seller, newest=newest, now=now)
    return mail_rows.store([mail(rows, key=key)]) if key and seller.email else 0


def mail(rows: list[Row], *, key: str) -> Message:
    """Not stored yet. Without a word of a question: strangers wrote them."""
    context = _context(rows)
    return seller_alerts.mail(WORDS, rows[0][0], key=key, context=context)


def _context(rows: list[Row]) -> dict[str, Any]:
    return {
        "waiting": [{"campaign": row[0], "count": row[1]} for row in rows],
        "count": sum(count for _campaign, count, _newest in rows),
        "url": absolute(link_to(Question, state__exact=WAITING.value)),
    }
