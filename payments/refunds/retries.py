"""A refund on the seller's list: once more by the gateway, or by hand after all."""

from django.db import transaction

from campaigns.actors import Actor
from campaigns.clock import Clock
from campaigns.errors import InvalidTransition
from campaigns.wakeup import wake_up
from orders import lifecycle
from payments.ledger import books
from payments.models import Refund
from payments.refunds import rows as refund_rows

State = Refund.State


def try_again(refund_id: int, *, actor: Actor) -> None:
    """Send by the gateway what would be paid by hand; its own key was never used."""
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    with transaction.atomic():
        order = lifecycle.locked(refund.payment.order_id)
        payment = books.locked_payment(refund.payment_id)
        refund.refresh_from_db(fields=["state"])
        due = {"attempts": 0, "next_attempt_at": Clock(), "approved_at": Clock()}
        can_be_sent = refund.state == State.MANUAL and refund_rows.rail_pays_back(
            payment
        )
        if not (can_be_sent and refund.advance(State.REQUESTED, **due)):
            raise InvalidTransition(refund, State.REQUESTED)
        data = {"refund": refund.reference, "amount": refund.amount}
        order.record("refund_retried", actor=actor, data=data)
        wake_up()


def pay_by_hand(refund_id: int, *, actor: Actor) -> None:
    """Take it from the gateway's queue to the seller's list, while it was not sent."""
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    with transaction.atomic():
        order = lifecycle.locked(refund.payment.order_id)
        refund.refresh_from_db(fields=["state", "approved_at"])
        if refund.is_unapproved or refund.state != State.REQUESTED:
            raise InvalidTransition(refund, State.MANUAL)
        if not refund_rows.hand_over(order, refund):
            raise InvalidTransition(refund, State.MANUAL)
        data = {"refund": refund.reference, "amount": refund.amount}
        order.record("refund_handed_over", actor=actor, data=data)
