"""Which campaigns and batches stand on which shelf: found and sorted in the database.

What `phases` says of a row that was read, said of rows that were not, so that a page
reads no more of them than it shows. tests/campaigns/test_shelves.py compares the two.
"""

from datetime import datetime
from typing import Any

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery

from campaigns import room
from campaigns.models import Batch, Campaign

Stage = Batch.Stage


def on_sale(campaigns: QuerySet[Campaign], now: datetime) -> QuerySet[Campaign]:
    """Soonest close first; what is full stands behind what can be had."""
    accepting = _open_of_each().filter(opens_at__lte=now, closes_at__gt=now)
    # The batches that a card speaks about: `phases.headline`.
    roomy = room.roomy(accepting).order_by("number")
    full = accepting.order_by("-number")
    found = campaigns.filter(pk__in=_accepting(now)).annotate(
        roomy_until=Subquery(roomy.values("closes_at")[:1]),
        full_until=Subquery(full.values("closes_at")[:1]),
    )
    first = F("roomy_until").asc(nulls_last=True)
    return found.order_by(first, "full_until", "-pk")


def upcoming(campaigns: QuerySet[Campaign], now: datetime) -> QuerySet[Campaign]:
    """Soonest opening first; last the ones without a batch that was announced."""
    announced = Batch.objects.public().filter(campaign=OuterRef("pk"))
    scheduled = _open_of_each().filter(opens_at__gt=now)
    first = scheduled.order_by("number").values("opens_at")[:1]
    found = campaigns.exclude(pk__in=_accepting(now)).filter(
        Exists(scheduled) | ~Exists(announced)
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


def _accepting(now: datetime) -> QuerySet[Any, Any]:
    return Batch.objects.accepting_at(now).order_by().values("campaign")


def _open_of_each() -> QuerySet[Batch]:
    """Of each campaign, found by it: SQLite would rather find the open ones by their
    cut-off, and read all of them for each campaign. Of "not" it has no index.
    """
    of_campaign = Batch.objects.filter(campaign=OuterRef("pk"))
    return of_campaign.exclude(stage__in=[s for s in Stage if s != Stage.OPEN])


def _by_shipping(campaigns: QuerySet[Campaign]) -> QuerySet[Batch]:
    batches = Batch.objects.filter(campaign__in=_keys(campaigns))
    date_known_first = F("ships_from").asc(nulls_last=True)
    read = batches.select_related("campaign__seller")
    return read.order_by(date_known_first, "-campaign_id", "number")


def _keys(campaigns: QuerySet[Campaign]) -> QuerySet[Any, Any]:
    return campaigns.order_by().values("pk")
