from datetime import date, timedelta

import pytest
from django.utils import timezone, translation

from campaigns import room, storefront
from campaigns.choices import grouped
from campaigns.clock import database_now
from campaigns.models import Allotment, Batch, Campaign, Variant
from campaigns.offer import Offer, table_rows
from campaigns.phases import Phase, standing
from tests.announced import announce
from tests.factories import (
    make_allotment,
    make_batch,
    make_campaign,
    make_picture,
    make_shipping_option,
    make_variant,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def in_days(days: float):
    return timezone.now() + timedelta(days=days)


def offer_of(campaign: Campaign) -> Offer:
    return Offer.load(campaign.slug)


@pytest.mark.parametrize(
    ("columns", "phase"),
    [
        ({}, Phase.OPEN),
        ({"taken": 4}, Phase.OPEN),
        ({"taken": 5}, Phase.NEARLY_FULL),
        ({"taken": 9}, Phase.NEARLY_FULL),
        ({"taken": 10}, Phase.FULL),
        ({"capacity": 200, "taken": 179}, Phase.OPEN),
        ({"capacity": 200, "taken": 180}, Phase.NEARLY_FULL),
        ({"order_capacity": 3, "orders_taken": 3}, Phase.FULL),
        ({"goods_capacity": 500, "goods_taken": 500}, Phase.FULL),
        ({"opens_at": in_days(1)}, Phase.SCHEDULED),
        ({"closes_at": in_days(-0.001)}, Phase.CLOSED),
        ({"stage": "closed"}, Phase.CLOSED),
        ({"stage": "production"}, Phase.PRODUCTION),
        ({"stage": "shipping"}, Phase.SHIPPING),
        ({"stage": "completed"}, Phase.COMPLETED),
        ({"stage": "canceled"}, Phase.CANCELED),
    ],
)
def test_the_phase_follows_stage_clock_and_room(columns, phase):
    batch = make_batch(campaign=make_variant().campaign, **columns)

    left = room.in_batch(batch).left
    assert standing(batch, database_now(), left=left).phase is phase
    assert offer_of(batch.campaign).phase is phase


def test_a_batch_whose_variants_are_all_gone_is_full():
    batch = make_batch(campaign=make_variant().campaign)
    batch.allotments.update(sale=Allotment.Sale.STOPPED)

    assert offer_of(batch.campaign).phase is Phase.FULL
    assert storefront.home().open[0].badge == "Full"


def test_the_earliest_batch_with_room_is_offered():
    campaign = make_variant().campaign
    make_batch(campaign=campaign, stage=Batch.Stage.PRODUCTION)
    second = make_batch(campaign=campaign)
    make_batch(campaign=campaign)

    offer = offer_of(campaign)

    assert (offer.batch, offer.phase) == (second, Phase.OPEN)
    assert [row.batch.number for row in offer.on_sale] == [2, 3]


def test_a_campaign_needs_seven_queries(django_assert_num_queries):
    campaign = make_campaign()
    for _ in range(3):
        make_variant(campaign=campaign)
        make_picture(campaign=campaign)
    make_batch(campaign=campaign)
    make_batch(campaign=campaign)
    make_shipping_option(seller=campaign.seller)

    with django_assert_num_queries(7):
        offer = offer_of(campaign)
        assert [len(offer.groups), len(offer.steps), len(offer.on_sale)] == [1, 4, 2]


def test_a_date_that_moved_is_one_query_more(django_assert_num_queries):
    campaign = make_variant().campaign
    batch = make_batch(campaign=campaign)
    for day in (27, 28, 29):
        announce(batch, (date(2028, 2, day), date(2028, 2, day)), reason=f"For {day}.")

    with django_assert_num_queries(8):
        offer = offer_of(campaign)
        shipping = offer.steps[-1]
    assert [each.window for each in shipping.earlier][1:] == [
        "27 February 2028",
        "28 February 2028",
    ]
    assert [each.reason for each in shipping.reasons] == [
        "For 27.",
        "For 28.",
        "For 29.",
    ]


def test_what_is_left_of_a_variant_is_the_smaller_cap():
    small = make_variant(options={"Size": "S"})
    large = make_variant(campaign=small.campaign, options={"Size": "L"}, price=199_000)
    batch = make_batch(campaign=small.campaign)
    make_allotment(batch=batch, variant=small, capacity=3, taken=1)

    choices = offer_of(small.campaign).choices

    assert [(c.variant, c.most, c.note) for c in choices] == [
        (small, 2, "2 left"),
        (large, 10, "+Rp\N{NO-BREAK SPACE}14.000"),
    ]


def test_a_variant_gone_in_the_first_batch_is_offered_in_the_next():
    small = make_variant()
    make_variant(campaign=small.campaign)
    first = make_batch(campaign=small.campaign)
    make_batch(campaign=small.campaign)
    make_allotment(batch=first, variant=small, capacity=2, taken=2)

    choice = offer_of(small.campaign).choices[0]

    assert (choice.is_gone, choice.note) == (False, "batch 2 only")


def test_a_variant_gone_everywhere_says_so():
    small = make_variant()
    make_variant(campaign=small.campaign)
    batch = make_batch(campaign=small.campaign)
    make_allotment(batch=batch, variant=small, sale=Allotment.Sale.WAITLIST)

    choice = offer_of(small.campaign).choices[0]

    assert (choice.is_gone, choice.note) == (True, "sold out")


def test_inactive_variants_are_not_offered():
    campaign = make_variant().campaign
    make_variant(campaign=campaign, active=False)
    make_batch(campaign=campaign)

    assert len(offer_of(campaign).choices) == 1


def test_the_buyer_limit_bounds_the_quantity():
    campaign = make_variant(campaign=make_campaign(buyer_limit=3)).campaign
    make_batch(campaign=campaign)

    assert offer_of(campaign).most == 3


def test_many_variants_are_grouped_by_their_first_option():
    campaign = make_campaign()
    for size in ("S", "M"):
        for color in ("Blue", "Red", "Black", "White"):
            make_variant(campaign=campaign, options={"Size": size, "Color": color})
    make_batch(campaign=campaign)

    groups = grouped(offer_of(campaign).choices)

    assert [group.title for group in groups] == ["S", "M"]
    assert [c.text for c in groups[0].choices] == ["Blue", "Red", "Black", "White"]


@pytest.mark.parametrize(
    ("columns", "states"),
    [
        ({"opens_at": in_days(1)}, "now later later later"),
        ({}, "done now later later"),
        ({"stage": "closed"}, "done done now later"),
        ({"stage": "production"}, "done done now later"),
        (
            {"stage": "production", "production_ends_on": in_days(-2).date()},
            "done done late later",
        ),
        ({"stage": "shipping"}, "done done done now"),
        (
            {
                "stage": "shipping",
                "ships_from": in_days(-9).date(),
                "ships_until": in_days(-2).date(),
            },
            "done done done late",
        ),
        ({"stage": "completed"}, "done done done done"),
        ({"addresses_lock_at": in_days(8)}, "done now later later later"),
    ],
)
def test_the_schedule_shows_done_now_late_and_later(columns, states):
    batch = make_batch(campaign=make_variant().campaign, **columns)

    steps = offer_of(batch.campaign).steps

    assert [step.state for step in steps] == states.split()


def test_a_size_table_is_filled_up_to_its_widest_row():
    text = "Size | Width | Length\n\n S|48|70\nM | 51\n| L | 54 | 72 |"

    assert table_rows(text) == [
        ["Size", "Width", "Length"],
        ["S", "48", "70"],
        ["M", "51", ""],
        ["L", "54", "72"],
    ]


def test_draft_campaigns_have_no_page():
    campaign = make_variant(campaign=make_campaign(published_at=None)).campaign

    with pytest.raises(Campaign.DoesNotExist):
        offer_of(campaign)
    assert Variant.objects.count() == 1
