"""Unpaid holds end at the gateway first, then here: no payment slips in between."""

import logging
from datetime import timedelta

from django.db import transaction

from campaigns.clock import database_now
from campaigns.errors import InvalidTransition
from campaigns.rounds import count_done
from orders import lifecycle
from orders.models import Order
from payments import attempts, gateways, settlement
from payments.dues import balance_of
from payments.errors import GatewayError
from payments.models import Payment

logger = logging.getLogger(__name__)

# How long a hold waits for a gateway that does not answer.
GRACE = timedelta(minutes=60)


def expire_overdue() -> int:
    """End every overdue hold that is not paid; returns how many ended."""
    overdue = Order.objects.overdue().order_by("pk").values_list("pk", flat=True)
    return count_done(list(overdue), expire)


def expire(order_id: int) -> bool:
    """False when the order was paid meanwhile, or its gateway must be asked again."""
    order = Order.objects.get(pk=order_id)
    payment = attempts.open_attempt(order)
    if payment and not close(payment):
        return False
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        try:
            lifecycle.expire(order)
        except InvalidTransition:
            return False
        # What was paid in part is owed back now.
        settlement.settle(order)
        return True


def close_abandoned() -> int:
    """Close the pages of orders that ended otherwise, so that nobody pays for them."""
    rows = Payment.objects.open().exclude(order__status=Order.Status.PENDING)
    payments = rows.select_related("order").order_by("pk")
    abandoned = [p for p in payments if not balance_of(p.order).due]
    return count_done(abandoned, close)


def close(payment: Payment) -> bool:
    """Whether the page is closed, or its gateway was silent for the whole grace."""
    try:
        snapshot = gateways.get(payment.gateway).cancel(gateways.payment_in(payment))
    except GatewayError as error:
        logger.warning("payment %s could not be closed: %s", payment.reference, error)
        return _grace_is_over(payment)
    settlement.apply(payment, snapshot)
    return True


def _grace_is_over(payment: Payment) -> bool:
    now = database_now()
    if payment.hold_until is None:
        start = payment.order.expires_at or now
        Payment.objects.filter(pk=payment.pk).update(hold_until=start + GRACE)
        return False
    return now >= payment.hold_until
