"""Cash: recorded by the seller when it is received, and when it is paid back.

Both enter the books by the doors that gateways use, so the one money rule confirms,
reinstates and owes back.
"""

from decimal import Decimal

from django.db import transaction

from campaigns.actors import Actor
from campaigns.clock import database_now
from campaigns.errors import CampaignError, InvalidTransition
from orders import lifecycle
from orders.models import Order
from payments import attempts, gateways, settlement
from payments.closing import Pages
from payments.gateways.base import RefundSnapshot
from payments.gateways.cash import CashGateway
from payments.models import Payment, Refund
from payments.refunds import sending as refund_sending


class AlreadyRecorded(CampaignError):
    """This cash, or this way of paying back, stands in the books already."""


def receive(
    order_id: int, *, amount: Decimal, note: str, key: str, actor: Actor
) -> Payment:
    """Book cash once for each `key`; raises AlreadyRecorded.

    A page of a gateway that waits for the same money is closed first. What it brings
    all the same, and cash above what is due, is owed back.
    """
    order = Order.objects.get(pk=order_id)
    if waiting := attempts.open_attempt(order):
        Pages().close(waiting)
    with transaction.atomic():
        return _receive(order_id, amount=amount, note=note, key=key, actor=actor)


def _receive(
    order_id: int, *, amount: Decimal, note: str, key: str, actor: Actor
) -> Payment:
    order = lifecycle.locked(order_id)
    if order.payments.filter(gateway_reference=f"cash_{key}").exists():
        raise AlreadyRecorded
    payment = attempts.unsaved(
        order,
        CashGateway.name,
        amount,
        gateway_reference=f"cash_{key}",
        state=Payment.State.CONFIRMED,
        confirmed_at=database_now(),
    )
    payment.save(force_insert=True)
    data = {"payment": payment.reference, "amount": amount}
    order.record("cash_received", actor=actor, data=data, personal=_noted(note))
    snapshot = CashGateway().fetch(gateways.payment_in(payment))
    settlement.apply(payment, snapshot, actor=actor)
    return payment


def pay_back(refund_id: int, *, reference: str, actor: Actor) -> None:
    """A refund "to be paid by hand" was paid; raises what changed in between."""
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    seen = RefundSnapshot(
        gateway_reference=reference,
        amount=refund.amount,
        state=Refund.State.SUCCEEDED,
    )
    with transaction.atomic():
        _pay_back(refund, seen, actor)


def _pay_back(refund: Refund, seen: RefundSnapshot, actor: Actor) -> None:
    order = lifecycle.locked(refund.payment.order_id)
    same = refund.payment.refunds.filter(gateway_reference=seen.gateway_reference)
    if seen.gateway_reference and same.exists():
        raise AlreadyRecorded
    refund.refresh_from_db(fields=["state"])
    # While the buyer's bank asks for the same money, it must not leave twice.
    is_disputed = refund.payment.disputes.open().exists()
    if refund.state != Refund.State.MANUAL or is_disputed:
        raise InvalidTransition(refund, Refund.State.SUCCEEDED)
    data = {"refund": refund.reference, "amount": refund.amount}
    noted = _noted(seen.gateway_reference)
    order.record("refunded_by_hand", actor=actor, data=data, personal=noted)
    refund_sending.record(refund, state=seen.state, seen=seen)


def _noted(text: str) -> dict[str, str]:
    return {"note": text} if text else {}
