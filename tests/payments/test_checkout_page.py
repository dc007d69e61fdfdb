"""The checkout page: what it says, keeps, adds up and refuses."""

import re
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Batch, Campaign
from orders.models import Message, Order
from payments import views
from tests.factories import (
    checkout_data,
    make_batch,
    make_campaign,
    make_shipping_option,
    make_shop,
    make_variant,
)
from tests.forms import fields_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def url_of(batch, language="en"):
    return f"/{language}/c/{batch.campaign.slug}/checkout/"


def pay_url(order):
    return f"/o/{order.token}/pay/"


def quantity_field(batch):
    return f"quantity-{batch.campaign.variants.first().pk}"


def text_of(response):
    """What a reader sees: tags gone, spaces single."""
    body = response.content.decode().replace("\xa0", " ")
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_the_page_shows_what_is_ordered_and_when_it_ships(client):
    batch = make_shop(
        ships_from=timezone.now().date().replace(2027, 1, 4),
        ships_until=timezone.now().date().replace(2027, 1, 8),
    )

    response = client.get(url_of(batch), {quantity_field(batch): 2})

    text = text_of(response)
    assert response.status_code == 200
    assert "2 × Rp 185.000 = Rp 370.000" in text
    assert "Batch 1 ships 4–8 January 2027 (estimated)." in text
    assert "Place order · Rp 388.000" in text
    assert "Refund rule of" in text
    assert "Full refund until production starts." in text


def test_no_shared_cache_keeps_the_page_and_no_engine_lists_it(client):
    batch = make_shop()

    response = client.get(url_of(batch), {quantity_field(batch): 1})

    assert "private" in response["Cache-Control"]
    assert "no-cache" in response["Cache-Control"]
    assert '<meta name="robots" content="noindex">' in response.content.decode()


def test_times_are_told_in_the_zone_of_the_seller(client):
    batch = make_shop()
    batch.campaign.seller.time_zone = "Asia/Makassar"
    batch.campaign.seller.save()

    text = text_of(client.get(url_of(batch), {quantity_field(batch): 1}))

    assert re.search(r"Closes \d+ \w+ \d{4} \d\d:\d\d WITA", text)


def test_nothing_chosen_is_said_with_a_way_back(client):
    batch = make_shop()

    response = client.get(url_of(batch))

    page = response.content.decode()
    back = f'<a href="/en/c/{batch.campaign.slug}/">Choose at least one item.</a>'
    assert response.status_code == 422
    assert back in page
    assert "Place order" not in page


def test_an_unknown_batch_is_not_found(client):
    batch = make_shop()
    query = {quantity_field(batch): 1}

    statuses = [
        client.get(url_of(batch), query | {"batch": number}).status_code
        for number in ("2", "99999", "x", "²")
    ]

    assert statuses == [404, 404, 404, 404]


def test_placing_leads_to_the_pay_page(client):
    batch = make_shop()

    response = client.post(url_of(batch), checkout_data(batch))

    order = Order.objects.get()
    assert response.status_code == 303
    assert response["Location"] == f"/o/{order.token}/pay/"
    assert (order.total, order.locale) == (203_000, "en")


def test_placing_two_variants_takes_fifteen_queries(client):
    batch = make_shop()
    second = make_variant(campaign=batch.campaign, options={"Ukuran": "M"})
    batch.complete_allotments()
    data = checkout_data(batch) | {f"quantity-{second.pk}": 2}

    with CaptureQueriesContext(connection) as captured:
        response = client.post(url_of(batch), data)

    statements = [query["sql"].split()[0] for query in captured]
    assert response.status_code == 303
    assert len([s for s in statements if s not in ("BEGIN", "COMMIT")]) == 15


def test_every_error_of_the_summary_leads_to_its_field(client):
    batch = make_shop()
    data = {"batch": 1, quantity_field(batch): 1, "payment": "", "shipping": ""}

    response = client.post(url_of(batch), data)

    page = response.content.decode()
    summary = page[page.index('class="error-summary"') : page.index("</ul>")]
    targets = re.findall(r'href="#([^"]+)"', summary)
    assert response.status_code == 422
    assert "<title>Error: Your order" in page
    assert {"id_name", "id_phone", "id_shipping_0", "id_payment_0"} <= set(targets)
    assert [t for t in targets if f'id="{t}"' not in page] == []


