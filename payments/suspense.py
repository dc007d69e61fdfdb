"""Money that came in another amount or currency: the seller decides where it goes.

Credited, it counts like any money. Sent back, it leaves by the rail it came on, or by
the seller's hand where that is another currency. Doing either twice changes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from django.db import transaction

from campaigns.actors import Actor
from campaigns.errors import InvalidTransition
from orders import lifecycle
from orders.models import Order
from payments import recording, settlement
from payments.ledger import books
from payments.models import Payment, Refund
from payments.reconciliation.discrepancies import strike_out
from payments.refunds import rows as refund_rows


def credit(payment_id: int, *, actor: Actor) -> None:
    """Count it for the order; the money rule decides what follows."""
    with _decided(payment_id) as (order, payment):
        amount = _released(order, payment)
        data = _data(payment, amount)
        order.record("suspense_credited", actor=actor, data=data)
        settlement.settle(order, actor=actor)


def send_back(payment_id: int, *, note: str, actor: Actor) -> None:
    """Credit it and refund it, by the usual road and with its mails."""
    with _decided(payment_id) as (order, payment):
        amount = _released(order, payment)
        source = Refund.Source.ADMIN
        refund_rows.request(order, [payment], amount, source=source, note=note)
        data, personal = _data(payment, amount), {"note": note}
        order.record("suspense_returned", actor=actor, data=data, personal=personal)
        settlement.settle(order, actor=actor)


def returned_by_hand(payment_id: int, *, reference: str, actor: Actor) -> None:
    """Money of another currency, which the books of this order cannot hold."""
    with _decided(payment_id) as (order, payment):
        amount = recording.return_suspense(order, payment)
        data, personal = _data(payment, amount), {"note": reference}
        order.record("suspense_returned", actor=actor, data=data, personal=personal)


def look_at(payment_id: int, *, note: str, actor: Actor) -> None:
    """Somebody looked, and nothing is to be done; raises InvalidTransition."""
    with transaction.atomic():
        order, payment = _locked(payment_id)
        if not payment.needs_review or payment.amount_in_suspense:
            raise InvalidTransition(payment, "reviewed")
        recording.unflag(payment)
        data, personal = {"payment": payment.reference}, {"note": note}
        order.record("payment_reviewed", actor=actor, data=data, personal=personal)


@contextmanager
def _decided(payment_id: int) -> Iterator[tuple[Order, Payment]]:
    """Order and payment, locked, while money is set aside; nothing is left to see."""
    with transaction.atomic():
        order, payment = _locked(payment_id)
        if not payment.amount_in_suspense:
            raise InvalidTransition(payment, "decided")
        recording.unflag(payment)
        yield order, payment
        strike_out(payment.discrepancies.filter(kind="amount"), ())


def _locked(payment_id: int) -> tuple[Order, Payment]:
    order = lifecycle.locked(Payment.objects.get(pk=payment_id).order_id)
    return order, books.locked_payment(payment_id)


def _released(order: Order, payment: Payment) -> Decimal:
    amount = recording.release_suspense(order, payment)
    if not amount:
        # Another currency cannot be counted for the order.
        raise InvalidTransition(payment, "credited")
    return amount


def _data(payment: Payment, amount: Decimal) -> dict[str, object]:
    return {"payment": payment.reference, "amount": amount}
