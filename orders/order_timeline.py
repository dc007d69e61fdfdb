"""The road of one order as a timeline."""

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Batch
from campaigns.templatetags.shop import moment_tag
from campaigns.timeline import PRODUCED, Step, marked, production, shipping
from orders.models import Order
from orders.promises import Promises


def steps(order: Order, promises: Promises | None = None) -> list[Step]:
    return marked(_plan(order, promises), timezone.now())


def _plan(order: Order, promises: Promises | None) -> Iterator[Step]:
    yield _done(_("Order placed"), moment_tag(order.placed_at))
    if order.status in Order.HOLDING:
        yield from _held(order)
        yield _shipping(order, promises or Promises.of(order))
    else:
        yield from _ended(order)


def _held(order: Order) -> Iterator[Step]:
    batch = order.batch
    is_paid = order.status != Order.Status.PENDING
    is_closed = batch.stage not in (Batch.Stage.DRAFT, Batch.Stage.OPEN)
    yield Step(
        title=_("Paid") if is_paid else _("Pay before"),
        when_html=moment_tag(order.confirmed_at if is_paid else order.expires_at),
        is_done=is_paid,
    )
    yield Step(
        title=_("Pre-order closes"),
        when_html=moment_tag(batch.closed_at or batch.closes_at),
        is_done=is_paid and is_closed,
    )
    yield production(batch, is_done=is_paid and batch.stage in PRODUCED)


def _shipping(order: Order, promises: Promises) -> Step:
    """The window of today, with those that this order was promised before struck."""
    earlier = promises.earlier
    if order.status == Order.Status.FULFILLED:
        when = moment_tag(order.fulfilled_at)
        return Step(
            title=_("Shipped"), when_html=when, is_done=True, earlier=tuple(earlier)
        )
    return shipping(order.batch, is_done=False, earlier=earlier)


def _ended(order: Order) -> Iterator[Step]:
    if order.confirmed_at:
        yield _done(_("Paid"), moment_tag(order.confirmed_at))
    is_canceled = order.status == Order.Status.CANCELED
    ended_at = order.canceled_at if is_canceled else order.expired_at
    title = _("Canceled") if is_canceled else _("Time to pay ran out")
    yield _done(title, moment_tag(ended_at))


def _done(title: str, when_html: str) -> Step:
    return Step(title=title, when_html=when_html, is_done=True)
