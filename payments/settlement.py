"""Applies what a gateway says to payment, ledger and order. One door for all news.

Webhook, return page, expiry and reconciliation all end in `apply`. It may run twice,
late, or at the same time as another: the order's lock and the booked amounts decide.
"""

from django.db import transaction

from campaigns.actors import GATEWAY, Actor
from campaigns.models import Batch
from campaigns.wakeup import wake_up
from orders import emails, lifecycle, reinstatement
from orders.models import Order
from payments import recording
from payments.dues import balance_of
from payments.gateways.base import Snapshot
from payments.ledger import books
from payments.models import Payment
from payments.refunds import owed as refunds_owed
from payments.refunds import seen as refunds_seen


def apply(payment: Payment, snapshot: Snapshot, *, actor: Actor = GATEWAY) -> Order:
    """Book the snapshot, then let the money rule decide what becomes of the order."""
    with transaction.atomic():
        order = lifecycle.locked(payment.order_id)
        payments = books.locked_payments(order)
        payment = books.one_of(payments, payment.pk)
        arrived = recording.record(order, payment, snapshot)
        for refund in snapshot.refunds:
            refunds_seen.record(order, payment, refund)
        settle(order, payments, late=payment if arrived else None, actor=actor)
    return order


def settle(
    order: Order,
    payments: list[Payment] | None = None,
    *,
    late: Payment | None = None,
    actor: Actor = GATEWAY,
) -> int:
    """Confirm, reinstate or refund the locked order; `late` brought new money.

    `payments` are all of the order, locked; else they are read here. Returns how many
    refunds were written.
    """
    if payments is None:
        payments = books.locked_payments(order)
    if order.status not in Order.HOLDING:
        count_set_aside(order, payments)
    books.update_sums(order, payments)
    refunds_owed.withdraw_unsent(order, payments)
    _confirm_if_paid(order, payments, actor)
    _stop_asking_for_balance(order, payments)
    if late and order.status not in Order.HOLDING:
        owed_back = balance_of(order, payments).owed_back
        # A page kept open can be paid twice: each arrival is told.
        arrival = f"{late.reference}:{late.amount_seen}"
        emails.late_payment(order, payment_key=arrival, amount=owed_back)
    wake_up()
    return refunds_owed.request(order, payments)


def count_set_aside(order: Order, payments: list[Payment]) -> None:
    """Of an order that is over: nothing is left to pay for, so the rule returns it."""
    if sum(recording.release_suspense(order, payment) for payment in payments):
        books.update_sums(order, payments)


def _stop_asking_for_balance(order: Order, payments: list[Payment]) -> None:
    """What was written and not sent yet would only cross the payment."""
    is_split = order.deposit < order.total
    is_held = order.status in Order.PAID
    if is_split and is_held and not balance_of(order, payments).due:
        order.messages.withdraw_unsent("balance_due")


def _confirm_if_paid(order: Order, payments: list[Payment], actor: Actor) -> None:
    net = balance_of(order, payments).net
    is_paid = net > 0 and net >= order.deposit and not order.is_unfinished
    if not is_paid or order.batch.stage not in Batch.BEFORE_PRODUCTION:
        return
    if order.status == Order.Status.PENDING:
        lifecycle.confirm(order, actor=actor)
    elif order.status == Order.Status.EXPIRED:
        reinstatement.reinstate(order, actor=actor)
