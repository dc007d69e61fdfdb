"""Money that a seller's bank took in for an attempt, by a proof or by a statement."""

from decimal import Decimal

from campaigns.actors import SYSTEM, Actor
from orders import lifecycle
from orders.models import Order
from payments import grace, settlement
from payments.gateways.base import Snapshot
from payments.models import Payment, StatementLine


def take_in(
    payment: Payment, *, amount: Decimal, actor: Actor, line: StatementLine | None
) -> Order:
    """Book what came; order and payment are locked, and freshly read."""
    snapshot = Snapshot(
        state=Payment.State.CONFIRMED,
        currency=payment.currency,
        received=payment.amount_seen + amount,
        line=line,
    )
    order = settlement.apply(payment, snapshot, actor=actor)
    payment.refresh_from_db()
    if order.status == Order.Status.PENDING:
        # It came short: the buyer gets time to send the rest.
        prolong_by_grace(order, payment, why="rest")
    return order


def prolong_by_grace(order: Order, payment: Payment, *, why: str) -> None:
    """A working day from now; where that moves the end, no further grace follows it."""
    if order.hold_was_ended:
        return
    payment.order = order
    until = grace.end_now(payment)
    if lifecycle.prolong_hold(order, until=until, actor=SYSTEM, why=why):
        Payment.objects.filter(pk=payment.pk).update(hold_until=until)
