"""The 409 page: which cap binds, what is left of it, and what is offered instead."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from campaigns.errors import SoldOut
from campaigns.models import Allotment, Batch, Variant
from orders.models import Order
from payments.checkout.alternatives import offer_instead
from tests.drafts import place_order, place_paid, rows_of_orders
from tests.factories import (
    checkout_data,
    make_batch,
    make_shop,
    make_variant,
)
from tests.waiting import wait

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

PRICE = 185_000


def url_of(batch):
    return f"/en/c/{batch.campaign.slug}/checkout/"


def text_of(response):
    body = response.content.decode().replace("\xa0", " ")
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def order(client, batch, *units):
    """A POST for these units of the campaign's variants."""
    variants = batch.campaign.variants.order_by("pk").values_list("pk", flat=True)
    wanted = zip(variants, units, strict=True)
    quantities = {f"quantity-{pk}": n for pk, n in wanted}
    return client.post(url_of(batch), checkout_data(batch) | quantities)


def fewer_of(response):
    """The query of the link to what still fits."""
    found = re.search(r'btn-2" href="([^"]+checkout/[^"]+)"', response.content.decode())
    assert found
    query = urlsplit(found.group(1).replace("&amp;", "&")).query
    return {name: int(value[0]) for name, value in parse_qs(query).items()}


