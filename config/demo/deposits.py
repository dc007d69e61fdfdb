"""An open deposit campaign with an earlier batch, in which balances are due."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from campaigns.actors import SYSTEM
from campaigns.models import Batch, Campaign
from config import production
from config.demo.buyers import BUYERS
from config.demo.crowded import CrowdedOffer
from config.demo.offers import Schedule
from config.demo.past import DAYS_ON_SALE, let_pass
from orders.models import Order
from payments import attempts
from payments.sandbox import provider as sandbox

# Of the days a balance has, the first ones have passed.
DAYS_IN_PRODUCTION = 4


@dataclass(frozen=True, kw_only=True)
class DepositOffer(CrowdedOffer):
    """`earlier` is the schedule of the batch before, counted from its first order.

    `deposits` are its orders by SKU, of the last buyers; the last one pays in full.
    """

    earlier: Schedule
    deposits: tuple[dict[str, int], ...]

    def _open_batches(self, campaign: Campaign) -> None:
        if not campaign.batches.exists():
            self._live_through_earlier(campaign)
        super()._open_batches(campaign)

    def _live_through_earlier(self, campaign: Campaign) -> None:
        batch = self._earlier_batch(campaign)
        buyers = BUYERS[-len(self.deposits) :]
        for buyer, units in zip(buyers, self.deposits, strict=True):
            order = buyer.order(batch, units)
        let_pass(batch, DAYS_ON_SALE)
        batch.close(actor=SYSTEM)
        let_pass(batch, 1)
        production.start(batch.pk, actor=SYSTEM)
        _pay_balance(order)
        let_pass(batch, DAYS_IN_PRODUCTION)

    def _earlier_batch(self, campaign: Campaign) -> Batch:
        zone = ZoneInfo(campaign.seller.time_zone)
        columns = self.earlier.columns(zone)
        batch = Batch.objects.create(campaign=campaign, number=1, **columns)
        batch.complete_allotments()
        batch.open(actor=SYSTEM)
        return batch


def _pay_balance(order: Order) -> None:
    payment = attempts.begin(order, wanted="sandbox")
    if payment:
        sandbox.finish(payment.reference, "pay")
        attempts.refresh(order)
