"""Asking for news, on the page of an order."""

from typing import Any

from django import template
from django.utils import timezone

from orders.models import Order
from orders.news import words as news_words
from orders.news.asking import Silence
from orders.news.clock import Owed

register = template.Library()


@register.inclusion_tag("orders/ask_for_news.html")
def ask_for_news(order: Order) -> dict[str, Any]:
    """Nothing, and no query, unless its batch closed weeks ago."""
    return {"order": order, "silence": Silence.of(order, timezone.now())}


@register.filter
def owed_sentence(owed: Owed) -> str:
    return news_words.sentence(owed)
