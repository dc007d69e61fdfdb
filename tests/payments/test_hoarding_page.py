"""The checkout page of a buyer who holds too much unpaid: 429, in words, form kept."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.holds import limits as hold_limits
from orders.models import Order
from tests.drafts import rows_of_orders
from tests.factories import checkout_data, make_shop, make_variant
from tests.payments.test_checkout_page import quantity_field, text_of, url_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.fixture(autouse=True)
def three_per_buyer(monkeypatch):
    monkeypatch.setattr(hold_limits, "PER_BUYER", 3)


ANI = {"email": "ani@example.com", "phone": "0812 3456 7890"}


@pytest.fixture(autouse=True)
def limits(settings):
    settings.RATE_LIMITS = True
    cache.clear()
    yield
    cache.clear()


def order(batch, address="203.0.113.7", *, headers=None, **typed):
    return Client(REMOTE_ADDR=address, headers=headers).post(
        url_of(batch), checkout_data(batch, **typed)
    )


def test_a_buyer_with_three_unpaid_orders_is_told_what_to_do():
    batch = make_shop()
    statuses = [order(batch, **ANI).status_code for _n in range(3)]
    before = rows_of_orders()

    refusal = order(batch, **ANI)

    text, page = text_of(refusal), refusal.content.decode()
    assert statuses == [303, 303, 303]
    assert refusal.status_code == 429
    assert refusal["Retry-After"] == "600"
    assert "Pay for your open orders first" in text
    assert "3 orders of yours in this campaign are still unpaid." in text
    assert "Nothing was ordered or charged by this try." in text
    assert 'href="/en/find/"' in page
    assert 'role="alert"' in page
    assert rows_of_orders() == before


def test_the_refused_form_is_kept_and_goes_through_once_there_is_room():
    batch = make_shop()
    for _n in range(3):
        order(batch, **ANI)
    data = checkout_data(batch, name="Ayu & Budi", **ANI)
    client = Client(REMOTE_ADDR="203.0.113.7")

    refused = client.post(url_of(batch), data)
    Order.objects.filter(pk=Order.objects.earliest("pk").pk).update(status="expired")
    again = client.post(url_of(batch), data)

    page = refused.content.decode()
    assert 'value="Ayu &amp; Budi"' in page
    assert f'value="{data["submit_key"]}"' in page
    assert '<option value="Kota Bandung" selected>' in page
    assert again.status_code == 303


def test_a_page_for_the_buyer_of_an_order_placed_before_stays_the_same():
    batch = make_shop()
    data = checkout_data(batch, **ANI)
    client = Client(REMOTE_ADDR="203.0.113.7")
    first = client.post(url_of(batch), data)
    for _n in range(2):
        order(batch, **ANI)

    assert client.post(url_of(batch), data)["Location"] == first["Location"]


def test_a_connection_with_too_many_unpaid_orders_is_told_that_it_may_be_shared(
    monkeypatch,
):
    monkeypatch.setattr(hold_limits, "PER_ADDRESS", 2)
    batch = make_shop()
    for _n in range(2):
        order(batch)

    refusal = order(batch)

    assert refusal.status_code == 429
    assert refusal["Retry-After"] == "600"
    assert "Too many unpaid orders from your connection" in text_of(refusal)
    assert order(batch, "203.0.113.8").status_code == 303


def test_a_forged_header_is_no_other_connection(monkeypatch):
    monkeypatch.setattr(hold_limits, "PER_ADDRESS", 2)
    batch = make_shop()

    answers = [
        order(batch, headers={"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(3)
    ]

    assert [a.status_code for a in answers] == [303, 303, 429]


def test_behind_our_proxy_the_address_it_saw_counts(monkeypatch, settings):
    settings.TRUSTED_PROXIES = 1
    monkeypatch.setattr(hold_limits, "PER_ADDRESS", 1)
    batch = make_shop()

    def come(forwarded):
        headers = {"X-Forwarded-For": forwarded}
        return order(batch, "10.0.0.1", headers=headers).status_code

    assert come("198.51.100.1, 203.0.113.7") == 303
    assert come("198.51.100.2, 203.0.113.7") == 429
    assert come("198.51.100.1, 203.0.113.8") == 303


def test_without_rate_limits_nothing_is_counted_or_kept(settings):
    settings.RATE_LIMITS = False
    batch = make_shop()

    answers = [order(batch, **ANI).status_code for _n in range(5)]

    assert answers == [303] * 5
    assert set(Order.objects.values_list("hold_origin", "hold_network")) == {("", "")}


def test_counting_costs_one_query():
    batch = make_shop()
    second = make_variant(campaign=batch.campaign, options={"Ukuran": "M"})
    batch.complete_allotments()
    data = checkout_data(batch) | {f"quantity-{second.pk}": 2}
    client = Client(REMOTE_ADDR="203.0.113.7")

    with CaptureQueriesContext(connection) as captured:
        response = client.post(url_of(batch), data)

    statements = [query["sql"].split()[0] for query in captured]
    assert response.status_code == 303
    assert len([s for s in statements if s not in ("BEGIN", "COMMIT")]) == 16


def test_more_units_than_a_buyer_may_have_are_an_error_of_the_form():
    batch = make_shop()
    batch.campaign.buyer_limit = 3
    batch.campaign.save()
    for _n in range(3):
        order(batch, **ANI)

    assert order(batch, **ANI | {quantity_field(batch): 1}).status_code == 422
