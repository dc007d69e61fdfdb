"""A mail to the seller of what only a human can settle."""

from typing import Any

from campaigns.models import Campaign
from orders.mail import rows as mail_rows
from orders.models import Message

SELLER_ALERT = "seller_alert"


def mail(
    words: str, campaign: Campaign, *, key: str, context: dict[str, Any]
) -> Message:
    """Not stored yet; in the language of the campaign."""
    return mail_rows.of_campaign(
        campaign,
        SELLER_ALERT,
        key=key,
        locale=campaign.lang,
        context=context,
        words=words,
        to=campaign.seller.email,
        priority=Message.Priority.NOTICE,
    )
