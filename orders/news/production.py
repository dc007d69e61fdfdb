"""When production starts, every buyer of the batch hears what that means: once."""

from datetime import timedelta

from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat

from campaigns.clock import database_now
from campaigns.models import Batch
from orders import emails
from orders.models import Message, Order
from orders.models.order import OrderQuerySet
from orders.news import batch as batch_news

# Later it is no news: also where a shop begins to tell it with batches half made.
NEWS_FOR = timedelta(days=7)


def tell_started() -> int:
    """`production_started` to the confirmed orders of batches being made; how many."""
    return batch_news.tell(_untold(), emails.production_started)


def _untold() -> OrderQuerySet:
    """What was withdrawn because its window moved is told again, with the new one."""
    key = Concat(
        Value(f"{emails.PRODUCTION_STARTED}:"),
        OuterRef("number"),
        Value(":"),
        Cast(OuterRef("batch"), CharField()),
        Value("-"),
    )
    told = Message.objects.filter(
        order=OuterRef("pk"),
        kind=emails.PRODUCTION_STARTED,
        dedupe_key__startswith=key,
    ).exclude(state=Message.State.ABORTED)
    started = Order.objects.unpacked().filter(
        batch__stage=Batch.Stage.PRODUCTION,
        batch__production_at__gt=database_now() - NEWS_FOR,
    )
    return started.exclude(email="").exclude(Exists(told))
