"""Unpaid holds end at the gateway first, then here: no payment slips in between.

A gateway that does not answer keeps a hold for a grace, then the order ends without
it: its payment stays open and is asked for on (`closing.close_abandoned`), and what
still arrives is late money.
"""

from collections.abc import Iterable
from functools import partial

from django.db import transaction

from campaigns.errors import InvalidTransition
from campaigns.rounds import count_done, keys_of
from orders import lifecycle
from orders.models import Order
from payments import attempts, grace, settlement
from payments.closing import Pages
from payments.ledger import books
from payments.models import Payment


def expire_overdue() -> int:
    """End every overdue hold that is not paid; returns how many ended."""
    return expire_all(keys_of(Order.objects.overdue()))


def expire_all(order_ids: Iterable[int]) -> int:
    """The same for these orders, each in transactions of its own."""
    return count_done(order_ids, partial(expire, pages=Pages()))


def expire(order_id: int, *, pages: Pages | None = None) -> bool:
    """False when the order was paid meanwhile, or its gateway must be asked again."""
    order = Order.objects.overdue().filter(pk=order_id).first()
    if order is None:
        return False
    payment = attempts.open_attempt(order)
    if payment and not _let_go(payment, pages or Pages()):
        return False
    return _end(order_id)


def _let_go(payment: Payment, pages: Pages) -> bool:
    """Close the page; True too when its gateway was silent for the whole grace."""
    if grace.must_pass(payment) and not grace.is_over(payment):
        return False
    if pages.close(payment):
        return True
    if not grace.is_over(payment):
        return False
    pages.look(payment)
    return True


def _end(order_id: int) -> bool:
    try:
        with transaction.atomic():
            _expire(lifecycle.locked(order_id))
    except InvalidTransition:
        return False
    return True


def _expire(order: Order) -> None:
    payments = books.locked_payments(order)
    # Before the end is told: its mail says what arrived.
    settlement.count_set_aside(order, payments)
    lifecycle.expire(order)
    if any(payment.amount_seen for payment in payments):
        # What was paid in part is owed back now.
        settlement.settle(order, payments)
