"""Orders and mails are looked at here; only steps change them."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.actors import SYSTEM
from orders.models import BuyerTally, Message, Order, OrderLine
from tests.factories import make_batch, make_campaign, make_variant

pytestmark = pytest.mark.django_db

CHANGELIST_QUERIES = 12
MAILS = "/admin/orders/message/"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    return client


def an_order(**overrides):
    values = {
        "status": Order.Status.CONFIRMED,
        "submit_key": f"key-{Order.objects.count()}",
        "name": "Sri Rahayu",
        "email": "sri@example.com",
        "phone": "+6281234567890",
        "address": "Jalan Asia Afrika 8",
        "city": "Kota Bandung",
        "currency": "IDR",
        "goods": 185_000,
        "shipping": 18_000,
        "total": 203_000,
        "deposit": 203_000,
        "amount_paid": 203_000,
    }
    if "batch" not in overrides:
        campaign = make_campaign()
        make_variant(campaign=campaign, sku="KAOS-L", options={"Ukuran": "L"})
        overrides["batch"] = make_batch(campaign=campaign)
    order = Order.objects.create(**values | overrides)
    allotment = order.batch.allotments.get()
    OrderLine.objects.create(
        order=order,
        variant=allotment.variant,
        allotment=allotment,
        ordered=1,
        quantity=1,
        unit_price=185_000,
        name="Kaos Batik",
        sku="KAOS-L",
        options={"Ukuran": "L"},
    )
    return order


def a_message(order, **overrides):
    values = {
        "dedupe_key": f"key-{Message.objects.count()}",
        "order": order,
        "kind": "order_confirmed",
        "to": order.email,
        "locale": "id",
        "subject": "Pesanan dibayar",
        "text": "Halo Sri,\n\npesanan Anda <b>sudah</b> dibayar.",
        "message_id": "<1@example.com>",
    }
    return Message.objects.create(**values | overrides)


def url_of(row, page="change"):
    name = row._meta.label_lower.replace(".", "_")
    return reverse(f"admin:{name}_{page}", args=[row.pk])


def text_of(response):
    return response.content.decode()


def test_list_finds_by_number_name_phone_and_mail(staff):
    order = an_order()
    an_order(batch=order.batch, name="Budi", email="b@example.com", phone="+62811")

    for words in (order.number, "Rahayu", "81234567890", "sri@example.com"):
        page = staff.get(reverse("admin:orders_order_changelist"), {"q": words})
        assert [found.pk for found in page.context["cl"].result_list] == [order.pk]


def test_list_costs_the_same_for_any_number_of_orders(staff, django_assert_num_queries):
    batch = an_order().batch
    an_order()
    url = reverse("admin:orders_order_changelist")
    staff.get(url)

    with django_assert_num_queries(CHANGELIST_QUERIES):
        staff.get(url)
    for _more in range(3):
        an_order(batch=batch)
        an_order()
    with django_assert_num_queries(CHANGELIST_QUERIES):
        staff.get(url)


@pytest.mark.once
def test_page_tells_lines_money_history_and_mails(staff):
    order = an_order(status=Order.Status.PENDING, expires_at=timezone.now())
    order.record("placed", actor=SYSTEM, data={"units": 1})
    order.move_to(Order.Status.CONFIRMED, actor=SYSTEM)
    message = a_message(order)

    response = staff.get(url_of(order))

    page = text_of(response)
    assert [event.details for event in response.context["told"]] == ["units: 1", ""]
    for words in ("KAOS-L", "Rp\xa0203.000", "Pesanan dibayar", url_of(message)):
        assert words in page


@pytest.mark.once
def test_nothing_of_an_order_can_be_posted(staff):
    order = an_order()

    posted = {"status": "canceled", "amount_paid": "0", "name": "X"}
    answers = [
        staff.post(url_of(order), posted),
        staff.post(url_of(order, "delete"), {"post": "yes"}),
        staff.get(reverse("admin:orders_order_add")),
    ]

    stored = Order.objects.get()
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert stored.status == "confirmed"
    assert stored.amount_paid == 203_000


@pytest.mark.once
def test_tallies_are_not_shown():
    assert not admin.site.is_registered(BuyerTally)


@pytest.mark.once
def test_anonymous_is_sent_to_the_login(client):
    order = an_order()
    message = a_message(order)

    for url in (url_of(order), url_of(message), url_of(message, "html")):
        assert client.get(url)["Location"].startswith(reverse("admin:login"))


@pytest.mark.once
def test_message_is_shown_as_the_buyer_got_it(staff):
    message = a_message(an_order(), state="failed", smtp_answer="550 no such user")

    page = text_of(staff.get(url_of(message)))

    assert "Pesanan dibayar" in page
    assert "&lt;b&gt;sudah&lt;/b&gt;" in page
    assert "550 no such user" in page
    assert staff.get(reverse("admin:orders_message_changelist")).status_code == 200


def test_mails_are_filtered_by_their_kind_in_words(staff):
    order = an_order()
    a_message(order, kind="production_started"), a_message(order)

    page = staff.get(MAILS, headers={"accept-language": "en"})
    found = staff.get(f"{MAILS}?kind=production_started").context["cl"].result_list

    confirmed, started = "Order confirmed</a>", "Production started</a>"
    assert 0 < text_of(page).index(confirmed) < text_of(page).index(started)
    assert "production_started</a>" not in text_of(page)
    assert [mail.kind for mail in found] == ["production_started"]


def test_a_mail_tells_its_kind_in_the_language_of_its_reader(staff):
    message = a_message(an_order(), kind="production_started")

    page = text_of(staff.get(url_of(message), headers={"accept-language": "en"}))

    assert "Production started → sri@example.com" in page
    assert "production_started" not in page


@pytest.mark.once
def test_html_of_a_message_is_sandboxed(staff):
    message = a_message(an_order())

    response = staff.get(url_of(message, "html"))

    assert "sandbox" in response["Content-Security-Policy"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "<b>" not in text_of(response)


def test_failed_message_is_sent_again_once(staff):
    message = a_message(an_order(), state="failed", attempts=8)

    for _twice in range(2):
        staff.post(url_of(message, "send-again"))

    stored = Message.objects.get()
    assert (stored.state, stored.attempts) == ("queued", 0)


def test_sent_message_is_not_sent_again(staff):
    message = a_message(an_order(), state="sent", attempts=1)

    staff.post(url_of(message, "send-again"))

    assert Message.objects.get().state == "sent"
    assert url_of(message, "send-again") not in text_of(staff.get(url_of(message)))
