"""The road of one order as a timeline: done, now, later, or late."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import dates
from campaigns.models import Batch
from campaigns.templatetags.shop import moment_tag
from orders.models import Order

PRODUCED = {Batch.Stage.SHIPPING, Batch.Stage.COMPLETED}


@dataclass(frozen=True, kw_only=True)
class Step:
    """As components/timeline.html takes it; `due` is the day after which it is late."""

    title: str
    is_done: bool
    when_html: str = ""
    was: str = ""
    due: date | None = None
    state: str = "later"


def steps(order: Order) -> list[Step]:
    is_held = order.status in Order.HOLDING
    plan = [_placed(order), *(_held(order) if is_held else _ended(order))]
    current = next((step for step in plan if not step.is_done), None)
    return [replace(step, state=_state(step, current)) for step in plan]


def _placed(order: Order) -> Step:
    when = moment_tag(order.placed_at)
    return Step(title=_("Order placed"), when_html=when, is_done=True)


def _held(order: Order) -> Iterator[Step]:
    batch = order.batch
    is_paid = order.status != Order.Status.PENDING
    paid_at = order.confirmed_at if is_paid else order.expires_at
    is_open = batch.stage in (Batch.Stage.DRAFT, Batch.Stage.OPEN)
    production = dates.window(batch.production_starts_on, batch.production_ends_on)
    yield Step(
        title=_("Paid") if is_paid else _("Pay before"),
        when_html=moment_tag(paid_at),
        is_done=is_paid,
    )
    yield Step(
        title=_("Pre-order closes"),
        when_html=moment_tag(batch.closes_at),
        is_done=is_paid and not is_open,
    )
    yield Step(
        title=_("Production"),
        when_html=production,
        is_done=is_paid and batch.stage in PRODUCED,
        due=batch.production_ends_on,
    )
    yield _shipping(order)


def _shipping(order: Order) -> Step:
    """The window of today, with the one first promised struck beside it."""
    window = dates.window(order.batch.ships_from, order.batch.ships_until)
    promise = dates.window(order.promised_from, order.promised_until)
    is_shipped = order.status == Order.Status.FULFILLED
    return Step(
        title=_("Shipped") if is_shipped else _("Shipping"),
        when_html=moment_tag(order.fulfilled_at)
        if is_shipped
        else _("%(window)s (estimated)") % {"window": window},
        was="" if is_shipped or promise == window else promise,
        is_done=is_shipped,
        due=order.batch.ships_until,
    )


def _ended(order: Order) -> Iterator[Step]:
    if order.confirmed_at:
        when = moment_tag(order.confirmed_at)
        yield Step(title=_("Paid"), when_html=when, is_done=True)
    is_canceled = order.status == Order.Status.CANCELED
    yield Step(
        title=_("Canceled") if is_canceled else _("Time to pay ran out"),
        when_html=moment_tag(order.canceled_at or order.expired_at),
        is_done=True,
    )


def _state(step: Step, current: Step | None) -> str:
    if step.is_done:
        return "done"
    if step is not current:
        return "later"
    is_late = step.due is not None and step.due < timezone.localdate()
    return "late" if is_late else "now"
