"""Publishes what nobody took back, then writes its mails, a chunk at a time.

How far it came is a column of the update, moved with each chunk in one transaction:
who is killed goes on from there, and two at once write each mail once. Whatever
happens, the key of a mail makes it one for each person.
"""

from contextlib import suppress
from typing import Any

from django.db import transaction

from campaigns.clock import Clock
from campaigns.errors import InvalidTransition
from campaigns.models import Update
from campaigns.rounds import count_done, keys_of
from orders.mail import rows as mail_rows
from orders.mail.deliverability import unreachable
from orders.models import Subscriber
from orders.updates.audience import orders_of, subscribed_kind, subscribers_of
from orders.updates.emails import update_mail
from orders.updates.recipients import Recipient

CHUNK = 250
# Other work of the sweep waits meanwhile; the next round goes on.
CHUNKS_A_ROUND = 10


def publish_due() -> int:
    return count_done(keys_of(Update.objects.due()), _publish)


def _publish(update_id: int) -> bool:
    # Taken back, or published by another, since we looked.
    with suppress(InvalidTransition):
        Update.objects.get(pk=update_id).publish()
        return True
    return False


def write_due() -> int:
    return count_done(keys_of(Update.objects.to_be_written()), write)


def write(update_id: int) -> int:
    """A round of its mails; how many people were gone through."""
    gone_through = 0
    for _turn in range(CHUNKS_A_ROUND):
        done = _write_chunk(update_id)
        if done is None:
            break
        gone_through += done
    return gone_through


def _write_chunk(update_id: int) -> int | None:
    """None once everybody has their mail."""
    updates = Update.objects.select_related("campaign__seller")
    update = updates.prefetch_related("pictures").get(pk=update_id)
    if update.written_at:
        return None
    if people := _next_buyers(update):
        return _store(update, people, written_to=people[-1].order)
    if people := _next_subscribers(update):
        return _store(update, people, subscribers_written_to=people[-1].subscriber)
    _finish(update)
    return None


def _next_buyers(update: Update) -> list[Recipient]:
    rows = orders_of(update).filter(pk__gt=update.written_to).order_by("pk")
    campaign = update.campaign
    found = rows.select_related("batch")[:CHUNK]
    return [Recipient.of_order(order, campaign) for order in found]


def _next_subscribers(update: Update) -> list[Recipient]:
    after = update.subscribers_written_to
    rows = subscribers_of(update).filter(pk__gt=after).order_by("pk")[:CHUNK]
    return [Recipient.of_subscriber(each, update.campaign) for each in rows]


def _store(update: Update, people: list[Recipient], **cursor: Any) -> int:
    """Rendered before the transaction; who wants no news is asked inside it."""
    failed = unreachable(each.email for each in people)
    reached = [each for each in people if each.email and each.email not in failed]
    mails = {
        identity: update_mail(update, each)
        for identity, each in _one_each(reached).items()
    }
    moved = {name: row.pk for name, row in cursor.items()}
    seen = {name: getattr(update, name) for name in moved}
    with transaction.atomic():
        mine = Update.objects.to_be_written().filter(pk=update.pk, **seen)
        if not mine.update(**moved):
            return 0
        stopped = _stopped(update, list(mails))
        mail_rows.store(mails[each] for each in mails if each not in stopped)
    return len(people)


def _one_each(people: list[Recipient]) -> dict[str, Recipient]:
    """Of several orders of one mailbox the first."""
    found: dict[str, Recipient] = {}
    for each in people:
        found.setdefault(each.identity, each)
    return found


def _stopped(update: Update, identities: list[str]) -> set[str]:
    rows = Subscriber.objects.stopping(update.campaign, subscribed_kind(update))
    found = rows.filter(identity__in=identities)
    return set(found.values_list("identity", flat=True))


def _finish(update: Update) -> None:
    seen = {
        "written_to": update.written_to,
        "subscribers_written_to": update.subscribers_written_to,
    }
    rows = Update.objects.to_be_written().filter(pk=update.pk, **seen)
    rows.update(written_at=Clock())
