"""What waits for a seller is told once a day at most, and only when more came to it."""

from datetime import date, datetime

from campaigns.models import Seller
from orders.models import Message
from orders.seller_alerts import SELLER_ALERT


def key_of_day(words: str, seller: Seller, day: date) -> str:
    return f"{_prefix(words, seller)}{day}"


def key_if_due(words: str, seller: Seller, *, newest: datetime, now: datetime) -> str:
    """Of today's mail; empty when it was written, or nothing came since the last."""
    key = key_of_day(words, seller, now.astimezone(seller.zone).date())
    told = Message.objects.filter(dedupe_key__startswith=_prefix(words, seller))
    last = told.order_by("created_at").values_list("dedupe_key", "created_at").last()
    is_told = last is not None and (last[0] == key or newest <= last[1])
    return "" if is_told else key


def _prefix(words: str, seller: Seller) -> str:
    return f"{SELLER_ALERT}:{words}:{seller.pk}:"