def test_a_refused_form_keeps_what_was_typed(client):
    batch = make_shop()
    data = checkout_data(
        batch, phone="12345", name="Ayu & Budi", shipping=_second_courier(batch)
    )

    response = client.post(url_of(batch), data)

    page = response.content.decode()
    chosen = f'value="{data["shipping"]}" id="id_shipping_1" checked'
    assert response.status_code == 422
    assert "Write a WhatsApp number, for example 0812 3456 7890." in page
    assert 'value="Ayu &amp; Budi"' in page
    assert '<option value="Kota Bandung" selected>' in page
    assert chosen in page
    assert f'value="{data["submit_key"]}"' in page


def test_a_quantity_that_is_no_number_is_shown_at_its_field(client):
    batch = make_shop()
    field = quantity_field(batch)

    response = client.post(url_of(batch), checkout_data(batch, **{field: "dua"}))

    page = response.content.decode()
    assert response.status_code == 422
    assert f'<a href="#{field}">Write the quantity as a whole number' in page
    assert f'id="{field}"' in page
    assert Order.objects.count() == 0


def test_the_limit_of_a_buyer_is_told_in_digits(client):
    batch = make_shop()
    Campaign.objects.update(buyer_limit=2)

    data = checkout_data(batch)
    at_once = client.get(url_of(batch), {quantity_field(batch): 3})
    client.post(url_of(batch), data | {quantity_field(batch): 2})
    again = client.post(url_of(batch), data | {"submit_key": "k" * 32})

    assert (at_once.status_code, again.status_code) == (422, 422)
    for response in (at_once, again):
        assert "You can order at most 2 units of this campaign." in text_of(response)
    assert Order.objects.count() == 1


def test_recalculating_orders_nothing_and_shows_the_price_of_the_province(client):
    batch = make_shop()
    make_shipping_option(
        seller=batch.campaign.seller,
        service="Kurir Bali",
        base_price=9000,
        provinces=["Bali"],
        position=1,
    )
    data = checkout_data(batch, province="Bali", quote="1")
    data[quantity_field(batch)] = 5

    response = client.post(url_of(batch), data)

    text = text_of(response)
    assert response.status_code == 200
    assert Order.objects.count() == 0
    assert "Kurir Bali" in text
    assert "Goods Rp 925.000" in text
    assert "Place order · Rp 943.000" in text
    assert 'value="Sri Wahyuni"' in response.content.decode()


def test_a_parcel_that_became_dearer_is_shown_before_it_is_ordered(client):
    batch = make_shop()
    batch.campaign.seller.shipping_options.update(price_per_extra_kilogram=15_000)
    data = checkout_data(batch, weight="250") | {quantity_field(batch): 5}

    first = client.post(url_of(batch), data)
    second = client.post(url_of(batch), data | {"weight": "1250"})

    assert first.status_code == 422
    assert "Shipping for this quantity is Rp 33.000." in text_of(first)
    assert 'name="weight" value="1250"' in first.content.decode()
    assert second.status_code == 303


def test_sold_out_tells_the_number_left_and_offers_the_next_batch(client):
    batch = make_shop(capacity=3)
    later = make_batch(campaign=batch.campaign, capacity=40)
    data = checkout_data(batch) | {quantity_field(batch): 5}

    response = client.post(url_of(batch), data)

    text, page = text_of(response), response.content.decode()
    assert response.status_code == 409
    assert "You want 5; of what you chose, batch 1 has 3 left." in text
    assert "L: 5 wanted, 3 left" in text
    assert "Batch 2 has room: 40 left." in text
    assert "The button below orders from batch 2." in text
    assert "Order from batch 2" in text
    assert f'name="batch" value="{later.number}"' in page
    assert 'value="Sri Wahyuni"' in page
    assert 'id="id_terms" checked' not in page
    assert Order.objects.count() == 0


