"""More time to pay, once, for the asking: nobody is shut out for being slow."""

from django.db import transaction

from campaigns.actors import BUYER
from orders import lifecycle
from payments import attempts
from payments.closing import Pages


def extend(order_id: int) -> None:
    """Let the hold last longer; raises NotExtendable.

    A gateway's page that ends before the hold is closed, and the next one is as long
    as the hold. Should that fail, the page ends by itself.
    """
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        lifecycle.extend_hold(order, actor=BUYER)
    payment = attempts.open_attempt(order)
    ends = payment and payment.expires_at
    if payment and ends and order.expires_at and ends < order.expires_at:
        Pages().close(payment)
