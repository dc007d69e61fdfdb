"""Accepting an offer of the waiting list: one page, one order, once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import translation
from django.utils.translation import gettext

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.models import Batch, Campaign, ShippingOption, Variant
from orders.holds import limits as hold_limits
from orders.models import BuyerTally, Order, WaitlistEntry
from orders.sweep import cancel_orders_of_canceled_batches
from orders.waitlist import offers as waitlist_offers
from orders.waitlist import places
from payments import expiry, inbox
from payments.checkout import claiming
from payments.checkout.claim_page import ClaimPage
from payments.models import Payment
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    end_hold,
    finish,
    mails_of,
    place_order,
    rows_of_orders,
    run_out,
    sums_of,
)
from tests.forms import fields_of
from tests.fulfillment.goods import close
from tests.waiting import full_batch, give_back, offered_to, states, wait

pytestmark = [pytest.mark.django_db, pytest.mark.once]

DETAILS = {
    "name": "Ani Wijaya",
    "phone": "0812-3456-7890",
    "address": "Jalan Braga 1",
    "province": "Jawa Barat",
    "city": "Kota Bandung",
    "district": "Sumur Bandung",
    "postal_code": "40111",
    "payment": "sandbox",
    "terms": "on",
}
PHONE = "+6281234567890"
# One unit at Rp 150.000, and Rp 18.000 to ship it.
TOTAL = Decimal(168_000)


def an_offer(units=1, **columns):
    """An entry that was offered what it waits for."""
    batch, orders = full_batch(capacity=max(2, units))
    entry = wait(batch, email="ani@example.com", quantity=units, **columns)
    for order in orders[:units]:
        give_back(order)
    assert waitlist_offers.offer_freed() == 1
    return WaitlistEntry.objects.for_page().get(pk=entry.pk)


def page_of(entry):
    return f"/waitlist/{entry.token}/"


def filled_in(client, entry, **changed):
    """The page's own fields, as a browser would send them."""
    shown = fields_of(client.get(page_of(entry)))
    courier = entry.batch.campaign.seller.shipping_options.get()
    return shown | DETAILS | {"shipping": str(courier.pk)} | changed


def accept(client, entry, **changed):
    return client.post(page_of(entry), filled_in(client, entry, **changed))


def rows():
    return rows_of_orders(), list(WaitlistEntry.objects.order_by("pk").values())


# --- accepting


def test_the_page_tells_what_is_held_until_when_and_at_which_price(client):
    entry = an_offer()

    response = client.get(page_of(entry))

    html = response.content.decode()
    assert response.status_code == 200
    assert "Rp\xa0150.000" in html
    assert "data-countdown" in html
    assert "ani@example.com" in html
    assert 'name="email"' not in html
    assert "private" in response["Cache-Control"]
    assert "no-cache" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Content-Language"] == "id"
    assert 'content="same-origin"' in html
    assert f'href="{entry.batch.campaign.get_absolute_url()}"' in html


def test_only_the_province_changes_the_shipping_of_what_is_offered(client):
    entry = an_offer()
    WaitlistEntry.objects.update(locale="en")
    Order.objects.update(locale="en")

    html = client.get(page_of(entry)).content.decode()

    assert "After you change the province." in html
    assert "change a quantity" not in html


def test_accepting_fills_the_offer_and_leads_to_the_payment(client):
    entry = an_offer(units=2)

    response = accept(client, entry)

    order = offered_to(entry)
    assert response.status_code == 303
    assert response["Location"] == f"/o/{order.token}/pay/"
    assert states() == ["claimed"]
    assert order.status == "pending"
    assert (order.name, order.email, order.phone) == (
        "Ani Wijaya",
        "ani@example.com",
        PHONE,
    )
    assert (order.city, order.postal_code) == ("Kota Bandung", "40111")
    assert (order.goods, order.shipping, order.total, order.deposit) == (
        300_000,
        18_000,
        318_000,
        318_000,
    )
    assert order.rules["plan"] == "full"
    assert not order.is_unfinished
    assert [e.kind for e in order.events.order_by("pk")] == ["offered", "placed"]
    assert mails_of(order) == ["waitlist_offer", "order_placed"]
    tallies = BuyerTally.objects.filter(identity__in=order.limit_keys)
    assert list(tallies.values_list("units", flat=True)) == [2, 2]
    payment = Payment.objects.get(order=order)
    assert (payment.amount, payment.state) == (Decimal(318_000), "pending")
    assert_invariants()