def test_the_offered_batch_is_ordered_by_the_same_form(client):
    batch = make_shop(capacity=3)
    later = make_batch(campaign=batch.campaign)
    data = checkout_data(batch) | {quantity_field(batch): 5}
    client.post(url_of(batch), data)

    response = client.post(url_of(batch), data | {"batch": later.number})

    assert response.status_code == 303
    assert Order.objects.get().batch == later


def test_without_another_batch_there_is_no_button_to_order(client):
    batch = make_shop(capacity=3)

    response = client.post(
        url_of(batch), checkout_data(batch) | {quantity_field(batch): 5}
    )

    text = text_of(response)
    assert response.status_code == 409
    assert "batch 1 has 3 left" in text
    assert "Choose fewer below" in text
    assert "Place order" not in text
    assert "Order from batch" not in text
    assert f'href="/en/c/{batch.campaign.slug}/"' in response.content.decode()


def test_a_full_batch_has_0_left_in_digits(client):
    batch = make_shop(capacity=1)
    client.post(url_of(batch), checkout_data(batch))

    response = client.post(url_of(batch), checkout_data(batch))

    assert response.status_code == 409
    assert "batch 1 has 0 left" in text_of(response)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_closed_batch_says_so(client, method):
    batch = make_shop()
    Batch.objects.update(closes_at=timezone.now() - timedelta(minutes=1))

    response = getattr(client, method)(url_of(batch), checkout_data(batch))

    text = text_of(response)
    assert response.status_code == 409
    assert "Batch 1 takes no more orders" in text
    assert "At the end 10 were left." in text
    assert "Nothing was ordered or charged." in text


def test_a_changed_window_is_agreed_to_anew(client):
    batch = make_shop()
    data = checkout_data(batch)
    Batch.objects.update(
        schedule_version=2, ships_from="2027-03-01", ships_until="2027-03-05"
    )

    refused = client.post(url_of(batch), data)
    agreed = client.post(url_of(batch), data | {"schedule_version": 2})

    text = text_of(refused)
    assert refused.status_code == 409
    assert "batch 1 now ships 1–5 March 2027 (estimated). 10 left." in text
    assert 'name="schedule_version" value="2"' in refused.content.decode()
    assert agreed.status_code == 303


def test_a_busy_database_keeps_the_form_and_says_when_to_come_back(client, monkeypatch):
    batch = make_shop()
    data = checkout_data(batch)

    def busy(*_args, **_options):
        raise OperationalError("database is locked")

    monkeypatch.setattr(views, "place", busy)
    response = client.post(url_of(batch), data)

    page = response.content.decode()
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert 'role="alert"' in page
    assert "It is very busy right now" in page
    assert f'value="{data["submit_key"]}"' in page
    assert 'value="Sri Wahyuni"' in page


def test_an_order_that_stands_is_shown_although_its_payment_must_start_later(client):
    batch = make_shop()

    def busy(execute, statement, *rest):
        if 'INTO "payments_sandboxpayment"' in statement:
            raise OperationalError("database is locked")
        return execute(statement, *rest)

    with connection.execute_wrapper(busy):
        response = client.post(url_of(batch), checkout_data(batch))

    order = Order.objects.get()
    payment = order.payments.get()
    assert (response.status_code, response["Location"]) == (303, pay_url(order))
    assert (payment.state, payment.redirect_url) == ("created", "")
    assert client.get(pay_url(order)).status_code == 200
    started = client.post(pay_url(order))
    payment.refresh_from_db()
    assert (payment.state, started["Location"]) == ("pending", payment.redirect_url)


def test_a_form_left_open_comes_back_filled_in_with_a_new_token():
    batch = make_shop()
    client = Client(enforce_csrf_checks=True)

    response = client.post(url_of(batch), checkout_data(batch))

    page = response.content.decode()
    assert response.status_code == 403
    assert "Nothing was ordered yet." in page
    assert 'value="Sri Wahyuni"' in page
    assert 'name="csrfmiddlewaretoken"' in page
    assert Order.objects.count() == 0


