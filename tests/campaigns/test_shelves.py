"""The database puts each campaign on the shelf on which `phases` would see it."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from campaigns import room, shelves
from campaigns.clock import database_now
from campaigns.models import Allotment, Batch, Campaign
from campaigns.phases import BEING_MADE, ON_SALE, Phase, headline, standing
from tests.factories import make_batch, make_campaign, make_seller, make_variant

pytestmark = pytest.mark.django_db
Stage = Batch.Stage
NO_DATES = {"opens_at": None, "closes_at": None, "ships_from": None}

OFFERED = ON_SALE | {Phase.FULL}

BATCHES: dict[str, dict[str, Any]] = {
    "roomy": {},
    "roomy later": {"close_in": 9},
    "full": {"taken": 10},
    "full of orders": {"order_capacity": 2, "orders_taken": 2, "close_in": 3},
    "full of money": {"goods_capacity": 1109, "goods_taken": 0, "close_in": 4},
    "money for one": {"goods_capacity": 1110, "goods_taken": 0, "close_in": 5},
    "scheduled": {"open_in": 2},
    "past its cut-off": {"open_in": -3, "close_in": -1},
    "closed": {"stage": Stage.CLOSED},
    "in production": {"stage": Stage.PRODUCTION, "ships_from": None},
    "completed": {"stage": Stage.COMPLETED},
    "canceled": {"stage": Stage.CANCELED},
    "draft": {"stage": Stage.DRAFT, **NO_DATES},
}


def make_one(campaign: Campaign, name: str, **columns) -> Batch:
    now = database_now()
    columns = BATCHES[name] | columns
    days = {
        "opens_at": columns.pop("open_in", -5),
        "closes_at": columns.pop("close_in", 7),
    }
    moments = {column: now + timedelta(days=n) for column, n in days.items()}
    return make_batch(campaign=campaign, **moments | columns)


def make_every_pair() -> None:
    seller = make_seller()
    for names in product(BATCHES, repeat=2):
        campaign = make_campaign(seller=seller, title=" + ".join(names), currency="USD")
        make_variant(campaign=campaign, price="11.10")
        for name in names:
            make_one(campaign, name)
    make_campaign(seller=seller, title="nothing")


def seen(now):
    """Of each campaign the headline and all standings, as Python sees them."""
    for campaign in Campaign.objects.order_by("-pk"):
        batches = room.counted(Batch.objects.public().filter(campaign=campaign))
        standings = [
            standing(batch, now, left=room.left_in_list(batch, campaign.currency))
            for batch in batches.order_by("number")
        ]
        yield campaign.title, headline(standings), standings


def test_every_pair_of_batches_stands_where_it_is_seen():
    make_every_pair()
    now, campaigns = database_now(), Campaign.objects.public()

    on_sale = shelves.on_sale(campaigns, now)
    upcoming = shelves.upcoming(campaigns, now)
    made, finished = shelves.being_made(campaigns, now), shelves.finished(campaigns)

    mains = {title: main for title, main, _ in seen(now)}
    every = [each for _, _, standings in seen(now) for each in standings]
    offered = {title for title, main in mains.items() if main.phase in OFFERED}
    order = [_rank(mains[campaign.title]) for campaign in on_sale]
    assert {campaign.title for campaign in on_sale} == offered
    assert (len(order), order) == (120, sorted(order))
    assert {campaign.title for campaign in upcoming} == {
        title for title, main in mains.items() if main.phase is Phase.SCHEDULED
    }
    assert {b.pk for b in made} == {s.batch.pk for s in every if s.phase in BEING_MADE}
    assert {b.pk for b in finished} == {
        s.batch.pk for s in every if s.phase is Phase.COMPLETED
    }


def _rank(main):
    return main.phase is Phase.FULL, main.batch.closes_at


def test_a_batch_whose_variants_are_all_gone_is_full():
    variant = make_variant()
    batch = make_batch(campaign=variant.campaign)
    Allotment.objects.update(capacity=3, taken=3)

    assert not room.roomy(Batch.objects.all()).exists()
    Allotment.objects.update(capacity=4)
    assert room.roomy(Batch.objects.all()).get() == batch


def test_upcoming_campaigns_stand_soonest_first_and_unannounced_ones_last():
    unannounced = make_campaign()
    later, sooner = (make_one(make_campaign(), "scheduled", open_in=n) for n in (4, 3))

    found = shelves.upcoming(Campaign.objects.all(), database_now())

    assert list(found) == [sooner.campaign, later.campaign, unannounced]


def test_what_is_made_stands_soonest_shipped_first_and_undated_last():
    today = database_now().date()
    undated = make_batch(stage=Stage.CLOSED, ships_from=None)
    later, sooner = (
        make_batch(stage=Stage.CLOSED, ships_from=today + timedelta(days=n))
        for n in (2, 1)
    )

    found = shelves.being_made(Campaign.objects.all(), database_now())

    assert list(found) == [sooner, later, undated]
