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


@dataclass(frozen=True)
class Step:
    """As components/timeline.html takes it; `due` is the day after which it is late."""

    title: str
    when_html: str
    is_done: bool
    due: date | None = None
    is_running: bool = False
    was: str = ""
    state: str = "later"


def steps(order: Order) -> list[Step]:
    is_held = order.status in Order.HOLDING
    plan = list(_held(order) if is_held else _ended(order))
    plan.insert(0, Step(_("Order placed"), moment_tag(order.placed_at), is_done=True))
    current = next((step for step in plan if not step.is_done), None)
    return [replace(step, state=_state(step, current)) for step in plan]


def _held(order: Order) -> Iterator[Step]:
    batch = order.batch
    is_paid = order.status != Order.Status.PENDING
    is_closed = batch.stage not in (Batch.Stage.DRAFT, Batch.Stage.OPEN)
    is_made = is_paid and batch.stage in PRODUCED
    production = dates.window(batch.production_starts_on, batch.production_ends_on)
    paid_at = order.confirmed_at if is_paid else order.expires_at
    yield Step(_("Paid") if is_paid else _("Pay before"), moment_tag(paid_at), is_paid)
    closes_at = moment_tag(batch.closed_at or batch.closes_at)
    yield Step(_("Pre-order closes"), closes_at, is_paid and is_closed)
    yield Step(
        _("Production"),
        production,
        is_made,
        due=batch.production_ends_on,
        is_running=batch.stage == Batch.Stage.PRODUCTION,
    )
    yield _shipping(order)


def _shipping(order: Order) -> Step:
    """The window of today, with the one first promised struck beside it."""
    if order.status == Order.Status.FULFILLED:
        return Step(_("Shipped"), moment_tag(order.fulfilled_at), is_done=True)
    window = dates.window(order.batch.ships_from, order.batch.ships_until)
    promise = dates.window(order.promised_from, order.promised_until)
    when = _("%(window)s (estimated)") % {"window": window}
    was = "" if promise == window else promise
    return Step(
        _("Shipping"), when, is_done=False, due=order.batch.ships_until, was=was
    )


def _ended(order: Order) -> Iterator[Step]:
    if order.confirmed_at:
        yield Step(_("Paid"), moment_tag(order.confirmed_at), is_done=True)
    is_canceled = order.status == Order.Status.CANCELED
    title = _("Canceled") if is_canceled else _("Time to pay ran out")
    ended_at = order.canceled_at if is_canceled else order.expired_at
    yield Step(title, moment_tag(ended_at), is_done=True)


def _state(step: Step, current: Step | None) -> str:
    if step.is_done:
        return "done"
    if step is not current:
        return "later"
    is_late = step.due is not None and step.due < timezone.localdate()
    return "late" if is_late else "now"