def test_the_hold_is_renewed_to_that_of_any_order(client):
    entry = an_offer()
    soon = database_now() + timedelta(minutes=5)
    Order.objects.filter(pk=entry.order_id).update(expires_at=soon)

    accept(client, entry)

    ends = offered_to(entry).expires_at
    assert ends > database_now() + timedelta(hours=23)


def test_an_accepted_offer_is_paid_like_any_order(client):
    entry = an_offer()
    accept(client, entry)
    order = offered_to(entry)

    finish(order, "pay")

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert_invariants()


def test_sending_twice_leads_to_the_same_order(client):
    entry = an_offer()
    fields = filled_in(client, entry)
    client.post(page_of(entry), fields)
    before = rows()

    response = client.post(page_of(entry), fields)

    assert response["Location"] == f"/o/{offered_to(entry).token}/pay/"
    assert rows() == before


def test_a_page_read_before_the_first_click_ends_in_the_same_order(client, monkeypatch):
    """Both clicks passed the view's own look; the order's lock decides."""
    entry = an_offer()
    fields = filled_in(client, entry)
    read = ClaimPage.of

    def accepted_meanwhile(request, place, order):
        monkeypatch.setattr(ClaimPage, "of", read)
        client.post(page_of(entry), fields)
        return read(request, place, order)

    monkeypatch.setattr(ClaimPage, "of", accepted_meanwhile)
    response = client.post(page_of(entry), fields)

    assert response["Location"] == f"/o/{offered_to(entry).token}/pay/"
    assert Payment.objects.filter(order=entry.order_id).count() == 1
    assert_invariants()


def test_an_accepted_place_leads_to_its_order(client):
    entry = an_offer()
    accept(client, entry)

    response = client.get(page_of(entry))

    assert response.status_code == 303
    assert response["Location"] == f"/o/{offered_to(entry).token}/"


def test_a_free_order_is_confirmed_at_once(client):
    entry = an_offer()
    Variant.objects.update(price=0)
    entry.batch.campaign.seller.shipping_options.update(base_price=0)

    response = accept(client, entry)

    order = offered_to(entry)
    assert response.status_code == 303
    assert (order.status, order.total) == ("confirmed", 0)
    assert not Payment.objects.filter(order=order).exists()
    assert mails_of(order) == ["waitlist_offer", "order_placed", "order_confirmed"]
    assert_invariants()


def test_a_deposit_is_asked_by_the_campaigns_plan(client):
    entry = an_offer()
    Campaign.objects.update(plan="deposit", deposit_percent=50)

    accept(client, entry)

    order = offered_to(entry)
    assert (order.total, order.deposit) == (TOTAL, Decimal(84_000))
    assert Payment.objects.get(order=order).amount == Decimal(84_000)


def test_a_closed_batch_still_takes_an_offer_that_was_made_before(client):
    entry = an_offer()
    close(entry.batch)

    assert accept(client, entry).status_code == 303
    assert_invariants()


def test_a_new_price_counts_in_the_cap_in_money_and_comes_back_whole(client):
    entry = an_offer()
    Variant.objects.update(price=200_000)
    accept(client, entry)
    order = offered_to(entry)
    assert order.goods == Decimal(200_000)
    assert Batch.objects.get().goods_taken == 150_000 + 200_000

    end_hold(order)

    assert Batch.objects.get().goods_taken == 150_000
    assert_invariants()


