"""Tells a seller, and who runs the shop, what a reconciliation listed: once each."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from campaigns.lists import link_to
from campaigns.models import Campaign
from campaigns.web_addresses import absolute
from orders import seller_alerts
from orders.mail import rows as mail_rows
from orders.models import Message
from orders.operators import operators
from orders.seller_alerts import SELLER_ALERT
from payments.models import Discrepancy, ReconciliationRun

SHOWN = 20
WORDS = "discrepancies"


def tell(run: ReconciliationRun) -> int:
    """One mail to each seller whose payments differ; the rest goes to the operators."""
    listed = Discrepancy.objects.filter(run=run).order_by("pk")
    of_sellers = Campaign.objects.filter(
        batches__orders__payments__discrepancies__run=run
    ).select_related("seller")
    campaigns = {campaign.seller_id: campaign for campaign in of_sellers}
    mails = [
        to_seller(campaign, _of(campaign, listed), key=f"{run.pk}:{campaign.seller_id}")
        for campaign in campaigns.values()
    ]
    if unowned := list(listed.filter(payment=None)):
        mails += [_to_operator(run, unowned, user) for user in operators()]
    return mail_rows.store(mails)


def _of(campaign: Campaign, listed: "QuerySet[Discrepancy]") -> list[Discrepancy]:
    seller = campaign.seller_id
    return list(listed.filter(payment__order__batch__campaign__seller=seller))


def to_seller(campaign: Campaign, found: list[Discrepancy], *, key: str) -> Message:
    """Not stored yet."""
    return seller_alerts.mail(
        WORDS,
        campaign,
        key=f"{SELLER_ALERT}:{WORDS}:{key}",
        context=_context(found),
    )


def _to_operator(
    run: ReconciliationRun, found: list[Discrepancy], user: User
) -> Message:
    key = f"{SELLER_ALERT}:{WORDS}:{run.pk}:operator-{user.pk}"
    return mail_rows.to_operator(
        SELLER_ALERT, WORDS, key=key, context=_context(found), to=user.email
    )


def _context(found: list[Discrepancy]) -> dict[str, Any]:
    return {
        "found": found[:SHOWN],
        "count": len(found),
        "more": max(0, len(found) - SHOWN),
        "list_url": absolute(link_to(Discrepancy)),
    }
