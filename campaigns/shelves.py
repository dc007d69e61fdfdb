"""Which campaigns and batches stand on which shelf: found and sorted in the database.

What `phases` says of a row that was read, said of rows that were not, so that a page
reads no more of them than it shows. tests/campaigns/test_shelves.py compares the two.
"""

from datetime import datetime
from typing import Any

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery

from campaigns import room
from campaigns.models import Batch, Campaign
from campaigns.models.batch import BatchQuerySet

Stage = Batch.Stage


def on_sale(campaigns: QuerySet[Campaign], now: datetime) -> QuerySet[Campaign]:
    """Soonest close first; what is full stands behind what can be had."""
    accepting = _of_campaign().accepting_at(now)
    # The batches that a card speaks about: `phases.headline`.
    roomy = room.roomy(accepting).order_by("number")
    full = accepting.order_by("-number")
    found = campaigns.filter(Exists(accepting)).annotate(
        roomy_until=Subquery(roomy.values("closes_at")[:1]),
        full_until=Subquery(full.values("closes_at")[:1]),
    )
    first = F("roomy_until").asc(nulls_last=True)
    return found.order_by(first, "full_until", "-pk")


def upcoming(campaigns: QuerySet[Campaign], now: datetime) -> QuerySet[Campaign]:
    """Soonest opening first; last the ones without a batch that was announced."""
    announced = _of_campaign()
    scheduled = announced.filter(stage=Stage.OPEN, opens_at__gt=now)
    first = scheduled.order_by("number").values("opens_at")[:1]
    found = campaigns.filter(
        Exists(scheduled) | ~Exists(announced), ~Exists(announced.accepting_at(now))
    )
    opening = found.annotate(opens_next_at=Subquery(first))
    return opening.order_by(F("opens_next_at").asc(nulls_last=True), "-pk")


def being_made(campaigns: QuerySet[Campaign], now: datetime) -> QuerySet[Batch]:
    made = Q(stage__in=[Stage.CLOSED, Stage.PRODUCTION, Stage.SHIPPING])
    is_past_cut_off = Q(stage=Stage.OPEN, opens_at__lte=now, closes_at__lte=now)
    return _by_shipping(campaigns).filter(made | is_past_cut_off)


def finished(campaigns: QuerySet[Campaign]) -> QuerySet[Batch]:
    return _by_shipping(campaigns).filter(stage=Stage.COMPLETED)


def next_change(campaigns: QuerySet[Campaign], now: datetime) -> datetime | None:
    """The nearest opening or cut-off still ahead, of any of them."""
    batches = Batch.objects.filter(stage=Stage.OPEN, campaign__in=_keys(campaigns))
    moments = batches.order_by().aggregate(
        opens=Min("opens_at", filter=Q(opens_at__gt=now)),
        closes=Min("closes_at", filter=Q(closes_at__gt=now)),
    )
    return min((moment for moment in moments.values() if moment), default=None)


def _of_campaign() -> BatchQuerySet:
    return Batch.objects.public().filter(campaign=OuterRef("pk"))


def _by_shipping(campaigns: QuerySet[Campaign]) -> QuerySet[Batch]:
    batches = Batch.objects.filter(campaign__in=_keys(campaigns))
    date_known_first = F("ships_from").asc(nulls_last=True)
    read = batches.select_related("campaign__seller")
    return read.order_by(date_known_first, "-campaign_id", "number")


def _keys(campaigns: QuerySet[Campaign]) -> QuerySet[Any, Any]:
    return campaigns.order_by().values("pk")
