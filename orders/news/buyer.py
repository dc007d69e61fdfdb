"""Updates on the page of an order: the public ones, and those for its buyer."""

from datetime import datetime

from django.db.models import Min, OuterRef, Subquery

from campaigns import news
from campaigns.models import Update
from campaigns.news import Post
from orders.models import Message, Order
from orders.updates.past import Past

MOST = 20


def posts_for(order: Order) -> list[Post]:
    mails = Message.objects.filter(order=order, update_of=OuterRef("pk"))
    written = mails.values("update_of").annotate(at=Min("created_at")).values("at")
    published = Update.objects.published().filter(campaign=order.batch.campaign_id)
    rows = published.annotate(written_to_it_at=Subquery(written)).newest_first()
    mine = [each for each in rows if _is_for(order, each)][:MOST]
    past = Past(order)
    return news.posts(
        mine, order.batch.campaign, lambda update: past.values_at(_told_at(update))
    )


def _told_at(update: Update) -> datetime:
    """When it was written to the buyer; to whom it was not, when it was published."""
    written: datetime | None = vars(update)["written_to_it_at"]
    return written or update.published_at or update.created_at


def _is_for(order: Order, update: Update) -> bool:
    """What is for buyers shows to whom it was written, and to whom it is meant for.

    The states are compared here: SQLite does not look into JSON.
    """
    if update.is_public or vars(update)["written_to_it_at"]:
        return True
    variants = {line.variant_id for line in order.lines.all() if line.quantity}
    return (
        order.status in update.statuses
        and update.batch_id in (None, order.batch_id)
        and (update.variant_id is None or update.variant_id in variants)
    )
