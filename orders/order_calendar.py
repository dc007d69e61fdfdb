"""The dates of one order for its buyer's calendar."""

from collections.abc import Iterator
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from campaigns import calendars
from campaigns.calendars import Entry
from campaigns.clock import database_now
from campaigns.models import Batch
from campaigns.web_addresses import absolute
from orders.models import Order
from orders.pages import order_page

ENDED = (Order.Status.CANCELED, Order.Status.EXPIRED)


@require_safe
@order_page
def schedule(request: HttpRequest, order: Order) -> HttpResponse:
    name = _("Order %(number)s") % {"number": order.number}
    return calendars.response(_entries(order), name=name, filename=order.number)


def _entries(order: Order) -> Iterator[Entry]:
    batch, now = order.batch, database_now()
    url = absolute(order.get_absolute_url())
    if order.expires_at:
        yield _payment(order, order.expires_at, url=url)
    closes_at = batch.closed_at or batch.closes_at
    if closes_at:
        yield Entry(
            uid=_uid(order, "closes"),
            summary=_("%(batch)s closes") % {"batch": batch},
            start=closes_at,
            sequence=batch.events.count(),
            revised_at=now,
            url=url,
            status="CANCELLED" if _has_ended(order) else "CONFIRMED",
        )
    uid, status = _uid(order, "ships"), _status(order)
    yield from calendars.window(batch, uid=uid, url=url, now=now, status=status)


def _payment(order: Order, before: datetime, *, url: str) -> Entry:
    is_waited_for = order.status == Order.Status.PENDING and not _has_ended(order)
    return Entry(
        uid=_uid(order, "pay"),
        summary=_("Pay order %(number)s") % {"number": order.number},
        start=before,
        # A hold is only ever prolonged: its minutes count up.
        sequence=int((before - order.placed_at).total_seconds() // 60),
        revised_at=order.placed_at,
        url=url,
        status="CONFIRMED" if is_waited_for else "CANCELLED",
    )


def _uid(order: Order, name: str) -> str:
    """With its batch: the days of another batch are other events."""
    return f"order-{order.number}-{order.batch_id}-{name}"


def _status(order: Order) -> str:
    if _has_ended(order):
        return "CANCELLED"
    return "CONFIRMED" if order.status == Order.Status.FULFILLED else "TENTATIVE"


def _has_ended(order: Order) -> bool:
    is_off = order.batch.stage == Batch.Stage.CANCELED
    return is_off or order.status in ENDED
