"""Who waits for an earlier batch is told when a later one opens: once for each."""

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Value

from campaigns import room
from campaigns.models import Batch
from campaigns.rounds import count_done
from orders.mail import rows as mail_rows
from orders.models import WaitlistEntry
from orders.waitlist import emails as waitlist_emails


def tell_of_openings() -> int:
    earlier = WaitlistEntry.objects.filter(
        state=WaitlistEntry.State.WAITING,
        batch__campaign=OuterRef("campaign"),
        batch__number__lt=OuterRef("number"),
    )
    batches = Batch.objects.accepting().filter(Exists(earlier))
    return count_done(list(batches.select_related("campaign")), _tell_of)


def _tell_of(batch: Batch) -> int:
    if not room.in_batch(batch).left:
        return 0
    return count_done(list(_not_told(batch)), lambda entry: _tell(entry, batch))


def _not_told(batch: Batch) -> "QuerySet[WaitlistEntry]":
    """Who joined later saw the open batch beside the list."""
    opened_at = max(filter(None, [batch.opens_at, batch.open_at]))
    waiting = WaitlistEntry.objects.waiting().for_page()
    earlier = waiting.filter(
        batch__campaign=batch.campaign_id,
        batch__number__lt=batch.number,
        joined_at__lt=opened_at,
    )
    told = mail_rows.is_told("opening", OuterRef("pk"), Value(batch.pk))
    return earlier.exclude(told)


def _tell(entry: WaitlistEntry, batch: Batch) -> bool:
    with transaction.atomic():
        waitlist_emails.opening(entry, opened=batch)
    return True
