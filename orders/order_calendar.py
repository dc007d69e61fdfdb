"""The dates of one order for its buyer's calendar.

An event keeps its UID when its order moves to another batch (RFC 5545, 3.8.4.7): of one
UID a calendar keeps what has the higher SEQUENCE, then the later DTSTAMP (RFC 5546,
2.1.5). So one number rises with all that happens to the order and to every batch it was
in. RFC 7986 (5.3) wants no names of people in a UID.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from campaigns import calendars
from campaigns.calendars import Entry
from campaigns.models import Batch, BatchEvent
from campaigns.web_addresses import absolute
from orders.models import Order
from orders.pages import order_page

ENDED = (Order.Status.CANCELED, Order.Status.EXPIRED)


@dataclass(frozen=True)
class Revision:
    number: int
    at: datetime

    @classmethod
    def of(cls, order: Order) -> Self:
        own = list(order.events.values_list("kind", "at", "data"))
        batches = {order.batch_id}
        batches |= {data.get("from") for kind, _at, data in own if kind == "moved"}
        events = BatchEvent.objects.filter(batch__in=batches - {None})
        count, last = events.aggregate(n=Count("pk"), at=Max("at")).values()
        moments = [order.placed_at, *(at for _kind, at, _data in own)]
        return cls(len(own) + count, max([*moments, last or order.placed_at]))


@require_safe
@order_page
def schedule(request: HttpRequest, order: Order) -> HttpResponse:
    name = _("Order %(number)s") % {"number": order.number}
    return calendars.response(_entries(order), name=name, filename=order.number)


def _entries(order: Order) -> Iterator[Entry]:
    batch, revision = order.batch, Revision.of(order)
    url = absolute(order.get_absolute_url())
    if order.expires_at:
        yield _payment(order, order.expires_at, revision, url=url)
    closes_at = batch.closed_at or batch.closes_at
    if closes_at:
        yield Entry(
            uid=_uid(order, "closes"),
            summary=_("%(batch)s closes") % {"batch": batch},
            start=closes_at,
            sequence=revision.number,
            revised_at=revision.at,
            url=url,
            status="CANCELLED" if _has_ended(order) else "CONFIRMED",
        )
    yield from calendars.window(
        batch,
        uid=_uid(order, "ships"),
        url=url,
        sequence=revision.number,
        revised_at=revision.at,
        status=_status(order),
    )


def _payment(order: Order, before: datetime, revision: Revision, *, url: str) -> Entry:
    is_waited_for = order.status == Order.Status.PENDING and not _has_ended(order)
    return Entry(
        uid=_uid(order, "pay"),
        summary=_("Pay order %(number)s") % {"number": order.number},
        start=before,
        sequence=revision.number,
        revised_at=revision.at,
        url=url,
        status="CONFIRMED" if is_waited_for else "CANCELLED",
    )


def _uid(order: Order, name: str) -> str:
    return f"order-{order.number}-{name}"


def _status(order: Order) -> str:
    if _has_ended(order):
        return "CANCELLED"
    return "CONFIRMED" if order.status == Order.Status.FULFILLED else "TENTATIVE"


def _has_ended(order: Order) -> bool:
    is_off = order.batch.stage == Batch.Stage.CANCELED
    return is_off or order.status in ENDED
