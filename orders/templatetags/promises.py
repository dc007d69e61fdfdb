"""How a seller and a batch keep their dates, for pages of apps that know no orders."""

from typing import Any

from django import template

from campaigns import dates
from campaigns.models import Batch, Seller
from orders.models import Order
from orders.promise_record import PromiseRecord
from orders.promises import Promises

register = template.Library()


@register.inclusion_tag("orders/promise_record.html")
def promise_record(seller: Seller) -> dict[str, Any]:
    """The section of a seller's page; empty until there is enough to tell."""
    return {"record": PromiseRecord.of_seller(seller)}


@register.inclusion_tag("orders/promise_line.html")
def promise_line(seller: Seller) -> dict[str, Any]:
    """The same in one row, leading there."""
    return {"record": PromiseRecord.of_seller(seller), "seller": seller}


@register.inclusion_tag("orders/admin_promise_record.html")
def promise_panel(batch: Batch) -> dict[str, Any]:
    """Of one batch, for its staff: from the first order on."""
    return {"record": PromiseRecord.of_batch(batch)}


@register.inclusion_tag("orders/admin_promises.html")
def order_promises(order: Order) -> dict[str, Any]:
    """First promised, last told, as it stands, and what came of it."""
    sent = order.fulfilled_at if order.status == Order.Status.FULFILLED else None
    with_zone = sent and sent.astimezone(order.batch.campaign.seller.zone)
    return {
        "promises": Promises.of(order),
        "sent": dates.day(with_zone.date()) if with_zone else "",
        "slip": _slip(order, with_zone.date()) if with_zone else None,
    }


def _slip(order: Order, sent_on: Any) -> int | None:
    until = order.promised_until
    return max(0, (sent_on - until).days) if until else None
