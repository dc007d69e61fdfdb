import json
import re
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from campaigns.models import Batch, Variant
from tests.announced import UNKNOWN, announce
from tests.factories import (
    make_batch,
    make_campaign,
    make_picture,
    make_seller,
    make_shipping_option,
    make_variant,
)

pytestmark = pytest.mark.django_db
STORY = "**Good** <script>alert(1)</script>"
ATTACK = '</script><script>alert("1&2")</script>'


def make_open_campaign(**overrides):
    campaign = make_variant(campaign=make_campaign(**overrides)).campaign
    make_batch(campaign=campaign, capacity=10, taken=3)
    return campaign


def page(client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return str(response.content.decode())


def every_page(campaign) -> list[str]:
    seller = campaign.seller.slug
    public = ["", f"s/{seller}/", f"c/{campaign.slug}/", "terms/", "privacy/"]
    return [f"/{language}/{path}" for language in ("id", "en") for path in public]


@pytest.mark.once
@pytest.mark.parametrize("session", ["no-key", "k" * 32])
def test_public_pages_carry_nothing_per_visitor(client, session):
    campaign = make_open_campaign()
    client.cookies["sessionid"] = session
    client.cookies["csrftoken"] = "x" * 32
    client.cookies["messages"] = "anything"

    for path in every_page(campaign):
        response = client.get(path)

        assert response.status_code == 200, path
        assert not response.cookies, path
        assert "Cookie" not in response["Vary"], path
        assert "csrfmiddlewaretoken" not in response.content.decode(), path
        assert response["Cache-Control"] == "public, max-age=1", path


def test_a_page_is_not_kept_past_a_cut_off(client):
    campaign = make_open_campaign()
    soon = timezone.now() + timedelta(seconds=1.5)
    Batch.objects.update(closes_at=soon)

    for path in every_page(campaign)[:3]:
        assert client.get(path)["Cache-Control"] == "public, max-age=0"


@pytest.mark.once
def test_readers_who_save_data_get_a_page_of_their_own(client):
    assert "Save-Data" in client.get("/en/")["Vary"]


@pytest.mark.once
def test_public_pages_only_answer_reading(client):
    for path in every_page(make_open_campaign()):
        assert client.post(path).status_code == 405
        assert client.head(path).status_code == 200


@pytest.mark.once
@pytest.mark.parametrize("path", ["/en/c/none/", "/en/s/none/", "/s/none/theme.css"])
def test_what_does_not_exist_is_not_found(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "columns", [{"published_at": None}, {"archived_at": timezone.now()}]
)
def test_a_campaign_that_is_not_public_is_not_found(client, columns):
    campaign = make_open_campaign(**columns)

    assert client.get(f"/en/c/{campaign.slug}/").status_code == 404
    assert campaign.title not in page(client, "/en/")


def test_queries_stay_within_budget(client, django_assert_num_queries):
    campaign = make_open_campaign(story=STORY, size_table="a|b\n1|2")
    make_batch(campaign=campaign)
    make_variant(campaign=campaign)
    make_picture(campaign=campaign)
    make_shipping_option(seller=campaign.seller)

    with django_assert_num_queries(10):
        client.get("/en/")
    cache.clear()
    with django_assert_num_queries(12):
        client.get(f"/en/s/{campaign.seller.slug}/")
    cache.clear()
    with django_assert_num_queries(11):
        client.get(f"/en/c/{campaign.slug}/")


@pytest.mark.parametrize("query", ["%ff%fe", "a" * 10**6, "%27%22%3Cb%3E", "%25"])
def test_no_search_breaks_the_home_page(client, query):
    response = client.get(f"/en/?q={query}")

    assert response.status_code == 200
    assert "<b>" not in response.content.decode()


@pytest.mark.once
def test_search_results_are_not_indexed(client):
    noindex = '<meta name="robots" content="noindex">'

    assert noindex in page(client, "/en/?q=shirt")
    assert noindex not in page(client, "/en/")


@pytest.mark.once
def test_the_empty_shop_says_so(client):
    assert "No pre-order is open right now." in page(client, "/en/")


@pytest.mark.once
def test_the_form_asks_checkout_for_the_batch_and_one_variant(client):
    campaign = make_open_campaign(buyer_limit=4)
    variant = campaign.variants.get()

    html = page(client, f"/en/c/{campaign.slug}/")

    assert f'action="/en/c/{campaign.slug}/checkout/"' in html
    assert '<input type="hidden" name="batch" value="1">' in html
    assert re.search(
        rf'name="quantity-{variant.pk}" id="quantity" value="1" min="1" max="4"', html
    )
    assert 'name="variant"' not in html
    assert "method=" not in html


@pytest.mark.once
def test_the_form_offers_several_variants_as_tiles_and_as_rows(client):
    campaign = make_open_campaign()
    other = make_variant(campaign=campaign)
    campaign.batches.get().complete_allotments()

    html = page(client, f"/en/c/{campaign.slug}/")

    assert html.count('type="radio" name="variant"') == 2
    assert f'name="quantity-{other.pk}" id="quantity-{other.pk}" value="0"' in html
    assert 'name="quantity" id="quantity" value="1"' in html


@pytest.mark.once
def test_a_later_batch_can_be_chosen_knowingly(client):
    campaign = make_open_campaign()
    make_batch(campaign=campaign, number=2)

    html = page(client, f"/en/c/{campaign.slug}/")

    assert '<input type="radio" name="batch" value="1" id="batch-1" checked' in html
    assert '<input type="radio" name="batch" value="2" id="batch-2">' in html


@pytest.mark.once
def test_what_is_left_is_told_in_digits(client):
    campaign = make_open_campaign()

    html = page(client, f"/en/c/{campaign.slug}/")

    assert "<dt>Left</dt><dd>7</dd>" in html
    assert "3 of 10 ordered" in html


@pytest.mark.once
def test_equal_prices_are_one_price_and_different_ones_begin_somewhere(client):
    campaign = make_open_campaign()
    other = make_variant(campaign=campaign, options={"Ukuran": "XS"})
    campaign.batches.get().complete_allotments()

    equal = page(client, f"/en/c/{campaign.slug}/").split()
    Variant.objects.filter(pk=other.pk).update(price=120_000)
    cache.clear()
    different = page(client, f"/en/c/{campaign.slug}/").split()

    assert "<dd data-total>Rp 185.000 </dd>" in " ".join(equal)
    assert "<dd data-total>from Rp 120.000 </dd>" in " ".join(different)


@pytest.mark.once
def test_the_mark_on_the_bar_of_a_card_is_explained(client):
    campaign = make_open_campaign()
    campaign.batches.update(minimum_units=4)

    marked = page(client, "/en/")
    campaign.batches.update(minimum_units=None)
    cache.clear()
    plain = page(client, "/en/")

    assert "Minimum 4, marked on the bar" in marked
    assert "marked on the bar" not in plain


@pytest.mark.once
def test_a_batch_that_goes_ahead_is_not_counted_any_more(client):
    campaign = make_open_campaign()
    campaign.batches.update(
        stage="closed", minimum_units=3, minimum_decided_at=timezone.now()
    )

    html = page(client, f"/en/c/{campaign.slug}/")
    home = page(client, "/en/")

    assert "This batch goes ahead" in html
    assert "Closed, goes ahead" in html
    assert "Closed, goes ahead" in home
    assert "ounting" not in html


@pytest.mark.once
@pytest.mark.parametrize(
    ("columns", "notice"),
    [
        ({"opens_at": timezone.now() + timedelta(days=1)}, "Opens "),
        ({"taken": 10}, "Every place is taken"),
        ({"stage": "closed"}, "Pre-orders are closed"),
        ({"stage": "production"}, "In production"),
        ({"stage": "shipping"}, "Parcels are on their way"),
        ({"stage": "completed"}, "This pre-order is completed"),
        ({"stage": "canceled"}, "This pre-order was canceled"),
    ],
)
def test_a_notice_replaces_the_form_when_nothing_can_be_ordered(
    client, columns, notice
):
    batch = make_batch(campaign=make_variant().campaign, **columns)

    html = page(client, f"/en/c/{batch.campaign.slug}/")

    assert notice in html
    assert "/checkout/" not in html


@pytest.mark.once
def test_times_are_told_in_the_sellers_zone(client):
    campaign = make_open_campaign(seller=make_seller(time_zone="Asia/Jayapura"))

    assert " WIT</time>" in page(client, f"/en/c/{campaign.slug}/")


@pytest.mark.once
def test_the_sellers_texts_are_marked_with_their_language(client):
    campaign = make_open_campaign(story=STORY, lang="id")

    html = page(client, f"/en/c/{campaign.slug}/")

    assert '<html lang="en">' in html
    assert f'<h1 lang="id">{campaign.title}</h1>' in html
    assert 'lang="id"><p><strong>Good</strong> &lt;script&gt;' in html


@pytest.mark.once
def test_search_engines_read_what_buyers_read(client):
    campaign = make_open_campaign(title=f"Shirt {ATTACK}", slug="shirt")
    picture = make_picture(campaign=campaign)

    html = page(client, "/en/c/shirt/")

    [text] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
    product = json.loads(text)
    assert product["name"] == f"Shirt {ATTACK}"
    assert product["image"] == [f"{settings.BASE_URL}{picture.file.url}"]
    [offer] = product["offers"]
    assert (offer["price"], offer["priceCurrency"]) == ("185000.00", "IDR")
    assert offer["availability"] == "https://schema.org/PreOrder"
    assert ATTACK not in html


def test_search_engines_and_previews_follow_a_date_that_moves(client):
    campaign = make_open_campaign(slug="shirt")
    batch = campaign.batches.get()
    announce(batch, (date(2028, 2, 29), date(2028, 2, 29)))
    moved = page(client, "/en/c/shirt/")
    announce(batch, UNKNOWN)
    unknown = page(client, "/id/c/shirt/")

    assert '"availabilityStarts": "2028-02-29"' in moved
    assert "Pre-order · ships 29 Feb 2028" in moved
    assert "29 Feb" not in unknown.partition("<main")[0]
    assert "availabilityStarts" not in unknown
    assert "<del>29 Februari 2028</del>" in unknown


@pytest.mark.once
def test_what_is_sold_out_is_told_to_search_engines(client):
    batch = make_batch(campaign=make_variant().campaign, taken=10)

    assert "schema.org/SoldOut" in page(client, f"/en/c/{batch.campaign.slug}/")


@pytest.mark.once
def test_the_languages_of_a_page_know_each_other(client):
    campaign = make_open_campaign(slug="shirt")
    base = settings.BASE_URL

    html = page(client, f"/en/c/{campaign.slug}/?utm_source=x")

    assert f'<link rel="canonical" href="{base}/en/c/shirt/">' in html
    assert f'hreflang="id" href="{base}/id/c/shirt/">' in html
    assert f'hreflang="en" href="{base}/en/c/shirt/">' in html


@pytest.mark.once
def test_the_first_picture_comes_first_and_the_others_wait(client):
    campaign = make_open_campaign()
    make_picture(campaign=campaign, kind="design", position=2, alt="The drawing")
    make_picture(campaign=campaign, position=1, alt="The sample")

    images = re.findall(r"<img [^>]*>", page(client, f"/en/c/{campaign.slug}/"))

    assert ['alt="The sample"' in image for image in images] == [True, False]
    assert ['fetchpriority="high"' in image for image in images] == [True, False]
    assert ['fetchpriority="low"' in image for image in images] == [False, True]
    assert all('width="80" height="60"' in image for image in images)


@pytest.mark.once
def test_a_size_table_is_a_table(client):
    campaign = make_open_campaign(size_table="Size|Chest\nS|<b>48</b>")

    html = page(client, f"/en/c/{campaign.slug}/")

    assert '<th scope="col">Size</th><th scope="col" class="num">Chest</th>' in html
    assert '<th scope="row">S</th><td class="num">&lt;b&gt;48&lt;/b&gt;</td>' in html