def test_an_address_cannot_carry_a_submit_key_into_the_form(client):
    batch = make_shop()
    key = "k" * 32

    response = client.get(
        url_of(batch), {quantity_field(batch): 1, "submit_key": key, "name": "Ayu"}
    )

    assert f'value="{key}"' not in response.content.decode()
    assert 'value="Ayu"' not in response.content.decode()


def test_each_unit_has_its_own_text(client):
    batch = make_shop(campaign=make_campaign(personalization_label="Name on the back"))
    variant = batch.campaign.variants.get()
    data = checkout_data(batch) | {quantity_field(batch): 2}
    data |= {f"personalization-{variant.pk}-{n}": t for n, t in ((1, "Ayu"), (2, "  "))}

    shown = client.post(url_of(batch), data | {"quote": "1"})
    client.post(url_of(batch), data)

    page = shown.content.decode()
    assert "L, unit 2" in page
    assert f'id="personalization-{variant.pk}-1" value="Ayu" maxlength="40"' in page
    assert Order.objects.get().lines.get().personalization == ["Ayu", ""]


def test_a_text_that_is_too_long_is_refused_at_its_field(client):
    batch = make_shop(campaign=make_campaign(personalization_label="Name"))
    field = f"personalization-{batch.campaign.variants.get().pk}-1"

    response = client.post(url_of(batch), checkout_data(batch) | {field: "x" * 41})

    page = response.content.decode()
    assert response.status_code == 422
    assert f'<a href="#{field}">Write at most 40 characters.</a>' in page


def test_a_deposit_is_told_as_now_and_later(client):
    batch = make_shop(campaign=make_campaign(plan="deposit", deposit_percent=30))

    response = client.get(url_of(batch), {quantity_field(batch): 1})

    said = "Deposit 30%: of Rp 203.000 you pay Rp 61.000 now and Rp 142.000 later"
    assert said in text_of(response)


def test_a_deposit_is_no_amount_before_a_courier_is_chosen(client):
    batch = make_shop(campaign=make_campaign(plan="deposit", deposit_percent=30))
    _second_courier(batch)

    response = client.get(url_of(batch), {quantity_field(batch): 1})

    text = text_of(response)
    assert "Goods Rp 185.000 Shipping not chosen yet" in text
    assert "Total, before shipping Rp 185.000" in text
    assert "Deposit 30% of the total with shipping. Choose a courier" in text
    assert "you pay" not in text.partition("Deposit 30%")[2].partition("Choose a")[0]
    assert 'name="first_payment" value=""' in response.content.decode()


@pytest.mark.parametrize(
    ("plan", "shown", "asked"),
    [
        ({"plan": "deposit", "deposit_percent": 30}, "61000", "Rp 116.000"),
        ({"plan": "full"}, "203000", "Rp 388.000"),
    ],
)
def test_another_first_payment_than_was_shown_is_shown_first(
    client, plan, shown, asked
):
    batch = make_shop(campaign=make_campaign(**plan))
    page = client.get(url_of(batch), {quantity_field(batch): 1})
    sent = checkout_data(batch) | {
        "first_payment": fields_of(page)["first_payment"],
        quantity_field(batch): 2,
    }

    refused = client.post(url_of(batch), sent)
    orders_then, mails_then = Order.objects.count(), Message.objects.count()
    again = client.post(
        url_of(batch),
        sent | {"first_payment": fields_of(refused)["first_payment"]},
    )

    assert fields_of(page)["first_payment"] == shown
    assert refused.status_code == 422
    assert f"You would pay {asked} now" in text_of(refused)
    assert (orders_then, mails_then) == (0, 0)
    assert again.status_code == 303
    assert Order.objects.get().deposit == int(fields_of(refused)["first_payment"])


def _second_courier(batch):
    option = make_shipping_option(
        seller=batch.campaign.seller, service="SiCepat", position=1
    )
    return option.pk
