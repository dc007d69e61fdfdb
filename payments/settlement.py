"""Applies what a gateway says to payment, ledger and order. One door for all news.

Webhook, return page, expiry and reconciliation all end in `apply`. It may run twice,
late, or at the same time as another: the order's lock and the booked amounts decide.
"""

from typing import Any

from django.db import transaction

from campaigns.actors import GATEWAY, Actor
from campaigns.clock import database_now
from campaigns.models import Batch
from campaigns.wakeup import wake_up
from orders import emails, lifecycle
from orders.models import Order
from payments import books, refunds
from payments.dues import balance_of
from payments.gateways.base import Snapshot
from payments.models import LedgerEntry, Payment


def apply(payment: Payment, snapshot: Snapshot, *, actor: Actor = GATEWAY) -> Order:
    """Book the snapshot, then let the money rule decide what becomes of the order."""
    with transaction.atomic():
        order = lifecycle.locked(payment.order_id)
        payments = books.locked_payments(order)
        payment = books.one_of(payments, payment.pk)
        arrived = _record(order, payment, snapshot)
        for refund in snapshot.refunds:
            refunds.record_seen(order, payment, refund)
        settle(order, payments, late=payment if arrived else None, actor=actor)
    return order


def settle(
    order: Order,
    payments: list[Payment],
    *,
    late: Payment | None = None,
    actor: Actor = GATEWAY,
) -> None:
    """Confirm, reinstate or refund the locked order; `late` brought new money."""
    books.update_sums(order, payments)
    refunds.withdraw_unsent(order, payments)
    _confirm_if_paid(order, payments, actor)
    if late and order.status not in Order.HOLDING:
        owed_back = balance_of(order, payments).owed_back
        # A page kept open can be paid twice: each arrival is told.
        arrival = f"{late.reference}:{late.amount_received}"
        emails.late_payment(order, payment_key=arrival, amount=owed_back)
    refunds.request_owed(order, payments)
    wake_up()


def _confirm_if_paid(order: Order, payments: list[Payment], actor: Actor) -> None:
    net = balance_of(order, payments).net
    is_paid = net > 0 and net >= order.deposit and not order.is_unfinished
    if not is_paid or order.batch.stage not in Batch.BEFORE_PRODUCTION:
        return
    if order.status == Order.Status.PENDING:
        lifecycle.confirm(order, actor=actor)
    elif order.status == Order.Status.EXPIRED:
        lifecycle.reinstate(order, actor=actor)


def _record(order: Order, payment: Payment, snapshot: Snapshot) -> bool:
    """Write the fetched state and amounts; True when new money arrived."""
    if snapshot.currency != payment.currency:
        _flag(payment, f"paid in {snapshot.currency}, not {payment.currency}")
        return False
    changes: dict[str, Any] = {"last_snapshot": snapshot.details}
    if snapshot.state in Payment.TRANSITIONS.get(Payment.State(payment.state), ()):
        changes["state"] = snapshot.state
        if snapshot.state == Payment.State.CONFIRMED:
            changes["confirmed_at"] = database_now()
    received = snapshot.received - payment.amount_received
    if received > 0:
        books.enter(order, payment, LedgerEntry.Kind.PAYMENT, received)
        changes["amount_received"] = snapshot.received
    taken_back = snapshot.reversed - payment.amount_reversed
    if taken_back > 0:
        books.enter(order, payment, LedgerEntry.Kind.REVERSAL, taken_back)
        changes["amount_reversed"] = snapshot.reversed
    if received > 0 and snapshot.received != payment.amount:
        _flag(payment, f"received {snapshot.received} of {payment.amount}")
    for column, value in changes.items():
        setattr(payment, column, value)
    payment.save(update_fields=list(changes))
    return received > 0


def _flag(payment: Payment, reason: str) -> None:
    """Show the payment to a human; what the money rule does is not delayed by it."""
    rows = Payment.objects.filter(pk=payment.pk)
    rows.update(needs_review=True, review_reason=reason)
