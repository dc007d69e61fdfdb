"""Orders taken by chat pass the same caps, limits and gate as the shop's own."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaigns.clock import database_now
from campaigns.models import Batch, Membership
from orders.models import BuyerTally, Message, Order, OrderEvent, OrderLine
from tests.concurrency.racing import assert_invariants
from tests.drafts import finish, place_order, rows_of_orders, sums_of
from tests.factories import (
    checkout_data,
    make_allotment,
    make_campaign,
    make_seller,
    make_shop,
    make_variant,
)
from tests.forms import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    return client


def chat_url(batch):
    return f"{reverse('admin:orders_order_chat')}?batch={batch.pk}"


def entered(staff, batch, **typed):
    """The page's own fields, filled as a checkout would be."""
    shown = fields_of(staff.get(chat_url(batch)))
    own = {name: shown[name] for name in ("schedule_version", "submit_key")}
    data = checkout_data(batch, **own)
    for name in ("batch", "terms"):
        del data[name]
    return {name: text for name, text in (data | typed).items() if text is not None}


def enter(staff, batch, **typed):
    return staff.post(chat_url(batch), entered(staff, batch, **typed))


def words_of(response):
    return response.content.decode()


def test_order_is_placed_and_leads_to_its_links(staff):
    batch = make_shop()

    answer = enter(staff, batch, name="Sri", phone="0812 1111 2222", note="Titip")
    page = staff.get(answer["Location"])

    order = Order.objects.get()
    link = page.context["link"]
    whatsapp = urlsplit(page.context["whatsapp"])
    text = parse_qs(whatsapp.query)["text"][0]
    event = OrderEvent.objects.get(kind="placed")
    batch.refresh_from_db()
    assert (order.source, order.status, order.note) == ("chat", "pending", "Titip")
    assert (event.actor, str(event.user)) == ("staff", "admin")
    assert link == f"http://127.0.0.1:8000/o/{order.token}/pay/"
    assert whatsapp.netloc + whatsapp.path == "wa.me/6281211112222"
    assert text.startswith(("Hello Sri", "Halo Sri"))
    assert text.endswith(link)
    assert batch.taken == 1
    assert link in words_of(page)


def test_rows_left_empty_ask_for_nothing(staff):
    batch = make_shop()
    chosen = batch.campaign.variants.get()
    other = make_allotment(
        batch=batch, variant=make_variant(campaign=batch.campaign)
    ).variant

    enter(staff, batch, **{f"quantity-{other.pk}": ""})

    lines = OrderLine.objects.values_list("variant", "quantity")
    assert list(lines) == [(chosen.pk, 1)]


def test_an_empty_field_takes_nothing_from_another_of_the_same_row(staff):
    batch = make_shop()
    field = f"quantity-{batch.campaign.variants.get().pk}"

    enter(staff, batch, **{field: ["2", " "]})

    assert OrderLine.objects.get().quantity == 2


def test_all_rows_left_empty_are_refused(staff):
    batch = make_shop()
    field = f"quantity-{batch.campaign.variants.get().pk}"

    answer = enter(staff, batch, **{field: " "})

    assert answer.status_code == 422
    assert len(answer.context["form"].non_field_errors()) == 1
    assert not Order.objects.exists()


def test_buyer_pays_with_the_link(staff, client):
    batch = make_shop()
    enter(staff, batch, email="")
    order = Order.objects.get()

    client.post(reverse("payment:pay", args=[order.token]))
    finish(order, "pay")

    assert sums_of(order) == ("confirmed", order.total, 0, 0)
    assert_invariants()


def test_without_an_email_no_mail_is_written_and_the_phone_is_counted(staff):
    batch = make_shop(campaign=make_campaign(buyer_limit=2))

    enter(staff, batch, email="")

    assert not Message.objects.exists()
    assert [tally.units for tally in BuyerTally.objects.all()] == [1]
    assert_invariants()


def test_limit_counts_what_the_buyer_holds_already(staff):
    batch = make_shop(campaign=make_campaign(buyer_limit=2))
    variant = batch.campaign.variants.get()
    enter(staff, batch, phone="0812 1111 2222", **{f"quantity-{variant.pk}": 2})
    before = rows_of_orders()

    answer = enter(staff, batch, email="", phone="+62 812-1111-2222")

    reasons = answer.context["form"].non_field_errors()
    assert answer.status_code == 422
    assert "2" in reasons[0]
    assert rows_of_orders() == before
    assert fields_of(answer)["name"] == "Sri Wahyuni"


def test_sold_out_tells_what_is_left_and_keeps_the_form(staff):
    batch = make_shop(capacity=3)
    variant = batch.campaign.variants.get()
    place_order(batch, units=[2])
    before = rows_of_orders()

    answer = enter(staff, batch, **{f"quantity-{variant.pk}": 2})

    kept = fields_of(answer)
    assert answer.status_code == 409
    assert any("2" in r and "1" in r for r in answer.context["page"].reasons)
    assert kept[f"quantity-{variant.pk}"] == "2"
    assert kept["address"] == "Jalan Riau 12, RT 3/RW 4"
    assert rows_of_orders() == before


