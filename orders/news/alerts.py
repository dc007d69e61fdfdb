"""Reminds sellers of the word they owe, then who runs the shop."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse

from campaigns.clock import database_now
from campaigns.models import Batch
from campaigns.web_addresses import absolute
from orders import seller_alerts
from orders.mail import rows as mail_rows
from orders.models import Message, Order
from orders.news import clock as news_clock
from orders.news.clock import Owed
from orders.operators import operators
from orders.seller_alerts import SELLER_ALERT

WORDS = "news_owed"


@dataclass(frozen=True)
class Reminder:
    """One mail: to the seller, or to an operator."""

    owed: Owed
    key: str
    operator: User | None = None


def remind() -> int:
    """The seller once a week while a word is owed, the operators once; how many."""
    return remind_as_of(database_now())


def remind_as_of(now: datetime) -> int:
    found = news_clock.owed(news_clock.awaited(), now)
    if not found:
        return 0
    return mail_rows.store(map(mail, _new(list(_reminders(found, now)))))


def _reminders(found: Iterable[Owed], now: datetime) -> Iterator[Reminder]:
    able = operators()
    for owed in found:
        # A silence, or a day that passed, is one as long as its beginning is the same.
        begun = f"{owed.since:%Y%m%d%H%M%S}"
        key = f"{SELLER_ALERT}:{owed.matter}:{owed.batch.pk}:{begun}"
        yield Reminder(owed, f"{key}:{owed.weeks(now)}")
        if owed.is_for_operator(now):
            for user in able:
                yield Reminder(owed, f"{key}:operator-{user.pk}", user)


def _new(reminders: list[Reminder]) -> Iterator[Reminder]:
    """Nothing is rendered for what was told."""
    keys = [reminder.key for reminder in reminders]
    told = Message.objects.filter(dedupe_key__in=keys)
    known = set(told.values_list("dedupe_key", flat=True))
    return (reminder for reminder in reminders if reminder.key not in known)


def mail(reminder: Reminder) -> Message:
    """Not stored yet."""
    campaign = reminder.owed.batch.campaign
    if reminder.operator:
        context = _context(reminder.owed) | {"is_for_operator": True}
        return mail_rows.to_operator(
            SELLER_ALERT,
            WORDS,
            key=reminder.key,
            context=context | {"campaign": campaign, "seller": campaign.seller},
            to=reminder.operator.email,
        )
    context = _context(reminder.owed)
    return seller_alerts.mail(WORDS, campaign, key=reminder.key, context=context)


def _context(owed: Owed) -> dict[str, Any]:
    batch = owed.batch
    page = reverse("admin:campaigns_batch_change", args=[batch.pk])
    return {"owed": owed, "orders": _waiting(batch), "url": absolute(page)}


def _waiting(batch: Batch) -> int:
    return batch.orders.filter(status=Order.Status.CONFIRMED).count()
