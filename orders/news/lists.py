"""Which of some batches owe news, and which of some orders ask for it."""

from django.db.models import QuerySet

from campaigns.clock import database_now
from campaigns.models import Batch
from orders.models import Order
from orders.news import asking as asking_for_news
from orders.news import clock as news_clock


def owed_news(batches: "QuerySet[Batch]") -> "QuerySet[Batch]":
    """Those of them whose seller has to speak."""
    own = news_clock.awaited().filter(pk__in=batches.order_by().values("pk"))
    found = news_clock.owed(own, database_now())
    return batches.filter(pk__in=[owed.batch.pk for owed in found])


def asking(orders: "QuerySet[Order]") -> "QuerySet[Order]":
    """Those of them whose buyer asked and was not answered."""
    own = news_clock.awaited().filter(pk__in=orders.order_by().values("batch"))
    asked = asking_for_news.unanswered(list(own)).values()
    return orders.filter(pk__in={e.order_id for events in asked for e in events})
