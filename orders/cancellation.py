"""Cancellation: what it costs, shown first; then done, exactly as shown."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction

from campaigns.actors import BUYER, Actor
from campaigns.errors import CampaignError
from campaigns.models import Batch, Campaign
from campaigns.money import EXPONENT
from campaigns.wakeup import wake_up
from orders import emails, lifecycle
from orders.models import Order


class NotCancelable(CampaignError):
    """The buyer can no longer cancel this order himself."""


class QuoteChanged(CampaignError):
    """The refund is another one than the buyer was shown."""


@dataclass(frozen=True)
class Quote:
    """What canceling now would keep and return, in the order's currency."""

    kept: Decimal
    returned: Decimal


def quote(order: Order) -> Quote:
    """Read `order.batch` with it; raises NotCancelable."""
    if order.status not in (Order.Status.PENDING, Order.Status.CONFIRMED):
        raise NotCancelable
    if order.batch.stage not in (Batch.Stage.OPEN, Batch.Stage.CLOSED):
        raise NotCancelable
    received = order.amount_paid - order.amount_refunded
    kept = min(_kept_by_rule(order), received)
    return Quote(kept=kept, returned=received - kept)


def _kept_by_rule(order: Order) -> Decimal:
    if order.status == Order.Status.PENDING or _is_free(order):
        return Decimal(0)
    share = Decimal(order.rules.get("kept_percent", 0)) / 100
    unit = Decimal(1).scaleb(-EXPONENT[order.currency])
    return (order.total * share).quantize(unit, rounding=ROUND_HALF_UP)


def _is_free(order: Order) -> bool:
    rule = order.rules.get("free_cancellation")
    if rule == Campaign.FreeCancellation.UNTIL_CLOSE:
        return order.batch.stage == Batch.Stage.OPEN
    return bool(rule == Campaign.FreeCancellation.UNTIL_PRODUCTION)


def cancel_as_shown(order_id: int, *, shown: Decimal) -> Order:
    """The buyer's own cancellation; raises NotCancelable or QuoteChanged.

    `shown` is the refund the buyer agreed to. Canceling twice changes nothing.
    """
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        if order.status == Order.Status.CANCELED:
            return order
        terms = quote(order)
        if terms.returned != shown:
            raise QuoteChanged
        cancel(order, kept=terms.kept, actor=BUYER)
    return order


def cancel(order: Order, *, kept: Decimal, actor: Actor) -> None:
    """Cancel a locked order, keeping `kept` of what was received.

    What is owed back is not decided here: the money rule finds it (payments).
    """
    order.move_to(Order.Status.CANCELED, actor=actor, amount_kept=kept)
    lifecycle.release_units(order)
    emails.order_canceled(order)
    wake_up()
