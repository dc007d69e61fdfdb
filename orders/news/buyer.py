"""Updates on the page of an order: the public ones, and those for its buyer."""

from django.db.models import Exists, OuterRef

from campaigns import news
from campaigns.models import Update
from campaigns.news import Post
from orders.models import Message, Order
from orders.updates.recipients import values_of

MOST = 20


def posts_for(order: Order) -> list[Post]:
    mails = Message.objects.filter(order=order, update_of=OuterRef("pk"))
    published = Update.objects.published().filter(campaign=order.batch.campaign_id)
    rows = published.annotate(was_written=Exists(mails)).newest_first()
    mine = [each for each in rows if _is_for(order, each)][:MOST]
    return news.posts(mine, order.batch.campaign, values_of(order)) if mine else []


def _is_for(order: Order, update: Update) -> bool:
    """What is for buyers shows to whom it was written, and to whom it is meant for.

    The states are compared here: SQLite does not look into JSON.
    """
    if update.is_public or vars(update)["was_written"]:
        return True
    variants = {line.variant_id for line in order.lines.all() if line.quantity}
    return (
        order.status in update.statuses
        and update.batch_id in (None, order.batch_id)
        and (update.variant_id is None or update.variant_id in variants)
    )
