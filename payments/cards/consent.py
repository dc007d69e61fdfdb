"""The buyer's agreement that the balance is charged to the card of the deposit."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from campaigns.models import Campaign
from orders.models import Order
from payments import gateways
from payments.models import Payment, SavedMethod


def words(campaign: Campaign, ways_to_pay: Iterable[str]) -> str:
    """What the buyer may agree to, in the buyer's language; empty if there is nothing.

    They are kept as they were read.
    """
    has_balance = campaign.plan == Campaign.Plan.DEPOSIT
    if not has_balance or not any(saves_cards(way) for way in ways_to_pay):
        return ""
    agreed = _(
        "%(seller)s may charge the balance of this order once, when it is due, to the"
        " card I pay the deposit with. Until then I can withdraw this on my order page."
    )
    return agreed % {"seller": campaign.seller.name}


def saves_cards(gateway: str) -> bool:
    return gateways.get(gateway).caps.off_session


def record(order: Order, payment: Payment, consent: str) -> None:
    """With the order itself; an order without a balance needs none."""
    if consent and order.deposit < order.total:
        SavedMethod.objects.create(
            order=order, gateway=payment.gateway, consent=consent
        )