def test_a_cap_that_units_do_not_show_is_named_to_staff(staff):
    batch = make_shop(capacity=30, order_capacity=1)
    place_order(batch)
    staff.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"

    refused = enter(staff, batch)
    choice = staff.get(reverse("admin:orders_order_chat"))

    why = "(the batch takes no more orders)"
    assert refused.status_code == 409
    assert f"The batch: 1 wanted, 0 left {why}." in refused.context["page"].reasons
    assert f"0 of 30 left {why}" in words_of(choice)


def test_closed_batch_refuses(staff):
    batch = make_shop()
    data = entered(staff, batch)
    Batch.objects.update(stage="closed")
    before = rows_of_orders()

    answer = staff.post(chat_url(batch), data)

    assert answer.status_code == 409
    assert rows_of_orders() == before


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("opens_in", "closes_in", "said"),
    [
        (-DAY, DAY, ""),
        (DAY, 2 * DAY, "This batch takes orders from "),
        (-2 * DAY, -DAY, "This batch takes no orders now (Closed, 10 left)."),
    ],
)
def test_why_an_open_batch_takes_no_orders_now_is_said(
    staff, opens_in, closes_in, said
):
    batch, now = make_shop(), database_now()
    Batch.objects.update(opens_at=now + opens_in, closes_at=now + closes_in)

    page = words_of(staff.get(chat_url(batch), headers={"accept-language": "en"}))

    assert said in page
    assert ("This batch takes" in page) is bool(said)


def test_changed_window_is_told_and_the_next_try_makes_the_new_promise(staff):
    batch = make_shop()
    data = entered(staff, batch)
    Batch.objects.update(schedule_version=2)

    refused = staff.post(chat_url(batch), data)
    again = staff.post(
        chat_url(batch),
        data | {"schedule_version": fields_of(refused)["schedule_version"]},
    )

    assert (refused.status_code, again.status_code) == (409, 302)
    assert Order.objects.get().schedule_version == 2


def test_same_form_twice_is_one_order(staff):
    batch = make_shop()
    data = entered(staff, batch)

    answers = [staff.post(chat_url(batch), data) for _twice in range(2)]

    assert Order.objects.count() == 1
    assert answers[0]["Location"] == answers[1]["Location"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("name", ""),
        ("phone", ""),
        ("phone", "12"),
        ("address", ""),
        ("email", "bukan surel"),
        ("postal_code", "1"),
        ("province", "Atlantis"),
        ("city", "Kota Medan"),
        ("shipping", "0"),
        ("payment", "cash"),
        ("submit_key", "short"),
        ("schedule_version", ""),
        ("quantity", "0"),
        ("quantity", "-1"),
        ("quantity", "1.5"),
        ("quantity", "１"),
        ("quantity", "1000"),
        ("quantity-999999", "1"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(staff, name, text):
    batch = make_shop()
    if name == "quantity":
        name = f"quantity-{batch.campaign.variants.get().pk}"
    data = entered(staff, batch) | {name: text}
    before = rows_of_orders()

    answer = staff.post(chat_url(batch), data)

    assert answer.status_code == 422
    assert rows_of_orders() == before


def test_personalization_is_asked_once_the_quantity_is_known(staff):
    campaign = make_campaign(personalization_label="Nama di punggung")
    batch = make_shop(campaign=campaign)
    field = f"personalization-{campaign.variants.get().pk}-1"
    data = entered(staff, batch)

    asked = staff.post(chat_url(batch), data)
    staff.post(chat_url(batch), data | {field: "BUDI"})

    assert asked.status_code == 422
    assert field in fields_of(asked)
    assert Order.objects.get().lines.get().personalization == ["BUDI"]


def test_batches_on_sale_are_offered(staff):
    batch, closed = make_shop(), make_shop(stage="closed")

    page = words_of(staff.get(reverse("admin:orders_order_chat")))
    listed = words_of(staff.get(reverse("admin:orders_order_changelist")))

    assert f"?batch={batch.pk}" in page
    assert f"?batch={closed.pk}" not in page
    assert reverse("admin:orders_order_chat") in listed


@pytest.mark.parametrize("asked", ["0", "x", "１", "9" * 30, "1 OR 1=1"])
def test_unknown_batch_is_not_found(staff, asked):
    url = reverse("admin:orders_order_chat")

    assert staff.get(url, {"batch": asked}).status_code == 404


def test_seller_reaches_own_batches_and_links_only(client):
    own, other = make_shop(), make_shop()
    user = User.objects.create_user("ayu", is_staff=True)
    Membership.objects.create(seller=own.campaign.seller, user=user, role="owner")
    client.force_login(user)
    foreign = place_order(other)

    answers = [
        client.get(chat_url(other)),
        client.post(chat_url(other), {}),
        client.get(reverse("admin:orders_order_chat_placed", args=[foreign.pk])),
    ]
    answer = enter(client, own)

    assert [a.status_code for a in answers] == [404, 404, 404]
    assert client.get(answer["Location"]).status_code == 200


def test_packer_and_stranger_enter_nothing(client):
    batch = make_shop()
    anonymous = client.get(chat_url(batch))
    user = User.objects.create_user("tono", is_staff=True)
    Membership.objects.create(seller=batch.campaign.seller, user=user, role="packer")
    make_seller()
    client.force_login(user)

    answers = [client.get(chat_url(batch)), client.post(chat_url(batch), {})]

    assert anonymous["Location"].startswith(reverse("admin:login"))
    assert [answer.status_code for answer in answers] == [403, 403]
