"""Mails to who asked to be told: the link that proves the address, and the opening."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils import translation

from campaigns.models import Batch, Campaign
from campaigns.web_addresses import absolute
from orders.mail import rows as mail_rows
from orders.models import Message, Subscriber
from orders.updates.keys import DIGEST_LENGTH

CONFIRM = "subscription_confirm"
OPENING = "opening"


def confirm_path(token: str) -> str:
    return reverse("subscription:page", args=[token])


def confirm_asked(
    rows: Sequence[Subscriber], campaign: Campaign, *, path: str, turn: int
) -> None:
    """One mail for all that was asked at once; `turn` lets it be asked again."""
    first = rows[0]
    mailbox = mail_rows.mailbox_key(CONFIRM, first.identity)
    kinds = "".join(sorted(row.kind[0] for row in rows))
    message = mail_rows.of_campaign(
        campaign,
        CONFIRM,
        key=f"{mailbox}{campaign.pk}:{kinds}:{turn}",
        locale=first.locale,
        context={"kinds": {row.kind for row in rows}, "url": absolute(path)},
        to=first.email,
        reply_to=campaign.seller.email,
    )
    mail_rows.queue(message)


def opening_key(subscriber: Subscriber, batch: Batch) -> str:
    return f"{OPENING}:{subscriber.identity}:{batch.pk}"


def opening(subscriber: Subscriber, batch: Batch) -> Message:
    """Not stored yet."""
    campaign = batch.campaign
    with translation.override(subscriber.locale):
        page = campaign.get_absolute_url()
    unsubscribe_url = absolute(subscriber.unsubscribe_path)
    message = mail_rows.of_campaign(
        campaign,
        OPENING,
        words="opening_reminder",
        key=opening_key(subscriber, batch),
        locale=subscriber.locale,
        context={
            "opened": batch,
            "campaign_url": absolute(page),
            "unsubscribe_url": unsubscribe_url,
        },
        to=subscriber.email,
        reply_to=campaign.seller.email,
        unsubscribe_url=unsubscribe_url,
        priority=Message.Priority.BULK,
    )
    # The key holds the whole digest; a Message-ID has less room.
    digest = subscriber.identity[:DIGEST_LENGTH]
    message.message_id = message.message_id.replace(subscriber.identity, digest)
    return message