def test_shipping_is_recalculated_without_ordering(client):
    entry = an_offer()
    before = rows()

    response = client.post(
        page_of(entry), filled_in(client, entry, quote="1", terms="")
    )

    assert response.status_code == 200
    assert "Rp\xa0168.000" in response.content.decode()
    assert rows() == before


# --- refused


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"phone": "12"},
        {"postal_code": "4011"},
        {"city": "Kota Jayapura"},
        {"terms": ""},
        {"shipping": "0"},
        {"payment": "forged"},
        {"schedule_version": "x"},
    ],
)
def test_bad_input_keeps_the_form_and_changes_nothing(client, wrong):
    entry = an_offer()
    fields = filled_in(client, entry, **wrong)
    before = rows()

    response = client.post(page_of(entry), fields)

    assert response.status_code == 422
    assert "Jalan Braga 1" in response.content.decode()
    assert rows() == before


def test_a_price_that_changed_since_the_page_is_shown_before_it_is_agreed_to(client):
    entry = an_offer()
    fields = filled_in(client, entry)
    Variant.objects.update(price=175_000)
    before = rows()

    response = client.post(page_of(entry), fields)

    assert response.status_code == 422
    assert "Rp\xa0175.000" in response.content.decode()
    assert rows() == before


def test_a_new_window_is_shown_before_it_is_agreed_to(client):
    entry = an_offer()
    fields = filled_in(client, entry)
    Batch.objects.update(schedule_version=2)
    before = rows()

    refused = client.post(page_of(entry), fields)

    assert refused.status_code == 409
    assert "Jalan Braga 1" in refused.content.decode()
    assert rows() == before
    again = fields_of(refused) | {"terms": "on"}
    assert client.post(page_of(entry), again).status_code == 303
    assert offered_to(entry).schedule_version == 2


def test_a_phone_that_reached_the_limit_changes_nothing(client):
    entry = an_offer()
    Campaign.objects.update(buyer_limit=1)
    Batch.objects.update(capacity=5)
    place_order(entry.batch, phone=PHONE)
    fields = filled_in(client, entry)
    before = rows()

    response = client.post(page_of(entry), fields)

    assert response.status_code == 422
    assert rows() == before


def test_a_price_above_the_cap_in_money_is_refused_whole(client):
    entry = an_offer()
    Batch.objects.update(goods_capacity=300_000)
    Variant.objects.update(price=200_000)
    fields = filled_in(client, entry)
    before = rows()

    response = client.post(page_of(entry), fields)

    assert response.status_code == 409
    assert rows() == before


def test_an_offer_declined_between_page_and_click_is_over(client, monkeypatch):
    entry = an_offer()
    fields = filled_in(client, entry)
    read = ClaimPage.of

    def declined_meanwhile(request, place, order):
        page = read(request, place, order)
        places.depart(entry.pk)
        return page

    monkeypatch.setattr(ClaimPage, "of", declined_meanwhile)
    response = client.post(page_of(entry), fields)

    assert (response.status_code, response["Location"]) == (303, page_of(entry))
    assert states() == ["declined"]
    assert Payment.objects.filter(order=entry.order_id).count() == 0


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (lambda entry: run_out(entry.order), "offered"),
        (lambda entry: end_hold(entry.order), "expired"),
        (lambda entry: places.depart(entry.pk), "declined"),
        (lambda entry: cancel_batch(entry), "ended"),
    ],
)
def test_a_stale_link_says_what_happened_and_orders_nothing(client, end, state):
    entry = an_offer()
    fields = filled_in(client, entry)
    end(entry)
    before = rows()

    shown = client.get(page_of(entry))
    posted = client.post(page_of(entry), fields)

    assert (shown.status_code, posted.status_code) == (404, 404)
    assert "<h1>" in shown.content.decode()
    assert entry.batch.campaign.title in shown.content.decode()
    assert states() == [state]
    assert rows() == before


def cancel_batch(entry):
    entry.batch.cancel(actor=SYSTEM)
    cancel_orders_of_canceled_batches()


