"""Whom an update is written to: orders by batch, variant and state, and subscribers."""

from typing import Final

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Update
from orders.models import Order, OrderLine, Subscriber
from orders.models.order import OrderQuerySet
from orders.models.subscriber import SubscriberQuerySet

# An order that expired or was canceled has no buyer any more.
STATES: Final = {
    Order.Status.PENDING.value: gettext_lazy("unpaid"),
    Order.Status.CONFIRMED.value: gettext_lazy("paid, not shipped"),
    Order.Status.FULFILLED.value: gettext_lazy("shipped"),
}
PROPOSED: Final = [Order.Status.CONFIRMED.value, Order.Status.FULFILLED.value]


def orders_of(update: Update) -> OrderQuerySet:
    """The orders it is about; of a promotion none: buying is no wish for those."""
    rows = Order.objects.filter(
        batch__campaign=update.campaign_id, status__in=_states(update)
    ).exclude(source=Order.Source.WAITLIST, name="")
    if update.is_promotion:
        return rows.none()
    if update.batch_id:
        rows = rows.filter(batch=update.batch_id)
    if update.variant_id:
        lines = OrderLine.objects.filter(variant=update.variant_id, quantity__gt=0)
        rows = rows.filter(Exists(lines.filter(order=OuterRef("pk"))))
    return rows


def subscribers_of(update: Update) -> SubscriberQuerySet:
    if not update.is_public:
        return Subscriber.objects.none()
    return Subscriber.objects.told(update.campaign, subscribed_kind(update))


def subscribed_kind(update: Update) -> str:
    kinds = Subscriber.Kind
    return kinds.PROMOTIONS if update.is_promotion else kinds.UPDATES


def in_words(update: Update) -> str:
    """`Batch 1, paid, not shipped`; for a promotion who asked for those."""
    if update.is_promotion:
        return _("Who asked for promotions")
    batch = _("all batches")
    if update.batch:
        batch = _("batch %(number)s") % {"number": update.batch.number}
    parts = [batch, str(update.variant) if update.variant else ""]
    states = [str(words) for name, words in STATES.items() if name in _states(update)]
    said = ", ".join(filter(None, [*parts, " / ".join(states)]))
    return said[:1].upper() + said[1:]


def _states(update: Update) -> list[str]:
    return [state for state in STATES if state in update.statuses]
