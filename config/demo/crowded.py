"""An open campaign with a variant that is gone, and people who wait for it."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.models import Allotment, Campaign
from config.demo.buyers import BUYERS, Buyer
from config.demo.offers import Offer
from orders import tallies
from orders.models import WaitlistEntry
from orders.waitlist import places


@dataclass(frozen=True)
class CrowdedOffer(Offer):
    """`orders` names units by SKU for one buyer after the other; the next ones wait.

    `waiting` are the units each of them wants of `gone`.
    """

    orders: tuple[dict[str, int], ...] = ()
    gone: str = ""
    waiting: tuple[int, ...] = ()

    def live_through(self, campaign: Campaign) -> None:
        batch = campaign.batches.latest("number")
        for buyer, units in zip(BUYERS, self.orders, strict=False):
            buyer.order(batch, units)
        allotment = batch.allotments.get(variant__sku=self.gone)
        others = BUYERS[len(self.orders) :]
        for buyer, wanted in zip(others, self.waiting, strict=False):
            places.join(_place(allotment, buyer, wanted))


def _place(allotment: Allotment, buyer: Buyer, units: int) -> WaitlistEntry:
    [identity] = tallies.identities(email=buyer.email, phone="")
    return WaitlistEntry(
        batch=allotment.batch,
        variant=allotment.variant,
        quantity=units,
        email=buyer.email,
        identity=identity,
        locale="id",
    )
