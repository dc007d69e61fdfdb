from datetime import timedelta

import pytest
from django.utils import timezone, translation

from campaigns import storefront
from campaigns.models import Allotment, Batch, Campaign, Seller, Variant
from campaigns.offer import Offer
from campaigns.phases import Phase, headline
from tests.factories import (
    make_batch,
    make_campaign,
    make_picture,
    make_seller,
    make_variant,
)

pytestmark = pytest.mark.django_db
NO_DATES = {"opens_at": None, "closes_at": None, "ships_from": None}


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def in_days(days: float):
    return timezone.now() + timedelta(days=days)


def offer_of(campaign: Campaign) -> Offer:
    return Offer.load(campaign.slug)


def titles(cards) -> list[str]:
    return [card.title for card in cards]


def test_when_a_batch_is_full_the_next_one_is_named_everywhere():
    campaign = make_variant().campaign
    make_batch(campaign=campaign, capacity=5, taken=5)
    second = make_batch(campaign=campaign)

    offer, card = offer_of(campaign), storefront.home().open[0]

    assert (offer.batch, offer.phase) == (second, Phase.NEXT_BATCH)
    assert offer.badge.text.startswith("Batch 2 · ships ")
    assert card.badge == offer.badge.text
    assert card.count == "10 of 10 left"


def test_a_campaign_without_announced_batches_opens_soon():
    batch = make_batch(stage=Batch.Stage.DRAFT, **NO_DATES)

    shelf = storefront.home()

    assert headline([]).phase is Phase.SCHEDULED
    assert titles(shelf.upcoming) == [batch.campaign.title]
    assert shelf.upcoming[0].foot == "The opening date will be announced."
    assert offer_of(batch.campaign).rows == []


def test_open_campaigns_stand_soonest_close_first_and_full_ones_last():
    later = make_batch(campaign=make_variant().campaign, closes_at=in_days(5))
    full = make_batch(
        campaign=make_variant().campaign, closes_at=in_days(1), capacity=1, taken=1
    )
    sooner = make_batch(campaign=make_variant().campaign, closes_at=in_days(2))

    shelf = storefront.home()

    assert titles(shelf.open) == [b.campaign.title for b in (sooner, later, full)]


def test_campaigns_are_sorted_by_where_they_stand():
    upcoming = make_batch(campaign=make_variant().campaign, opens_at=in_days(3))
    making = make_batch(stage=Batch.Stage.PRODUCTION)
    make_batch(stage=Batch.Stage.COMPLETED)
    make_batch(stage=Batch.Stage.CANCELED)
    make_batch(campaign=make_campaign(published_at=None))
    make_batch(campaign=make_campaign(archived_at=timezone.now()))

    shelf = storefront.home()

    assert titles(shelf.upcoming) == [upcoming.campaign.title]
    assert titles(shelf.making) == [making.campaign.title]
    assert (shelf.open, shelf.finished) == ([], [])


def test_a_seller_shows_what_was_completed():
    done = make_batch(stage=Batch.Stage.COMPLETED, completed_at=timezone.now())
    make_batch(stage=Batch.Stage.COMPLETED)

    shelf = storefront.of_seller(done.campaign.seller)

    assert titles(shelf.finished) == [done.campaign.title]


@pytest.mark.parametrize("query", ["kawung", "KAWUNG biru", "katun", "nila", " kaos  "])
def test_search_finds_words_of_title_tagline_and_seller(query):
    found = make_campaign(
        seller=make_seller(name="Nila Studio"),
        title="Kaos Kawung Biru",
        tagline="Katun 24s",
    )
    make_campaign()

    assert titles(storefront.home(query=query).upcoming) == [found.title]


@pytest.mark.parametrize("query", ["kawung merah", "%", "_", "\\", "a\0b", "x" * 10**6])
def test_a_search_for_what_is_not_there_finds_nothing(query):
    make_campaign(title="Kaos Kawung")

    assert storefront.home(query=query).is_empty


def test_a_search_also_finds_what_is_completed():
    done = make_batch(stage=Batch.Stage.COMPLETED)

    shelf = storefront.home(query=done.campaign.title)

    assert titles(shelf.finished) == [done.campaign.title]


def test_long_lists_have_pages():
    seller = make_seller()
    for _ in range(25):
        campaign = make_campaign(seller=seller)
        make_variant(campaign=campaign)
        make_batch(campaign=campaign)

    assert len(storefront.home().open) == 24
    assert len(storefront.home(page="2").open) == 1
    assert len(storefront.home(page="nonsense").open) == 24


def make_crowd(seller: Seller, campaigns: int) -> None:
    """Open campaigns of one variant each, younger than all that were made before."""
    crowd = Campaign.objects.bulk_create(
        Campaign(seller=seller, slug=f"c-{n}", title=f"C {n}", published_at=in_days(-1))
        for n in range(campaigns)
    )
    variants = Variant.objects.bulk_create(
        Variant(campaign=campaign, sku="one", price=1000) for campaign in crowd
    )
    dates = {"opens_at": in_days(-1), "closes_at": in_days(9)}
    batches = Batch.objects.bulk_create(
        Batch(campaign=campaign, number=1, stage="open", capacity=5, **dates)
        for campaign in crowd
    )
    Allotment.objects.bulk_create(
        Allotment(batch=batch, variant=variant)
        for batch, variant in zip(batches, variants, strict=True)
    )


def test_the_oldest_of_many_campaigns_stands_first_when_it_closes_first(
    django_assert_num_queries,
):
    campaign = make_campaign(title="Oldest C")
    make_variant(campaign=campaign)
    make_batch(campaign=campaign, closes_at=in_days(1))
    make_crowd(campaign.seller, 310)

    with django_assert_num_queries(10):
        shelf = storefront.home()
    found, of_seller = storefront.home(query="c"), storefront.of_seller(campaign.seller)
    last = storefront.home(page="13")

    assert titles(shelf.open)[:2] == ["Oldest C", "C 309"]
    assert titles(found.open)[0] == titles(of_seller.open)[0] == "Oldest C"
    assert (shelf.pages.paginator.count, len(shelf.open)) == (311, 24)
    assert titles(last.open)[-1] == "C 0"
    assert (last.pages.paginator.num_pages, len(last.open)) == (13, 23)


def test_the_home_page_needs_ten_queries(django_assert_num_queries):
    for _ in range(3):
        campaign = make_campaign()
        make_variant(campaign=campaign)
        make_batch(campaign=campaign)
        make_batch(campaign=campaign)
        make_picture(campaign=campaign)

    with django_assert_num_queries(10):
        storefront.home(query="campaign")


def test_the_page_changes_at_the_nearest_opening_or_cut_off():
    campaign = make_variant().campaign
    make_batch(campaign=campaign, closes_at=in_days(3))
    soon = make_batch(campaign=campaign, opens_at=in_days(2), closes_at=in_days(9))

    assert offer_of(campaign).changes_at == soon.opens_at
    assert storefront.home().changes_at == soon.opens_at