@pytest.mark.parametrize(
    ("caps", "variant", "left", "reason"),
    [
        ({"capacity": 3}, {}, 3, "the batch makes no more units"),
        ({}, {"capacity": 2}, 2, "this variant has a limit of its own"),
        (
            {"order_capacity": 1, "orders_taken": 1},
            {},
            0,
            "the batch takes no more orders",
        ),
        (
            {"goods_capacity": 3 * PRICE - 1},
            {},
            2,
            "the batch has a limit in value of goods",
        ),
        ({}, {"sale": "stopped"}, 0, "not on sale in this batch now"),
        (
            {},
            {"sale": "waitlist"},
            0,
            "sold out; what comes free is offered to the waiting list first",
        ),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_cap_that_binds_is_named_with_what_is_left(
    client, method, caps, variant, left, reason
):
    batch = make_shop(**caps)
    Allotment.objects.update(**variant)
    data = checkout_data(batch) | {f"quantity-{batch.campaign.variants.get().pk}": 4}
    before = rows_of_orders()

    response = getattr(client, method)(url_of(batch), data)

    text = text_of(response)
    assert response.status_code == 409
    assert f"You want 4; of what you chose, batch 1 has {left} left." in text
    assert f"L: 4 wanted, {left} left ({reason})" in text
    assert rows_of_orders() == before


@pytest.mark.parametrize(
    ("caps", "title", "words"),
    [
        (
            {"order_capacity": 1},
            "Batch 1 takes no more orders",
            "batch 1 has 0 left. (takes no more orders, 1 unpaid and may come back)",
        ),
        (
            {"goods_capacity": PRICE},
            "Batch 1 has reached its limit in value of goods",
            "batch 1 has 0 left. (limit in value reached, 1 unpaid and may come back)",
        ),
    ],
)
def test_a_batch_with_units_left_is_not_called_sold_out(client, caps, title, words):
    batch = make_shop(**caps)
    place_order(batch)
    before = rows_of_orders()

    response = order(client, batch, 1)

    assert response.status_code == 409
    assert title in text_of(response)
    assert words in text_of(response)
    assert rows_of_orders() == before


def test_a_list_behind_a_cap_is_named_with_the_cap(client):
    batch = make_shop(order_capacity=1)
    place_order(batch)
    wait(batch)

    text = text_of(order(client, batch, 1))

    assert "Batch 1 takes no more orders" in text
    assert (
        "(the batch takes no more orders; what comes free is offered to the waiting"
        " list first)"
    ) in text


def test_every_short_line_is_named(client):
    batch = make_shop()
    second = make_variant(campaign=batch.campaign, options={"Ukuran": "M"})
    batch.complete_allotments()
    Allotment.objects.filter(variant=second).update(capacity=1)

    response = order(client, batch, 11, 2)

    text = text_of(response)
    assert "L: 11 wanted, 10 left (the batch makes no more units)" in text
    assert "M: 2 wanted, 1 left (this variant has a limit of its own)" in text
    assert "All together: 13 wanted, 10 left" in text


def test_fewer_that_fit_are_one_click_away(client):
    batch = make_shop(goods_capacity=3 * PRICE)
    variant = batch.campaign.variants.get()

    refused = order(client, batch, 5)
    fewer = fewer_of(refused)
    response = client.get(url_of(batch), fewer)

    assert "Order 3 × L from batch 1" in text_of(refused)
    assert fewer == {"batch": 1, f"quantity-{variant.pk}": 3}
    assert response.status_code == 200
    assert order(client, batch, 3).status_code == 303


def test_the_largest_part_of_a_basket_fits(client):
    batch = make_shop(goods_capacity=400_000)
    cheap = make_variant(campaign=batch.campaign, price=50_000)
    batch.complete_allotments()

    refused = order(client, batch, 2, 3)

    first = batch.campaign.variants.exclude(pk=cheap.pk).get()
    assert fewer_of(refused) == {
        "batch": 1,
        f"quantity-{first.pk}": 1,
        f"quantity-{cheap.pk}": 3,
    }
    assert "All together: 5 wanted, 6 left" not in text_of(refused)
    assert order(client, batch, 1, 3).status_code == 303


NEXT = "Batch 3 has room: 10 left."


@pytest.mark.parametrize(
    "caps",
    [
        {"capacity": 4},
        {"order_capacity": 1, "orders_taken": 1},
        {"goods_capacity": 5 * PRICE - 1},
        {"variant": 4},
        {"stage": "closed"},
    ],
)
def test_the_next_batch_offered_fits_the_whole_basket_under_all_its_caps(client, caps):
    batch = make_shop(capacity=3)
    own = caps.get("variant")
    second = make_batch(
        campaign=batch.campaign, **{k: v for k, v in caps.items() if k != "variant"}
    )
    Allotment.objects.filter(batch=second).update(capacity=own)
    make_batch(campaign=batch.campaign)

    response = order(client, batch, 5)

    text = text_of(response)
    assert NEXT in text
    assert "It ships" in text
    assert "Order from batch 3" in text
    assert "Order 3 × L from batch 1" in text


def test_a_batch_without_one_of_the_variants_is_not_offered(client):
    batch = make_shop(capacity=3)
    second = make_batch(campaign=batch.campaign)
    second.allotments.all().delete()

    response = order(client, batch, 5)

    assert "Batch 2 has room" not in text_of(response)


def test_held_units_are_told_apart_from_sold_ones(client):
    batch = make_shop(capacity=3)
    Variant.objects.update(price=150_000)
    place_order(batch, units=[2])
    place_paid(batch)

    held = order(client, batch, 1)
    Order.objects.filter(status="pending").update(status="confirmed")
    sold = order(client, batch, 1)

    assert "0 left. (all taken, 2 unpaid and may come back)" in text_of(held)
    assert "0 left. (sold out)" in text_of(sold)


def test_what_unpaid_orders_hold_of_a_variant_is_told_beside_it(client):
    batch = make_shop()
    second = make_variant(campaign=batch.campaign, options={"Ukuran": "M"})
    batch.complete_allotments()
    Allotment.objects.exclude(variant=second).update(capacity=2)
    place_order(batch, units=[2])

    held = order(client, batch, 1, 1)
    Order.objects.filter(status="pending").update(status="confirmed")
    sold = order(client, batch, 1, 1)

    line = "L: 1 wanted, 0 left (this variant has a limit of its own)"
    assert f"{line} · 2 held, may return" in text_of(held)
    assert line in text_of(sold)
    assert "may return" not in text_of(sold)


def test_what_came_back_meanwhile_is_offered_again():
    batch = make_shop(capacity=3)
    read = batch.campaign.batches.with_clock().get()
    variant = batch.campaign.variants.get()

    offer = offer_instead(SoldOut([]), batch=read, quantities={variant.pk: 3})

    assert (offer.next_batch, offer.next_left, offer.fits_again) == (read, 3, True)
    assert (offer.shortages, offer.can_be_smaller) == ([], False)


def test_a_closed_batch_offers_no_fewer_units(client):
    batch = make_shop(capacity=3)
    Batch.objects.update(closes_at=timezone.now())

    response = order(client, batch, 5)

    assert response.status_code == 409
    assert "At the end 3 were left." in text_of(response)
    assert "Order 3 × L" not in text_of(response)


def test_where_nothing_can_be_ordered_no_quantity_is_asked(client):
    batch = make_shop(capacity=2, taken=2)

    refused = order(client, batch, 1)

    assert refused.status_code == 409
    assert 'name="quantity-' not in refused.content.decode()
    assert "No other batch has room for this order now." in text_of(refused)
    assert not Order.objects.exists()
