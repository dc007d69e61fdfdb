"""What must always be true of updates and of who wants no news."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Lower

from campaigns.clock import database_now
from campaigns.invariants import Invariant
from campaigns.models import Update
from orders.mail.deliverability import unreachable
from orders.models import Message, OrderEvent, Subscriber
from orders.updates.audience import orders_of, subscribed_kind
from orders.updates.keys import KIND, key_of
from orders.updates.reach import stopped_for
from orders.updates.recipients import identity_of

CHUNK = 1000
# Later, orders have moved on, and what they were then is no longer known.
REMEMBERED = timedelta(days=30)
# A sweep period and a minute: what is younger is still being done.
PATIENCE = timedelta(minutes=2)


def people_without_their_mail() -> Iterable[str]:
    """Of orders to which nothing happened since: they were in the audience then."""
    since = database_now() - REMEMBERED
    written = Update.objects.published().filter(written_at__gt=since)
    for update in written.select_related("campaign__seller", "batch", "variant"):
        yield from _missing_of(update)


def _missing_of(update: Update) -> Iterator[str]:
    later = OrderEvent.objects.filter(order=OuterRef("pk"), at__gte=update.published_at)
    unchanged = orders_of(update).filter(
        ~Exists(later), placed_at__lt=update.published_at
    )
    stopped, failed = stopped_for(update), unreachable() | _mended_since(update)
    rows = unchanged.exclude(email="").order_by("pk").values_list("pk", "email")
    for chunk in _chunks(rows.iterator(CHUNK)):
        keys = {
            key_of(update.pk, identity): pk
            for pk, email in chunk
            if email not in failed and (identity := identity_of(email)) not in stopped
        }
        told = Message.objects.filter(dedupe_key__in=keys)
        for key in keys.keys() - set(told.values_list("dedupe_key", flat=True)):
            yield f"update {update.pk}: no mail for order {keys[key]}"


def _mended_since(update: Update) -> set[str]:
    """Failed then, sent later: when the mails were written they were left out."""
    mended = Message.objects.filter(
        created_at__lt=update.written_at, sent_at__gt=update.published_at
    )
    return set(mended.exclude(update_of=update).values_list("to", flat=True))


def _chunks(
    rows: Iterable[tuple[int, str]],
) -> Iterator[list[tuple[int, str]]]:
    chunk: list[tuple[int, str]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    yield chunk


def mails_nobody_was_meant_to_get() -> Iterable[str]:
    """To orders of other campaigns, or to who has neither order nor subscription."""
    mails = Message.objects.filter(update_of__isnull=False, kind=KIND)
    strayed = mails.filter(order__isnull=False).exclude(
        order__batch__campaign=F("update_of__campaign")
    )
    of_nobody = mails.filter(order=None).filter(
        Q(update_of__audience=Update.Audience.BUYERS)
        | ~Exists(Subscriber.objects.filter(email=OuterRef("to")))
    )
    for message in [*strayed, *of_nobody]:
        yield f"message {message.pk}: update {message.update_of_id} was not for it"


def people_with_two_mails() -> Iterable[str]:
    mails = Message.objects.filter(update_of__isnull=False, kind=KIND).order_by()
    doubles = mails.values("update_of", address=Lower("to")).annotate(n=Count("pk"))
    for row in doubles.filter(n__gt=1):
        yield f"update {row['update_of']}: {row['n']} mails to one address"


def mails_to_who_wanted_none() -> Iterable[str]:
    """Written after the stop, by the clock of the same database."""
    for update in Update.objects.published().select_related("campaign__seller"):
        stopping = Subscriber.objects.stopping(update.campaign, subscribed_kind(update))
        rows = stopping.values_list("identity", "unsubscribed_at")
        since = {key_of(update.pk, identity): at for identity, at in rows if at}
        mails = Message.objects.filter(dedupe_key__in=since).order_by("pk")
        for pk, key, at in mails.values_list("pk", "dedupe_key", "created_at"):
            if at > since[key]:
                yield f"message {pk}: written {at}, unsubscribed {since[key]}"


def updates_left_alone() -> Iterable[str]:
    limit = database_now() - PATIENCE
    for update in Update.objects.due().filter(publish_at__lt=limit):
        yield f"update {update.pk}: still to be published since {update.publish_at}"


def buyers_of_nothing() -> Iterable[str]:
    """An update about a batch or a variant of another campaign."""
    strayed = Update.objects.exclude(batch=None, variant=None).filter(
        (Q(batch__isnull=False) & ~Q(batch__campaign=F("campaign")))
        | (Q(variant__isnull=False) & ~Q(variant__campaign=F("campaign")))
    )
    for update in strayed:
        yield f"update {update.pk}: its batch or variant is of another campaign"


INVARIANTS = (
    Invariant(18, "an update reaches its people", people_without_their_mail),
    Invariant(18, "an update reaches nobody else", mails_nobody_was_meant_to_get),
    Invariant(18, "an update reaches each once", people_with_two_mails),
    Invariant(18, "no news for who wants none", mails_to_who_wanted_none),
    Invariant(19, "no update is left alone", updates_left_alone),
    Invariant(22, "an update is about its campaign", buyers_of_nothing),
)
