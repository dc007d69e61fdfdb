"""The buyer changes or confirms an address until it locks or is packed, at no price."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from campaigns.clock import database_now
from campaigns.models import Batch, ShippingOption
from orders.addresses import changes as address_changes
from orders.models import Message, Order, OrderEvent
from tests.drafts import mails_of, make_offer, place_order, place_paid, rows_of_orders
from tests.forms import fields_of
from tests.fulfillment.goods import in_production, ship
from tests.orders.test_pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

NEW = {
    "address": "Jalan Riau 12, RT 3/RW 4",
    "city": "Kota Cimahi",
    "district": "Cimahi Utara",
    "subdistrict": "Cibabat",
    "postal_code": "40513",
    "landmark": "Rumah biru",
}


def page_of(order):
    return f"/o/{order.token}/address/"


def in_english(order):
    Order.objects.filter(pk=order.pk).update(locale="en")
    return Order.objects.get(pk=order.pk)


def paid(**offer):
    return in_english(place_paid(make_offer(**offer)))


def lock_in(order, **ahead):
    moment = database_now() + timedelta(**ahead)
    Batch.objects.filter(pk=order.batch_id).update(addresses_lock_at=moment)


def send(client, order, **typed):
    """The form as it was shown, with what the buyer typed into it."""
    shown = fields_of(client.get(page_of(order)))
    return client.post(page_of(order), shown | typed)


def confirm(client, order):
    return client.post(f"{page_of(order)}confirmation/")


def columns_of(order):
    return Order.objects.filter(pk=order.pk).values(*NEW, "name", "province").get()


def test_the_page_shows_the_address_in_the_form(client):
    order = paid()

    shown = fields_of(client.get(page_of(order)))

    stored = columns_of(order)
    assert {name: shown[name] for name in stored} == stored


def test_a_change_is_written_noted_and_mailed(client):
    order = paid()
    before = columns_of(order)

    answer = send(client, order, name="Rina Wati", **NEW)

    event = OrderEvent.objects.get(kind="address_changed")
    mail = order.messages.get(kind="order_changed")
    assert (answer.status_code, answer["Location"]) == (
        303,
        f"/o/{order.token}/#address",
    )
    assert columns_of(order) == before | NEW | {"name": "Rina Wati"}
    assert (event.actor, event.data) == ("buyer", {})
    assert event.personal["postal_code"] == {"from": "40111", "to": "40513"}
    assert set(event.personal) == {*NEW, "name"}
    assert mail.subject == f"Address changed – {order.number}"
    assert mail.dedupe_key == f"order_changed:{order.number}:event-{event.pk}"
    state, when, link, told, warning = mail.text.split("\n\n")[:5]
    assert state == "The address of your order was changed on its page."
    assert when.startswith("Changed ")
    assert link == f"http://127.0.0.1:8000/o/{order.token}/"
    assert told == (
        f"Ships to: Rina Wati, {order.phone}\n"
        "Jalan Riau 12, RT 3/RW 4\n"
        "Cibabat, Cimahi Utara, Kota Cimahi 40513, Jawa Barat"
    )
    assert warning.endswith("somebody else has your link.")


def test_the_same_address_again_confirms_it_once(client):
    order = paid()

    for _twice in range(2):
        assert send(client, order).status_code == 303
    confirm(client, order)

    assert OrderEvent.objects.filter(kind="address_confirmed").count() == 1
    assert "order_changed" not in mails_of(order)


def test_one_button_confirms(client):
    order = paid()

    asked = text_of(client.get(page_of(order)))
    answer = confirm(client, order)
    after = text_of(client.get(page_of(order)))

    assert answer.status_code == 303
    assert "Yes, this address is right" in asked
    assert "Yes, this address is right" not in after
    assert "Confirmed " in after
    assert OrderEvent.objects.get(kind="address_confirmed").actor == "buyer"


def test_the_order_page_leads_there_until_it_locks(client):
    order = paid()
    lock_in(order, days=3)
    open_page = client.get(order.get_absolute_url())
    lock_in(order, seconds=-1)
    locked_page = client.get(order.get_absolute_url())

    assert page_of(order) in open_page.content.decode()
    assert "Can be changed until" in text_of(open_page)
    assert page_of(order) not in locked_page.content.decode()
    assert "Locked since" in text_of(locked_page)


def test_before_paying_it_can_be_changed_too(client):
    order = in_english(place_order(make_offer()))

    assert send(client, order, **NEW).status_code == 303
    assert columns_of(order)["city"] == "Kota Cimahi"


# --- refused


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("province", "Jawa Tengah Sekali", "Choose a province from the list."),
        ("province", "", "Choose a province."),
        ("province", "Bali", "This city is not in the province you chose."),
        ("city", "Kota Denpasar", "This city is not in the province you chose."),
        ("city", "Kota Gotham", "Choose a city or regency from the list."),
        ("name", " ", "Write the name of the recipient."),
        ("name", "x" * 121, "at most 120 characters"),
        ("address", "", "Write the street and house number."),
        ("address", "Jalan\x00", "Null characters are not allowed."),
        ("district", "", "Write the district (kecamatan)."),
        ("postal_code", "4051", "five digits"),
        ("postal_code", "٤٠٥١٣", "five digits"),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(client, name, typed, words):
    order = paid()
    before = rows_of_orders()

    answer = send(client, order, **NEW | {name: typed})

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert "Jalan Riau 12" in answer.content.decode() or name == "address"
    assert rows_of_orders() == before


BALI = {"province": "Bali", "city": "Kota Denpasar"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"provinces": ["Jawa Barat"]},
            "JNE REG does not ship to Bali at the price you paid. Write to the seller,"
            " who can help.",
        ),
        (
            {"base_price": 40_000},
            "Shipping with JNE REG to Bali costs something else than you paid. Write to"
            " the seller, who can help.",
        ),
        (None, "JNE REG does not ship to Bali at the price you paid."),
    ],
    ids=["not served", "another price", "service gone"],
)
def test_an_address_that_costs_something_else_is_refused(client, changes, words):
    order = paid()
    if changes is None:
        ShippingOption.objects.all().delete()
    else:
        ShippingOption.objects.update(**changes)
    before = rows_of_orders()

    answer = send(client, order, **NEW | BALI)

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert rows_of_orders() == before


def test_another_province_at_the_same_price_is_accepted(client):
    order = paid()

    assert send(client, order, **NEW | BALI).status_code == 303
    assert columns_of(order)["province"] == "Bali"


def test_within_the_province_a_new_price_list_does_not_matter(client):
    order = paid()
    ShippingOption.objects.update(base_price=40_000)

    assert send(client, order, **NEW).status_code == 303
    assert Order.objects.get().shipping == 18_000


def test_after_the_lock_it_is_refused_with_the_reason_and_the_sellers_chat(client):
    order = paid()
    shown = fields_of(client.get(page_of(order)))
    seller = order.batch.campaign.seller
    seller.whatsapp = "+6281200001111"
    seller.save()
    lock_in(order, seconds=-1)
    before = rows_of_orders()

    refused = client.post(page_of(order), shown | NEW)
    confirmed = confirm(client, order)
    page = client.get(page_of(order))

    assert (refused.status_code, confirmed.status_code, page.status_code) == (
        409,
        409,
        200,
    )
    for answer in (refused, confirmed, page):
        assert "The addresses of this batch are locked." in text_of(answer)
        assert "https://wa.me/6281200001111" in answer.content.decode()
        assert 'name="postal_code"' not in answer.content.decode()
    assert "Nothing was changed" in text_of(refused)
    assert rows_of_orders() == before


def test_what_is_on_its_way_keeps_its_address(client):
    _batch, [order] = in_production([2])
    in_english(order)
    shown = fields_of(client.get(page_of(order)))
    ship(order, lines={order.lines.get().pk: 1})
    before = rows_of_orders()

    refused = client.post(page_of(order), shown | NEW)

    assert refused.status_code == 409
    assert "packed or on its way" in text_of(refused)
    assert rows_of_orders() == before


@pytest.mark.parametrize("status", ["canceled", "expired"])
def test_an_order_that_is_over_ships_nowhere(client, status):
    order = paid()
    shown = fields_of(client.get(page_of(order)))
    Order.objects.update(status=status)

    assert client.post(page_of(order), shown | NEW).status_code == 409
    assert columns_of(order)["city"] == "Kota Bandung"


def test_getting_the_confirmation_confirms_nothing(client):
    order = paid()

    assert client.get(f"{page_of(order)}confirmation/").status_code == 405
    assert not OrderEvent.objects.filter(kind="address_confirmed").exists()


# --- the staff


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("admin"))
    return client


def correct(staff, order, **typed):
    url = reverse("admin:orders_order_address", args=[order.pk])
    return staff.post(url, fields_of(staff.get(url)) | typed)


def test_staff_put_it_right_after_the_lock_and_the_buyer_is_told(staff):
    order = paid()
    ShippingOption.objects.update(provinces=["Jawa Barat"])
    lock_in(order, seconds=-1)

    answer = correct(staff, order, **NEW | BALI | {"name": "Rina Wati"})

    event = OrderEvent.objects.get(kind="address_changed")
    mail = order.messages.get(kind="order_changed")
    assert answer.status_code == 302
    assert columns_of(order)["province"] == "Bali"
    assert (event.actor, str(event.user)) == ("staff", "admin")
    assert mail.subject == f"Address corrected by the seller – {order.number}"
    assert mail.text.startswith("The seller corrected the address of your order.\n\n")
    assert "Ships to: Rina Wati" in mail.text
    assert Order.objects.get().total == 168_000


def test_staff_change_no_parcel_that_left(staff):
    _batch, [order] = in_production([1])
    url = reverse("admin:orders_order_address", args=[order.pk])
    shown = fields_of(staff.get(url))
    ship(order)
    before = rows_of_orders()

    assert staff.post(url, shown | NEW).status_code == 302
    assert rows_of_orders() == before


def test_a_corrected_phone_is_told_to_the_buyer(staff):
    order = paid()
    url = reverse("admin:orders_order_contact", args=[order.pk])

    staff.post(url, fields_of(staff.get(url)) | {"phone": "0812 9999 0000"})

    mail = order.messages.get(kind="order_changed")
    assert mail.subject == f"Phone corrected by the seller – {order.number}"
    assert "+6281299990000" in mail.text


def test_a_parcel_packed_for_another_address_does_not_leave(staff):
    staff.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    _batch, [order] = in_production([1])
    url = reverse("admin:orders_order_ship", args=[order.pk])
    shown = fields_of(staff.get(url))
    Order.objects.filter(pk=order.pk).update(address="Jalan Lain 9")

    refused = staff.post(url, shown)
    read_again = staff.post(url, fields_of(staff.get(url)))

    assert refused.status_code == 409
    assert "The address has changed since this page was opened." in text_of(refused)
    assert read_again.status_code == 302
    assert Order.objects.get().status == Order.Status.FULFILLED
    assert Message.objects.filter(kind="order_shipped").count() == 1


def test_nobody_fills_a_mailbox_by_changing_an_address_all_day(client):
    order = in_english(place_order(make_offer()))
    for n in range(address_changes.CHANGES_A_DAY):
        send(client, order, address=f"Jalan Riau {n}")
    before = rows_of_orders()

    answer = send(client, order, address="Jalan Riau 99")

    assert answer.status_code == 422
    assert "Try again tomorrow." in answer.content.decode()
    assert rows_of_orders() == before
