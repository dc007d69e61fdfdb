"""When a seller owes the buyers of a batch a word, and since when.

All that the rule is stands here. Where it comes from (FEATURES):
R21 a promised date is an appointment: the day after it passed, somebody must speak;
R22 updates go to all buyers of a batch, so news for a part of them does not count;
R23 buyers expect news once a month and better every two or three weeks, and after four
weeks of silence they may ask for it themselves.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from campaigns.models import Batch
from orders.models import Order
from orders.news import last_words

# R23: two to three weeks; the seller is reminded at the end of the third.
LONGEST_SILENCE: Final = timedelta(days=21)
# R23: four weeks.
ASKABLE_AFTER: Final = timedelta(days=28)
# Once the word is owed: again every week, and who runs the shop after one.
AGAIN_AFTER: Final = timedelta(days=7)
OPERATOR_AFTER: Final = timedelta(days=7)

Stage = Batch.Stage
# Nothing more can be ordered, and something is still to come.
AWAITED: Final = (Stage.CLOSED, Stage.PRODUCTION, Stage.SHIPPING)


class Matter(StrEnum):
    """The gravest first."""

    SHIPPING = "shipping"
    PRODUCTION_END = "production_end"
    PRODUCTION_START = "production_start"
    SILENCE = "silence"


@dataclass(frozen=True, kw_only=True)
class Owed:
    """What the seller has to speak of: `day` passed, or nothing was said since it."""

    batch: Batch
    matter: Matter
    day: date
    since: datetime

    def weeks(self, now: datetime) -> int:
        return (now - self.since) // AGAIN_AFTER

    def is_for_operator(self, now: datetime) -> bool:
        return now - self.since >= OPERATOR_AFTER


def awaited() -> "QuerySet[Batch]":
    """Batches that took their orders and have not sent all of them."""
    waiting = Order.objects.filter(batch=OuterRef("pk"), status=Order.Status.CONFIRMED)
    batches = Batch.objects.filter(Exists(waiting), stage__in=AWAITED)
    return batches.select_related("campaign__seller").order_by("pk")


def owed(batches: Iterable[Batch], now: datetime) -> list[Owed]:
    """One for each batch at most; two queries."""
    asked = list(batches)
    words = last_words.of(asked)
    found = (_owed(batch, words.get(batch.pk), now) for batch in asked)
    return [each for each in found if each]


def _owed(batch: Batch, word: datetime | None, now: datetime) -> Owed | None:
    due = (each for each in _appointments(batch, word) if each.since <= now)
    return next((each for each in due if word is None or word < each.since), None)


def _appointments(batch: Batch, word: datetime | None) -> Iterator[Owed]:
    """By when somebody must have spoken; days end where the seller lives."""
    days = (
        (Matter.SHIPPING, batch.ships_until, AWAITED),
        (Matter.PRODUCTION_END, batch.production_ends_on, (Stage.PRODUCTION,)),
        (Matter.PRODUCTION_START, batch.production_starts_on, (Stage.CLOSED,)),
    )
    zone = batch.campaign.seller.zone
    for matter, day, stages in days:
        if day and batch.stage in stages:
            next_day = datetime.combine(day + timedelta(days=1), time.min, zone)
            yield Owed(batch=batch, matter=matter, day=day, since=next_day)
    if word:
        spoken_on = word.astimezone(zone).date()
        since = word + LONGEST_SILENCE
        yield Owed(batch=batch, matter=Matter.SILENCE, day=spoken_on, since=since)