def test_an_offer_of_a_batch_that_was_just_canceled_is_over(client):
    """Its order has not followed yet."""
    entry = an_offer()
    fields = filled_in(client, entry)
    entry.batch.cancel(actor=SYSTEM)
    before = rows()

    response = client.post(page_of(entry), fields)

    assert response.status_code == 404
    with translation.override("id"):
        assert gettext("The seller canceled the batch.") in response.content.decode()
    assert rows() == before


def test_a_batch_canceled_between_page_and_click_refuses_in_its_own_row(
    client, monkeypatch
):
    entry = an_offer()
    fields = filled_in(client, entry)
    read = ClaimPage.of

    def canceled_meanwhile(request, place, order):
        page = read(request, place, order)
        entry.batch.cancel(actor=SYSTEM)
        return page

    monkeypatch.setattr(ClaimPage, "of", canceled_meanwhile)
    monkeypatch.setattr(claiming, "is_live", lambda _entry, _order: True)
    response = client.post(page_of(entry), fields)

    assert (response.status_code, response["Location"]) == (303, page_of(entry))
    assert states() == ["offered"]
    assert not Payment.objects.filter(order=entry.order_id).exists()


@pytest.mark.parametrize("forge", ["x" + "y" * 31, "a" * 65, "..", "%00"])
def test_a_forged_link_is_unknown(client, forge):
    an_offer()
    before = rows()

    for page in ("", "departure/"):
        for response in (
            client.get(f"/waitlist/{forge}/{page}"),
            client.post(f"/waitlist/{forge}/{page}"),
        ):
            assert response.status_code in (404, 405)
    assert rows() == before


# --- what an unfinished offer is not


@pytest.mark.parametrize("name", ["", "pay/", "cancellation/", "pay/return/"])
def test_the_pages_of_an_unfinished_order_lead_to_its_place(client, name):
    entry = an_offer()
    before = rows()

    response = client.get(f"/o/{entry.order.token}/{name}")

    assert (response.status_code, response["Location"]) == (303, page_of(entry))
    assert "private" in response["Cache-Control"]
    assert rows() == before


@pytest.mark.parametrize("name", ["pay/", "cancellation/"])
def test_an_unfinished_order_can_be_neither_paid_nor_canceled_there(client, name):
    entry = an_offer()
    before = rows()

    response = client.post(f"/o/{entry.order.token}/{name}", {"returned": "0"})

    assert (response.status_code, response["Location"]) == (303, page_of(entry))
    assert rows() == before


def test_an_offer_without_a_payment_expires_as_any_hold(client):
    entry = an_offer()
    run_out(entry.order)

    assert expiry.expire_overdue() == 1
    inbox.process_due()

    assert sums_of(entry.order) == ("expired", 0, 0, 0)
    assert_invariants()


def test_a_claimed_order_that_is_not_paid_frees_its_units_for_the_next(client):
    entry = an_offer()
    accept(client, entry)
    wait(entry.batch)
    order = offered_to(entry)

    end_hold(order)

    assert states() == ["claimed", "waiting"]
    assert mails_of(order) == ["waitlist_offer", "order_placed", "order_expired"]
    assert waitlist_offers.offer_freed() == 1
    assert_invariants()


def test_another_amount_than_the_offer_showed_is_shown_first(client):
    entry = an_offer()
    sent = filled_in(client, entry)
    # Without the digest of prices, which would refuse it before.
    del sent["seen"]
    ShippingOption.objects.update(base_price=25_000)
    before = rows()

    refused = client.post(page_of(entry), sent)
    unchanged = rows() == before
    again = accept(client, entry)

    assert sent["first_payment"] == "168000"
    assert refused.status_code == 422
    assert unchanged
    assert again.status_code == 303
    assert Payment.objects.get(order=entry.order_id).amount == 175_000


# --- leaving


def depart(client, entry, asked):
    return client.post(departure_of(entry), {"asked": asked})


