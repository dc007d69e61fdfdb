"""Asking for news, on the page of an order."""

from typing import Any

from django import template
from django.utils import timezone

from orders import news_words
from orders.asking_for_news import Silence
from orders.models import Order
from orders.news_clock import Owed

register = template.Library()


@register.inclusion_tag("orders/ask_for_news.html")
def ask_for_news(order: Order) -> dict[str, Any]:
    """Nothing, and no query, unless its batch closed weeks ago."""
    return {"order": order, "silence": Silence.of(order, timezone.now())}


@register.filter
def owed_sentence(owed: Owed) -> str:
    return news_words.sentence(owed)
