"""The list of a batch that is being made or was canceled ends; who waits is told, once.

A chunk in one transaction: whoever is killed leaves whole chunks, and no mail twice.
"""

from collections.abc import Sequence

from django.db import transaction

from campaigns import room
from campaigns.models import Batch, Campaign
from orders.mail import rows as mail_rows
from orders.models import WaitlistEntry
from orders.waitlist import emails as waitlist_emails

CHUNK = 100
EndReason, Stage = WaitlistEntry.EndReason, Batch.Stage
# From these stages on a batch offers nothing any more; a closed one may reopen.
OVER = {
    EndReason.PRODUCTION: (Stage.PRODUCTION, Stage.SHIPPING, Stage.COMPLETED),
    EndReason.CANCELED: (Stage.CANCELED,),
}


def end_lists() -> int:
    """Nobody waits for a batch that is being made or was canceled; how many did."""
    return sum(_end_all(reason, stages) for reason, stages in OVER.items())


def _end_all(reason: WaitlistEntry.EndReason, stages: Sequence[Batch.Stage]) -> int:
    ended = 0
    while done := _end_chunk(reason, stages):
        ended += done
    return ended


def _end_chunk(reason: WaitlistEntry.EndReason, stages: Sequence[Batch.Stage]) -> int:
    waiting = WaitlistEntry.objects.waiting().for_page()
    over = waiting.filter(batch__stage__in=stages)
    with transaction.atomic():
        locked = over.select_for_update(no_key=True, of=("self",))
        entries = list(locked[:CHUNK])
        following = _following({entry.batch.campaign_id for entry in entries})
        keys = [entry.pk for entry in entries]
        ended = WaitlistEntry.objects.filter(pk__in=keys).end(reason)
        for entry in entries:
            entry.end_reason = reason
        mail_rows.store(
            waitlist_emails.list_ended(
                entry, following=following.get(entry.batch.campaign_id)
            )
            for entry in entries
        )
    return ended


def _following(campaigns: set[int]) -> dict[int, Batch]:
    """The first batch of each that can be ordered from now."""
    public = Campaign.objects.public().filter(pk__in=campaigns)
    rows = Batch.objects.accepting().filter(campaign__in=public)
    batches = list(rows.select_related("campaign").order_by("-number"))
    rooms = room.in_batches(batches)
    return {batch.campaign_id: batch for batch in batches if rooms[batch.pk].left}