def test_who_waits_sees_the_place_and_leaves_after_one_question(client):
    batch, _orders = full_batch()
    entry = wait(batch, quantity=3, locale="en")

    shown = client.get(page_of(entry))
    left = depart(client, entry, "waiting")

    assert shown.status_code == 200
    assert "3 × " in shown.content.decode()
    assert f'href="{departure_of(entry)}"' in shown.content.decode()
    assert (left.status_code, left["Location"]) == (303, departure_of(entry))
    assert states() == ["left"]
    assert client.get(page_of(entry)).status_code == 404
    said = client.get(departure_of(entry))
    assert said.status_code == 200
    assert "You left the waiting list" in said.content.decode()


def departure_of(entry):
    return f"{page_of(entry)}departure/"


def test_looking_at_the_departure_leaves_nothing(client):
    batch, _orders = full_batch()
    entry = wait(batch, locale="en")

    response = client.get(departure_of(entry))

    assert response.status_code == 200
    assert "Leave the waiting list?" in response.content.decode()
    assert states() == ["waiting"]


def test_declining_is_asked_once_and_then_said(client):
    entry = an_offer()
    WaitlistEntry.objects.update(locale="en")
    before = rows()

    offer = client.get(page_of(entry)).content.decode()
    asked = client.get(departure_of(entry)).content.decode()
    untouched = rows() == before
    done = depart(client, entry, "offered")
    again = depart(client, entry, "offered")
    said = client.get(done["Location"])

    assert f'href="{departure_of(entry)}"' in offer
    assert f'action="{departure_of(entry)}"' not in offer
    assert "Decline the offer?" in asked
    assert f'href="{page_of(entry)}"' in asked
    assert untouched
    assert states() == ["declined"]
    assert (done["Location"], again["Location"]) == (departure_of(entry),) * 2
    assert said.status_code == 200
    assert "You declined the offer" in said.content.decode()
    assert client.get(page_of(entry)).status_code == 404
    assert mails_of(entry.order) == ["waitlist_offer", "order_canceled"]
    assert_invariants()


@pytest.mark.parametrize("asked", ["waiting", "", "declined", "nonsense"])
def test_who_was_not_asked_about_the_offer_keeps_it(client, asked):
    """As a page that was opened before the offer came."""
    entry = an_offer()
    before = rows()

    response = depart(client, entry, asked)

    assert response["Location"] == departure_of(entry)
    assert rows() == before
    assert client.get(departure_of(entry)).status_code == 200


def test_an_offer_that_is_over_cannot_be_declined_any_more(client):
    entry = an_offer()
    end_hold(entry.order)

    response = client.get(departure_of(entry))

    assert (response.status_code, response["Location"]) == (303, page_of(entry))


def test_one_phone_cannot_hoard_what_was_offered_to_many_addresses(
    client, settings, monkeypatch
):
    settings.RATE_LIMITS = True
    monkeypatch.setattr(hold_limits, "PER_BUYER", 2)
    batch, orders = full_batch(capacity=3)
    entries = [wait(batch) for _n in range(3)]
    for order in orders:
        give_back(order)
    assert waitlist_offers.offer_freed() == 3
    statuses = [accept(client, entry).status_code for entry in entries[:2]]
    before = rows_of_orders()

    response = accept(client, entries[2])

    assert statuses == [303, 303]
    assert response.status_code == 429
    assert response["Retry-After"] == str(hold_limits.RETRY_AFTER_SECONDS)
    assert "Ani Wijaya" in response.content.decode()
    assert rows_of_orders() == before
    assert states() == ["claimed", "claimed", "offered"]
    assert {bool(order.hold_origin) for order in Order.objects.filter(phone=PHONE)} == {
        True
    }


def test_a_variant_taken_away_is_still_the_one_it_was_offered_to(client):
    entry = an_offer()
    Variant.objects.update(active=False)

    response = accept(client, entry)

    assert response.status_code == 303
    assert WaitlistEntry.objects.get().state == "claimed"
