"""Where a batch stands against its minimum, in its buyers' words."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from campaigns import dates, wording
from campaigns.models import Batch
from orders.minimum.verdict import confirmed_units
from orders.models import Order


def of_order(order: Order) -> list[str]:
    """For the buyer of a running order, or of one that the missed minimum ended."""
    is_running = order.status in (Order.Status.PENDING, Order.Status.CONFIRMED)
    return of_batch(order.batch) if is_running or _ended_by_it(order) else []


def _ended_by_it(order: Order) -> bool:
    missed, canceled = order.batch.minimum_missed_at, order.canceled_at
    return bool(missed and canceled and missed <= canceled)


def of_batch(batch: Batch) -> list[str]:
    """Empty without a minimum, and once the batch ships."""
    if not batch.minimum_units or batch.stage == Batch.Stage.DRAFT:
        return []
    if batch.minimum_missed_at:
        return [_missed(batch)]
    if batch.stage not in Batch.BEFORE_PRODUCTION:
        return []
    return list(_running(batch))


def _missed(batch: Batch) -> str:
    words = _("Fewer than %(minimum)s were paid, so everyone gets a full refund.")
    return words % {"minimum": batch.minimum_units}


def _running(batch: Batch) -> Iterator[str]:
    if not batch.is_undecided:
        yield _("It is decided: this batch goes ahead.")
        return
    yield standing(batch)
    if batch.extended_at and batch.stage == Batch.Stage.OPEN and batch.closes_at:
        moment = dates.moment(batch.closes_at)
        yield _("Extended once, until %(moment)s.") % {"moment": moment}
    yield wording.minimum(batch)


def standing(batch: Batch) -> str:
    """`32 of at least 50 paid`: unpaid orders do not count."""
    units = confirmed_units(batch)
    numbers = {"units": units, "minimum": batch.minimum_units}
    if units >= (batch.minimum_units or 0):
        return _("%(units)s paid: the minimum of %(minimum)s is reached.") % numbers
    return _("%(units)s of at least %(minimum)s paid.") % numbers
