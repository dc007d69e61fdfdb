"""A batch opens: who asked to be reminded is told, once for each opening."""

from django.db.models import Exists, OuterRef, Value

from campaigns import room
from campaigns.models import Batch
from campaigns.rounds import count_done
from orders.mail import rows as mail_rows
from orders.models import Subscriber, WaitlistEntry
from orders.models.subscriber import SubscriberQuerySet
from orders.subscriptions import emails as subscription_emails

CHUNK = 250


def remind_of_openings() -> int:
    asked = Subscriber.objects.live().filter(
        kind=Subscriber.Kind.OPENING, campaign=OuterRef("campaign")
    )
    batches = Batch.objects.accepting().filter(Exists(asked))
    return count_done(list(batches.select_related("campaign__seller")), _remind_of)


def _remind_of(batch: Batch) -> int:
    """Who is killed leaves no mail half written; the next round goes on."""
    if not room.in_batch(batch).left:
        return 0
    told, last = 0, 0
    while chunk := list(_not_told(batch).filter(pk__gt=last)[:CHUNK]):
        mails = [subscription_emails.opening(each, batch) for each in chunk]
        told += mail_rows.store(mails)
        last = chunk[-1].pk
    return told


def _not_told(batch: Batch) -> SubscriberQuerySet:
    """Who asked later saw the open batch; who waits in a list is told of it there."""
    opened_at = max(filter(None, [batch.opens_at, batch.open_at]))
    asked = Subscriber.objects.told(batch.campaign, Subscriber.Kind.OPENING)
    told = mail_rows.is_told("opening", OuterRef("identity"), Value(batch.pk))
    waiting = WaitlistEntry.objects.waiting().filter(
        identity=OuterRef("identity"),
        batch__campaign=batch.campaign_id,
        batch__number__lt=batch.number,
    )
    rows = asked.filter(created_at__lt=opened_at).exclude(told)
    return rows.exclude(Exists(waiting)).order_by("pk")
