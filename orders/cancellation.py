"""Cancellation: what it costs, shown first; then done, exactly as shown."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

from django.db import transaction
from django.db.models import Q

from campaigns.actors import BUYER, SYSTEM, Actor
from campaigns.capacity import Gate
from campaigns.clock import database_now
from campaigns.errors import CampaignError, Refused
from campaigns.models import Batch, Campaign
from campaigns.models.minimum import MINIMUM_MISSED
from campaigns.money import smallest_unit
from campaigns.wakeup import wake_up
from orders import emails, lifecycle
from orders.decisions import settling
from orders.delays import terms as delay_terms
from orders.models import Order, WaitlistEntry


class NotCancelable(CampaignError):
    """This order can no longer be canceled, or not by this person."""


class QuoteChanged(CampaignError):
    """The amounts are other ones than were shown before."""


@dataclass(frozen=True)
class Quote:
    """What canceling now would keep and return, in the order's currency."""

    kept: Decimal
    returned: Decimal


def quote(order: Order) -> Quote:
    """For the buyer. Read `order.batch` with it; raises NotCancelable.

    A delay lets everybody go with all that was received, until it is packed.
    """
    if delay_terms.may_leave_free(order):
        refuse_when_packed(order)
        return _quote(order, kept=Decimal(0))
    if order.batch.stage not in Batch.BEFORE_PRODUCTION:
        raise NotCancelable
    return _quote(order, kept=_kept_by_rule(order))


def quote_for_seller(order: Order) -> Quote:
    """The most the rule lets the shop keep; raises NotCancelable once packed."""
    refuse_when_packed(order)
    is_free = delay_terms.may_leave_free(order)
    return _quote(order, kept=Decimal(0) if is_free else _kept_by_rule(order))


def refuse_when_packed(order: Order) -> None:
    if order.packed_at or any(line.shipped for line in order.lines.all()):
        raise NotCancelable


def _quote(order: Order, *, kept: Decimal) -> Quote:
    if order.status not in Order.LIVE:
        raise NotCancelable
    received = order.amount_paid - order.amount_refunded
    kept = min(kept, received)
    return Quote(kept=kept, returned=received - kept)


def _kept_by_rule(order: Order) -> Decimal:
    if order.status == Order.Status.PENDING or _is_free(order):
        return Decimal(0)
    share = Decimal(order.rules.get("kept_percent", 0)) / 100
    unit = smallest_unit(order.currency)
    return (order.total * share).quantize(unit, rounding=ROUND_HALF_UP)


def _is_free(order: Order) -> bool:
    rule = order.rules.get("free_cancellation")
    if rule == Campaign.FreeCancellation.UNTIL_CLOSE:
        return order.batch.is_before_close(database_now())
    is_free = rule == Campaign.FreeCancellation.UNTIL_PRODUCTION
    return bool(is_free and order.batch.stage in Batch.BEFORE_PRODUCTION)


def cancel_as_shown(order_id: int, *, shown: Decimal) -> Order:
    """The buyer's own cancellation; raises NotCancelable or QuoteChanged.

    `shown` is the refund the buyer agreed to. Canceling twice changes nothing.
    """
    try:
        with transaction.atomic():
            return _cancel_as_shown(lifecycle.locked(order_id), shown)
    except Refused as refusal:
        raise QuoteChanged from refusal


def _cancel_as_shown(order: Order, shown: Decimal) -> Order:
    if order.status == Order.Status.CANCELED:
        return order
    terms = quote(order)
    if terms.returned != shown:
        raise QuoteChanged
    settling.leave(order, actor=BUYER)
    cancel(order, kept=terms.kept, actor=BUYER)
    return order


def cancel_for_seller(
    order_id: int, *, kept: Decimal, shown: Quote, reason: str, actor: Actor
) -> Order:
    """The seller's cancellation; raises NotCancelable or QuoteChanged.

    `shown` is what the seller could keep and return when deciding.
    """
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        if quote_for_seller(order) != shown or not 0 <= kept <= shown.kept:
            raise QuoteChanged
        tell = partial(emails.order_canceled, reason=reason)
        cancel(order, kept=kept, actor=actor, tell=tell, reason=reason)
    return order


def cancel_with_batch(order_id: int) -> bool:
    """Cancel an order whose batch was canceled; all that was paid is owed back."""
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        if not Order.objects.left_in_canceled_batches().filter(pk=order_id).exists():
            return False
        if order.batch.minimum_missed_at:
            tell, reason = emails.minimum_missed, MINIMUM_MISSED
        else:
            tell, reason = emails.batch_canceled, ""
        cancel(order, kept=Decimal(0), actor=SYSTEM, tell=tell, reason=reason)
    return True


def cancel(
    order: Order,
    *,
    kept: Decimal,
    actor: Actor,
    tell: Callable[[Order], None] = emails.order_canceled,
    reason: str = "",
) -> None:
    """Cancel a locked order, keeping `kept` of what was received.

    What is owed back is not decided here: the money rule finds it (payments). Raises
    Refused when the batch went on to another stage since the order was read: a sheet
    may have been frozen meanwhile, and other rules may hold.
    """
    as_read = Gate(batch=Q(stage=order.batch.stage))
    data = {"reason": reason} if reason else None
    order.move_to(Order.Status.CANCELED, actor=actor, data=data, amount_kept=kept)
    WaitlistEntry.objects.end_offer_of(
        order, state=WaitlistEntry.State.ENDED, end_reason=_end_reason(order)
    )
    settling.withdraw_open(order, actor=actor)
    tell(order)
    lifecycle.release_units(order, as_read)
    wake_up()


def _end_reason(order: Order) -> WaitlistEntry.EndReason:
    reasons = WaitlistEntry.EndReason
    is_whole_batch = order.batch.stage == Batch.Stage.CANCELED
    return reasons.CANCELED if is_whole_batch else reasons.SELLER
