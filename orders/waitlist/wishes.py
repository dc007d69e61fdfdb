"""How many units a place waits for, changed by whoever has its secret link.

The place is kept, for fewer and for more: the list asks in the order of joining, and
passes over who wants more than is free. Once an offer is out nothing is changed.
"""

from django.db import transaction

from campaigns.errors import CampaignError
from campaigns.models import Allotment
from campaigns.wakeup import wake_up
from orders import tallies
from orders.models import WaitlistEntry


class BeyondBatch(CampaignError):
    """More than the batch makes of the variant; no offer could ever come."""

    def __init__(self, *, most: int) -> None:
        super().__init__(f"at most {most}")
        self.most = most


def change(entry_id: int, *, quantity: int, accepts_fewer: bool) -> None:
    """The same again changes nothing.

    Raises InvalidTransition unless it waits, BuyerLimitReached or BeyondBatch.
    """
    with transaction.atomic():
        entry = WaitlistEntry.objects.locked(entry_id)
        if quantity > entry.quantity:
            _refuse_beyond_limits(entry, quantity)
        entry.wait_for(quantity, accepts_fewer=accepts_fewer)
        wake_up()


def _refuse_beyond_limits(entry: WaitlistEntry, quantity: int) -> None:
    limit, held = entry.batch.campaign.buyer_limit, held_by(entry)
    if limit is not None and held + quantity > limit:
        raise tallies.BuyerLimitReached(limit=limit, wanted=quantity)
    own = Allotment.objects.get(batch=entry.batch_id, variant=entry.variant_id)
    caps = (entry.batch.capacity, own.capacity)
    most = min(cap for cap in caps if cap is not None)
    if quantity > most:
        raise BeyondBatch(most=most)


def held_by(entry: WaitlistEntry) -> int:
    """Units of the campaign in other orders of this mailbox."""
    campaign_id = entry.batch.campaign_id
    return tallies.held_by(campaign_id=campaign_id, email=entry.email, phone="")
