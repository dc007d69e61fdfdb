"""Money that came twice: the seller lets it go back, or keeps it as credit.

Nothing is sent before. Credit is owed back like all else once the order has ended.
"""

from django.db import transaction

from campaigns.actors import Actor
from campaigns.clock import Clock
from campaigns.errors import CampaignError, InvalidTransition
from campaigns.wakeup import wake_up
from orders import lifecycle
from orders.models import Order
from payments import settlement
from payments.ledger import books
from payments.models import Refund
from payments.refunds import rows as refund_rows


class OwedBack(CampaignError):
    """The order has ended: what it holds goes back, it can not be credit."""


def approve(refund_id: int, *, actor: Actor) -> None:
    """Let it be sent; raises InvalidTransition when that was decided before."""
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    with transaction.atomic():
        order = lifecycle.locked(refund.payment.order_id)
        refund.refresh_from_db(fields=["state"])
        if not refund.approve():
            raise InvalidTransition(refund, Refund.State.SENDING)
        data = {"refund": refund.reference, "amount": refund.amount}
        order.record("refund_approved", actor=actor, data=data)
        refund_rows.tell_requested(order, refund)
        wake_up()


def decline(refund_id: int, *, note: str, actor: Actor) -> None:
    """Keep it as credit of an order that goes on; raises OwedBack for an ended one."""
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    with transaction.atomic():
        order = lifecycle.locked(refund.payment.order_id)
        payment = books.locked_payment(refund.payment_id)
        refund.refresh_from_db(fields=["state", "approved_at"])
        if order.status not in Order.HOLDING:
            raise OwedBack
        if not refund.is_unapproved:
            raise InvalidTransition(refund, Refund.State.CANCELED)
        refund_rows.withdraw(payment, [refund], note=note[:200], declined_at=Clock())
        data = {"refund": refund.reference, "amount": refund.amount}
        order.record("credit_kept", actor=actor, data=data, personal={"note": note})
        settlement.settle(order)
