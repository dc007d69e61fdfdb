"""How a seller and a batch keep their dates, for pages of apps that know no orders."""

from contextlib import suppress
from datetime import date
from typing import Any, Final

from django import template
from django.core.cache import cache
from django.utils import timezone

from campaigns import dates
from campaigns.models import Batch, Seller
from orders.models import Order
from orders.promise_record import PromiseRecord
from orders.promises import Promises

register = template.Library()
# The query reads every order of the seller, the pages are read by everybody.
KEPT_FOR_SECONDS: Final = 300


@register.inclusion_tag("orders/promise_record.html")
def promise_record(seller: Seller) -> dict[str, Any]:
    """The section of a seller's page; empty until there is enough to tell."""
    return {"record": _lately(seller)}


@register.inclusion_tag("orders/promise_line.html")
def promise_line(seller: Seller) -> dict[str, Any]:
    """The same in one row, leading there."""
    return {"record": _lately(seller), "seller": seller}


def _lately(seller: Seller) -> PromiseRecord:
    """Of some minutes ago at most; a new day of the seller counts anew."""
    key = f"promise-record:{seller.pk}:{timezone.localdate(timezone=seller.zone)}"
    if (kept := _kept(key)) is not None:
        return kept
    record = PromiseRecord.of_seller(seller)
    with suppress(Exception):
        cache.set(key, record, KEPT_FOR_SECONDS)
    return record


def _kept(key: str) -> PromiseRecord | None:
    try:
        kept: PromiseRecord | None = cache.get(key)
    except Exception:  # noqa: BLE001  without its cache the shop still shows its pages
        return None
    return kept


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


def _slip(order: Order, sent_on: date) -> int | None:
    until = order.promised_until
    return max(0, (sent_on - until).days) if until else None
