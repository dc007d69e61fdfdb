"""What waits for a seller is told once a day at most, and only when more came to it."""

from datetime import date, datetime
from typing import Any

from campaigns.models import Campaign, Seller
from orders.holds.alerts import SELLER_ALERT
from orders.mail import rows as mail_rows
from orders.models import Message


def key_of_day(words: str, seller: Seller, day: date) -> str:
    return f"{_prefix(words, seller)}{day}"


def key_if_due(words: str, seller: Seller, *, newest: datetime, now: datetime) -> str:
    """Of today's mail; empty when it was written, or nothing came since the last."""
    key = key_of_day(words, seller, now.astimezone(seller.zone).date())
    told = Message.objects.filter(dedupe_key__startswith=_prefix(words, seller))
    last = told.order_by("created_at").values_list("dedupe_key", "created_at").last()
    is_told = last is not None and (last[0] == key or newest <= last[1])
    return "" if is_told else key


def mail(
    words: str, campaign: Campaign, *, key: str, context: dict[str, Any]
) -> Message:
    """Not stored yet; in the language of the campaign."""
    return mail_rows.of_campaign(
        campaign,
        SELLER_ALERT,
        key=key,
        locale=campaign.lang,
        context=context,
        words=words,
        to=campaign.seller.email,
        priority=Message.Priority.NOTICE,
    )


def _prefix(words: str, seller: Seller) -> str:
    return f"{SELLER_ALERT}:{words}:{seller.pk}:"
