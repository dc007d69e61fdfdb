"""An expired order whose money came late counts again, under the promise it was made.

Rows are locked as everywhere: order, its question, tallies, allotments, batch.
"""

from django.db import transaction

from campaigns import capacity
from campaigns.actors import GATEWAY, Actor
from campaigns.capacity import Gate
from campaigns.errors import InvalidTransition, Refused
from campaigns.models import Campaign
from orders import emails, tallies
from orders.delays import returning
from orders.lifecycle import claim_of
from orders.models import Order


def reinstate(order: Order, *, actor: Actor = GATEWAY) -> bool:
    """Take back a locked order that expired; False when there is no room.

    Only into its own batch, before production, if the rule agreed at purchase allows.
    """
    if order.rules.get("late_payment") != Campaign.LatePayment.REINSTATE:
        return False
    try:
        with transaction.atomic():
            _take_back(order, actor)
    except (Refused, tallies.BuyerLimitReached, InvalidTransition):
        order.refresh_from_db(fields=["status", "confirmed_at", "schedule_version"])
        return False
    return True


def _take_back(order: Order, actor: Actor) -> None:
    data = {"reinstated": True}
    order.move_to(Order.Status.CONFIRMED, actor=actor, data=data)
    emails.order_confirmed(order)
    if order.expired_at:
        returning.wait_again(order, ended_since=order.expired_at)
    tallies.claim(order, campaign=order.batch.campaign, units=order.units)
    capacity.shift(claim_of(order, Gate.before_production()))
