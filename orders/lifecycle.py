"""What payment and time do to an order: confirm, expire, extend.

Every step refuses outside a transaction; its caller holds the order's row locked. Rows
are taken in the one order that cannot deadlock: order, lines, tallies, allotments,
batch.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from campaigns import capacity
from campaigns.actors import GATEWAY, SYSTEM, Actor
from campaigns.capacity import Gate, Move
from campaigns.clock import Clock, database_now
from campaigns.errors import CampaignError, InvalidTransition
from campaigns.models import Batch
from campaigns.money import to_minor_units
from campaigns.prepared import Prepared, given
from campaigns.transactions import in_transaction
from orders import emails, tallies
from orders.models import Order, WaitlistEntry
from orders.models.event import HOLD_ENDED
from orders.models.line import units_by_allotment
from orders.models.order import OrderQuerySet
from orders.waitlist import public_sale

LOCK_OF_ORDER = Prepared(
    lambda: (
        Order.objects.select_for_update(no_key=True)
        .only("pk")
        .filter(pk=given("order"))
    )
)
ORDER_WITH_SELLER = Prepared(
    lambda: Order.objects.with_seller().filter(pk=given("order"))
)


class NotExtendable(CampaignError):
    """The hold is over, was extended before, or the order waits for no payment."""


def locked(order_id: int) -> Order:
    """The order, locked until commit. Always the first row a transaction locks.

    Its batch is read afterwards: PostgreSQL tests a join again after a wait, against
    the batch read before it, and would lose an order that was moved meanwhile.
    """
    LOCK_OF_ORDER.get(order=order_id)
    return ORDER_WITH_SELLER.get(order=order_id)


def locked_together(keys: Sequence[int]) -> list[Order]:
    """Orders with their lines, locked in the order of their keys; batches are not read.

    Without a join, none is tested against another table after a wait.
    """
    rows: OrderQuerySet = Order.objects.select_for_update(no_key=True)
    return list(rows.filter(pk__in=keys).order_by("pk").prefetch_related("lines"))


@in_transaction
def confirm(order: Order, *, actor: Actor = GATEWAY) -> None:
    order.move_to(Order.Status.CONFIRMED, actor=actor)
    emails.order_confirmed(order)


@in_transaction
def expire(order: Order) -> None:
    """End an unpaid hold; raises InvalidTransition while its time is not over."""
    if order.expires_at is None or order.expires_at > database_now():
        raise InvalidTransition(order, Order.Status.EXPIRED)
    order.move_to(Order.Status.EXPIRED, actor=SYSTEM)
    WaitlistEntry.objects.end_offer_of(order, state=WaitlistEntry.State.EXPIRED)
    emails.order_expired(order)
    release_units(order)


@in_transaction
def end_hold(order: Order, *, actor: Actor) -> bool:
    """Let the time to pay end now; False when the order holds nothing unpaid."""
    now = database_now()
    if order.status != Order.Status.PENDING or (order.expires_at or now) <= now:
        return False
    order.record(HOLD_ENDED, actor=actor, data={"pay_before": order.expires_at})
    order.expires_at = now
    order.save(update_fields=["expires_at"])
    return True


@in_transaction
def extend_hold(order: Order, *, actor: Actor) -> None:
    """Give more time to pay, once; raises NotExtendable."""
    until = order.longer_until
    rows = Order.objects.extendable().filter(pk=order.pk)
    is_before = order.batch.stage in Batch.BEFORE_PRODUCTION
    if not (is_before and rows.update(expires_at=until, extended_at=Clock())):
        raise NotExtendable
    change = {"from": order.expires_at, "to": until}
    order.record("hold_extended", actor=actor, data={"pay_before": change})
    # A reminder nobody began to send names the old end; a later one names the new.
    order.messages.withdraw_unsent("payment_reminder")
    order.refresh_from_db(fields=["expires_at", "extended_at"])


@in_transaction
def prolong_hold(order: Order, *, until: datetime, actor: Actor, why: str) -> bool:
    """Let the hold last until then at least; False when it does, or holds nothing."""
    ends = order.expires_at
    if order.status != Order.Status.PENDING or ends is None or ends >= until:
        return False
    change = {"from": ends, "to": until}
    order.expires_at = until
    order.save(update_fields=["expires_at"])
    order.record("hold_prolonged", actor=actor, data={"pay_before": change, "why": why})
    order.messages.withdraw_unsent("payment_reminder")
    return True


@in_transaction
def release_units(order: Order, gate: Gate = capacity.ANY_TIME) -> None:
    """Give the units back to the buyer's tallies, the allotments and the batch.

    Raises Refused when the batch does not pass the gate.
    """
    tallies.release(order, campaign_id=order.batch.campaign_id, units=order.units)
    claim = claim_of(order, capacity.ANY_TIME)
    public_sale.keep_freed(order.batch_id, claim.units)
    capacity.shift(claim.reversed(gate))


def claim_of(order: Order, gate: Gate) -> Move:
    """What the order's lines take from its batch."""
    lines = order.lines.all()
    goods = sum((line.amount for line in lines), start=Decimal(0))
    return Move(
        batch_id=order.batch_id,
        units=units_by_allotment(lines),
        orders=1,
        goods=to_minor_units(goods, order.currency),
        gate=gate,
    )
