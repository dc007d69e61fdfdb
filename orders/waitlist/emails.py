"""Mails about a place on the waiting list, where no order is yet."""

from typing import Any

from django.urls import reverse
from django.utils import translation

from campaigns.models import Batch, Campaign
from campaigns.web_addresses import absolute
from orders.mail import rows as mail_rows
from orders.models import Message, WaitlistEntry

LIST_ENDED = "waitlist_ended"


def waitlist_joined(
    entry: WaitlistEntry, *, turn: int, asked: WaitlistEntry | None = None
) -> None:
    """The only way the secret link leaves the shop; `turn` lets it be asked again.

    `asked` is what the same address wanted now, where its place waits for another
    quantity: the mail tells, as no public page may.
    """
    key = f"{turn}-again" if asked else str(turn)
    mail_rows.queue(_message(entry, "waitlist_joined", key=key, asked=asked))


def joined_prefix(entry: WaitlistEntry) -> str:
    """How the keys begin of all links to this place."""
    return f"waitlist_joined:{entry.pk}:"


def opening(entry: WaitlistEntry, *, opened: Batch) -> None:
    message = _message(entry, "opening", key=str(opened.pk), opened=opened)
    message.priority = Message.Priority.NOTICE
    mail_rows.queue(message)


def list_ended(entry: WaitlistEntry, *, following: Batch | None) -> Message:
    """One for each mailbox, whatever it waited for; not stored yet.

    `following` is another batch that can be ordered from.
    """
    message = _message(entry, LIST_ENDED, key="", following=following)
    message.priority = Message.Priority.NOTICE
    message.dedupe_key = f"{LIST_ENDED}:{entry.batch_id}:{entry.identity}"
    return message


def _message(entry: WaitlistEntry, kind: str, *, key: str, **context: Any) -> Message:
    campaign = entry.batch.campaign
    context |= {
        "entry": entry,
        "place_url": absolute(entry.url),
        "campaign_url": absolute(_page_of(campaign, entry.locale)),
        "reminder_url": absolute(_reminder_of(campaign, entry.locale)),
    }
    return mail_rows.of_campaign(
        campaign,
        kind,
        key=f"{kind}:{entry.pk}:{key}",
        locale=entry.locale,
        context=context,
        to=entry.email,
        reply_to=campaign.seller.email,
    )


def _page_of(campaign: Campaign, locale: str) -> str:
    with translation.override(locale):
        return campaign.get_absolute_url()


def _reminder_of(campaign: Campaign, locale: str) -> str:
    with translation.override(locale):
        return reverse("orders:reminder", args=[campaign.slug])
