"""The buyer's secret pages: status, pay, cancellation, and the way back to them."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone, translation

from campaigns.actors import BUYER
from campaigns.models import Batch, Seller
from orders import cancellation, history, lifecycle
from orders.mail import outbox
from orders.models import Message, Order, OrderEvent
from payments.models import Payment, Refund
from payments.refunds.sending import send_due
from tests.factories import (
    make_campaign,
    make_confirmed_order,
    make_order,
    make_shop,
    pay_in_sandbox,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

SECRET = ("", "pay/", "cancellation/")


def text_of(response):
    body = response.content.decode().replace("\xa0", " ")
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def page(client, order, name=""):
    response = client.get(f"/o/{order.token}/{name}")
    assert response.status_code == 200
    return text_of(response)


def heading(client, order, name=""):
    html = client.get(f"/o/{order.token}/{name}").content.decode()
    found = re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)
    assert found
    return found.group(1).strip().replace("\xa0", " ")


# Secret pages in general


@pytest.mark.parametrize("name", SECRET)
def test_a_secret_page_is_kept_by_no_cache_and_listed_by_no_engine(client, name):
    order = make_order()

    response = client.get(f"/o/{order.token}/{name}")

    assert response.status_code == 200
    assert "private" in response["Cache-Control"]
    assert "no-cache" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert 'content="noindex, nofollow"' in response.content.decode()
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("name", SECRET)
def test_one_changed_character_is_as_unknown_as_any_token(client, name):
    order = make_order()
    changed = order.token[:-1] + ("a" if order.token[-1] != "a" else "b")

    almost = client.get(f"/o/{changed}/{name}")
    nonsense = client.get(f"/o/nonsense/{name}")

    assert (almost.status_code, nonsense.status_code) == (404, 404)
    assert almost.content == nonsense.content


def test_a_page_speaks_the_language_of_its_order(client):
    english, indonesian = make_order(), make_order(locale="id")

    pages = [
        client.get(f"/o/{order.token}/", headers={"accept-language": "en"})
        for order in (english, indonesian)
    ]

    assert [response["Content-Language"] for response in pages] == ["en", "id"]
    assert '<html lang="id">' in pages[1].content.decode()


# Status


def test_the_status_page_takes_seven_queries(client, django_assert_num_queries):
    order = make_confirmed_order()

    with django_assert_num_queries(7):
        client.get(f"/o/{order.token}/")


def test_a_canceled_order_counts_nothing_towards_a_minimum(client):
    order = make_confirmed_order(batch=make_shop(minimum_units=3))

    paid = page(client, order)
    with transaction.atomic():
        locked = lifecycle.locked(order.pk)
        cancellation.cancel(locked, kept=Decimal(0), actor=BUYER)
    canceled = page(client, order)

    assert "1 of at least 3 paid." in paid
    assert "of at least" not in canceled


def test_the_heading_is_the_state_in_words(client):
    order = make_order()
    states = [heading(client, order)]
    pay_in_sandbox(order)
    states.append(heading(client, order))
    for stage in (Batch.Stage.PRODUCTION, Batch.Stage.SHIPPING):
        Batch.objects.update(stage=stage)
        states.append(heading(client, order))

    assert states == [
        "Waiting for your payment",
        "Paid, waiting for production",
        "In production",
        "Made, waiting to be shipped",
    ]


def test_a_paid_deposit_is_not_called_paid(client):
    order = make_confirmed_order(
        batch=make_shop(campaign=make_campaign(plan="deposit", deposit_percent=30))
    )

    text = page(client, order)

    assert heading(client, order) == "Deposit paid, waiting for production"
    assert "Still to pay Rp 142.000" in text
    assert "Pay the balance" in text


def test_the_status_page_tells_items_money_and_address(client):
    order = make_confirmed_order()

    text = page(client, order)

    assert "L Campaign" not in text
    assert "1 × Rp 185.000" in text
    assert "Total Rp 203.000" in text
    assert re.search(r"Received \d+ \w+ \d{4} Rp 203.000", text)
    assert "Still to pay nothing" in text
    assert "Jalan Riau 12, RT 3/RW 4" in text
    assert "Your payment arrived; your place in the batch is sure." in text


def test_the_seller_is_asked_with_the_number_of_the_order(client):
    order = make_order()

    html = client.get(f"/o/{order.token}/").content.decode()

    words = f"Hello%2C%20this%20is%20about%20my%20order%20{order.number}."
    assert f"https://wa.me/6281200001111?text={words}" in html


def test_a_seller_without_whatsapp_is_asked_by_mail(client):
    order = make_order()
    Seller.objects.update(whatsapp="", email="halo@nila.id")

    html = client.get(f"/o/{order.token}/").content.decode()

    assert f"mailto:halo@nila.id?subject={order.number}" in html


def test_a_name_with_markup_is_only_text(client):
    order = make_order(name="<b>Ayu</b>", note="<script>x</script>")

    html = client.get(f"/o/{order.token}/").content.decode()

    assert "&lt;b&gt;Ayu&lt;/b&gt;" in html
    assert "<script>x" not in html


def test_history_hides_who_of_the_staff_did_it():
    order = make_order()
    events = [
        OrderEvent(order=order, kind="canceled", actor="staff", at=timezone.now()),
        OrderEvent(order=order, kind="never_seen", actor="staff", at=timezone.now()),
    ]

    with translation.override("en"):
        told = [sentence.text for sentence in history.told_to_buyer(events)]

    assert told == ["The order was updated.", "The seller canceled the order."]


# Refunds


def test_a_refund_is_followed_until_it_is_paid_back(client):
    order = make_confirmed_order()
    client.post(f"/o/{order.token}/cancellation/", {"returned": "203000.00"})
    said = [page(client, order)]
    for state in (Refund.State.REQUESTED, Refund.State.PENDING, Refund.State.SUCCEEDED):
        Refund.objects.all().delete()
        _refund(order, state)
        said.append(page(client, order))

    assert "To be returned to you Rp 203.000" in said[0]
    assert "Refund of Rp 203.000" in said[1]
    assert "It is sent shortly." in said[1]
    assert "It is on its way; a bank can take some days." in said[2]
    assert "It was paid back the way you paid." in said[3]


def test_a_refund_that_came_back_is_told_once_as_the_one_paid_by_hand(client):
    order = make_order(status="canceled", canceled_at=timezone.now())
    _refund(order, Refund.State.FAILED)
    _refund(order, Refund.State.MANUAL)

    said = page(client, order)

    assert said.count("Refund of Rp 203.000") == 1
    assert "The seller pays it by hand and asks you where to." in said


def _refund(order, state):
    payment = order.payments.get()
    Refund.objects.create(
        payment=payment,
        reference=f"{payment.reference}-R{payment.refunds.count() + 1}",
        amount=203_000,
        state=state,
        source=Refund.Source.BUYER,
        succeeded_at=timezone.now() if state == Refund.State.SUCCEEDED else None,
    )


# Pay


def test_the_pay_page_names_amount_deadline_and_link(client):
    order = make_order()

    response = client.get(f"/o/{order.token}/pay/")

    html = response.content.decode()
    assert heading(client, order, "pay/") == "Pay Rp 203.000"
    assert "Continue and pay Rp 203.000" in text_of(response)
    assert f'href="/sandbox/{order.payments.earliest("pk").reference}/"' in html
    assert f"http://127.0.0.1:8000/o/{order.token}/" in html
    assert f'data-poll="/o/{order.token}/pay/"' in html
    assert 'data-status="open-0.00-1-0-"' in html
    assert "data-countdown=" in html


def test_polling_asks_no_gateway(client):
    order = make_order()
    before = Payment.objects.get().fetched_at

    client.get(f"/o/{order.token}/pay/")

    assert Payment.objects.get().fetched_at == before


def test_a_failed_try_can_be_followed_by_another(client):
    order = make_order()
    pay_in_sandbox(order, "fail")

    text = page(client, order, "pay/")
    response = client.post(f"/o/{order.token}/pay/")

    assert "The last try did not work" in text
    assert response.status_code == 303
    assert response["Location"] == f"/sandbox/{order.payments.latest('pk').reference}/"


def test_a_paid_order_has_nothing_to_pay(client):
    order = make_confirmed_order()

    html = client.get(f"/o/{order.token}/pay/").content.decode()

    assert heading(client, order, "pay/") == "Your order is paid"
    assert "Nothing more to pay" in html
    assert "data-poll" not in html


def test_the_balance_of_a_deposit_can_be_paid(client):
    order = make_confirmed_order(
        batch=make_shop(campaign=make_campaign(plan="deposit", deposit_percent=30))
    )

    said = heading(client, order, "pay/")
    response = client.post(f"/o/{order.token}/pay/")

    assert said == "Balance of Rp 142.000"
    assert response["Location"] == f"/sandbox/{order.payments.latest('pk').reference}/"


def test_a_hold_that_ended_offers_the_same_again(client):
    order = make_order(
        quantity=2, status="expired", expired_at=timezone.now(), locale="en"
    )
    variant = order.lines.get().variant_id

    html = client.get(f"/o/{order.token}/pay/").content.decode()

    slug = order.batch.campaign.slug
    assert heading(client, order, "pay/") == "Not paid in time"
    assert f'href="/en/c/{slug}/checkout/?quantity-{variant}=2"' in html
    assert "You owe nothing." in html


def test_a_hold_whose_time_is_over_has_no_pay_button(client):
    order = make_order(expires_at=timezone.now() - timedelta(minutes=1))

    html = client.get(f"/o/{order.token}/pay/").content.decode()

    assert "We are closing the payment." in html
    assert "Continue and pay" not in html


def test_late_money_is_told_with_what_comes_back(client):
    order = make_order(status="expired", expired_at=timezone.now(), amount_paid=203_000)
    Payment.objects.update(state="confirmed", amount_received=203_000)

    text = page(client, order, "pay/")

    assert heading(client, order, "pay/") == "Paid too late"
    assert "What you paid is returned in full." in text
    assert "To be returned to you Rp 203.000" in text


def test_a_canceled_order_is_not_paid(client):
    order = make_order(status="canceled", canceled_at=timezone.now())

    assert heading(client, order, "pay/") == "Canceled"
    assert "Nothing is to be paid any more." in page(client, order, "pay/")


# Cancellation


def test_a_cancellation_is_done_exactly_as_it_was_shown(client):
    order = make_confirmed_order()
    url = f"/o/{order.token}/cancellation/"

    shown = client.get(url)
    response = client.post(url, {"returned": "203000.00"})
    send_due()

    assert "Cancel, Rp 203.000 comes back" in text_of(shown)
    assert 'name="returned" value="203000.00"' in shown.content.decode()
    assert (response.status_code, response["Location"]) == (303, f"/o/{order.token}/")
    assert Refund.objects.filter(amount=203_000).count() <= 1
    assert Order.objects.get().status == Order.Status.CANCELED


def test_what_the_rule_keeps_is_shown_before(client):
    order = make_confirmed_order(
        rules={"free_cancellation": "never", "kept_percent": 40}
    )

    text = page(client, order, "cancellation/")

    assert "You paid Rp 203.000" in text
    assert "Kept by the cancellation rule Rp 81.200" in text
    assert "Comes back to you Rp 121.800" in text


@pytest.mark.parametrize("returned", ["1", "", "x", "NaN"])
def test_another_amount_than_shown_cancels_nothing(client, returned):
    order = make_confirmed_order()

    response = client.post(f"/o/{order.token}/cancellation/", {"returned": returned})

    assert response.status_code == 409
    assert "Nothing was canceled yet." in text_of(response)
    assert Order.objects.get().status == Order.Status.CONFIRMED


@pytest.mark.parametrize(
    ("columns", "stage", "reason"),
    [
        ({}, "production", "Production has started"),
        ({"status": "fulfilled"}, "shipping", "It was shipped already."),
        ({"status": "expired"}, "open", "It ended unpaid"),
        ({"status": "canceled"}, "open", "It was canceled before."),
    ],
)
def test_the_reason_is_told_when_nothing_can_be_canceled(
    client, columns, stage, reason
):
    order = make_order(**columns)
    Batch.objects.update(stage=stage)

    response = client.get(f"/o/{order.token}/cancellation/")

    assert reason in text_of(response)
    assert "wa.me/6281200001111" in response.content.decode()
    assert "<form" not in response.content.decode()


# Find my order


def find(client, number, contact):
    return client.post("/en/find/", {"number": number, "contact": contact})


def test_hit_and_miss_read_the_same(client):
    order = make_order()
    Message.objects.all().delete()

    hit = find(client, order.number.lower(), order.email)
    miss = find(client, "ZZZZZZZZ", order.email)
    wrong_contact = find(client, order.number, "someone@example.com")

    assert hit.status_code == miss.status_code == wrong_contact.status_code == 200
    assert hit.content == miss.content == wrong_contact.content
    assert [m.kind for m in Message.objects.all()] == ["order_link"]


def test_a_link_is_sent_once_however_often_it_is_asked_for(client):
    order = make_order()

    for contact in (order.email, order.phone, order.phone.replace("+62", "0")):
        find(client, order.number, contact)

    assert Message.objects.filter(kind="order_link").count() == 1


def test_find_says_what_is_missing_at_its_field(client):
    response = find(client, "", "nobody")

    html = response.content.decode()
    assert response.status_code == 422
    assert '<a href="#id_number">Write the order number.</a>' in html
    assert '<a href="#id_contact">' in html


def test_find_is_listed_by_no_engine_and_kept_by_no_cache(client):
    response = client.get("/en/find/")

    assert '<meta name="robots" content="noindex">' in response.content.decode()
    assert "private" in response["Cache-Control"]


def test_what_was_asked_for_is_delivered(client, mailoutbox):
    order = make_order()
    find(client, order.number, order.email)

    outbox.deliver_due()

    assert order.token in mailoutbox[-1].body
