"""What happens below the minimum: said before paying, and possible by the dates."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import translation

from campaigns import readiness
from campaigns.clock import database_now
from campaigns.errors import Gap
from campaigns.models import Batch, BatchEvent
from campaigns.wording import minimum
from orders.models import Order
from tests.drafts import make_offer, place_order, place_paid
from tests.factories import checkout_data, make_batch, make_shop
from tests.forms import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PROCEED = "If fewer than 50 are paid, it is produced all the same."
CANCEL = "If fewer than 50 are paid, everyone gets a full refund."
EXTEND = (
    "If fewer than 50 are paid when it closes, the closing moves once by 7 days, if the"
    " schedule allows. If it is missed all the same, everyone gets a full refund."
)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("rule", "words"), [("proceed", PROCEED), ("extend", EXTEND), ("cancel", CANCEL)]
)
def test_each_rule_is_one_sentence(rule, words):
    assert minimum(Batch(minimum_units=50, minimum_rule=rule)) == words


def test_extended_once_what_is_left_is_the_refund():
    batch = Batch(minimum_units=50, minimum_rule="extend", extended_at=database_now())

    assert minimum(batch) == CANCEL


@pytest.mark.parametrize("none", [None, 0])
def test_without_a_minimum_nothing_is_said(none):
    assert minimum(Batch(minimum_units=none, minimum_rule="extend")) == ""


# --- room for the extension


def with_room_for(days, **overrides):
    """Production starts that many days after the close; it may move by a week."""
    closes_at = database_now() + timedelta(days=7)
    rule = {"minimum_units": 5, "minimum_rule": "extend", "extension_days": 7}
    starts_on = closes_at.date() + timedelta(days=days)
    overrides = {"closes_at": closes_at, "production_starts_on": starts_on} | overrides
    later = {
        "production_ends_on": closes_at.date() + timedelta(days=30),
        "ships_from": closes_at.date() + timedelta(days=31),
        "ships_until": closes_at.date() + timedelta(days=32),
    }
    return make_batch(stage="draft", **rule | later | overrides)


@pytest.mark.parametrize(
    ("days", "overrides", "gaps"),
    [
        (9, {}, []),
        (6, {}, [Gap.ROOM_TO_EXTEND]),
        (6, {"extension_days": 5}, []),
        (6, {"minimum_rule": "cancel"}, []),
        (6, {"minimum_units": None}, []),
        (6, {"extended_at": "2026-01-01T00:00Z"}, []),
    ],
)
def test_it_opens_only_with_room_for_its_extension(days, overrides, gaps):
    batch = with_room_for(days, **overrides)
    batch.refresh_from_db()

    assert batch.missing_for_opening(database_now()) == gaps


def test_the_form_refuses_an_extension_that_passes_production(client):
    client.force_login(User.objects.create_superuser("admin"))
    batch = with_room_for(9)
    page = reverse("admin:campaigns_batch_change", args=[batch.pk])
    before = Batch.objects.values().get()
    shown = fields_of(client.get(page))

    answer = client.post(page, shown | {"extension_days": "20"})

    errors = answer.context["adminform"].form.errors
    assert errors["extension_days"] == readiness.in_words([Gap.ROOM_TO_EXTEND])
    assert Batch.objects.values().get() == before
    assert not BatchEvent.objects.exists()
    client.post(page, shown | {"extension_days": "8"})
    assert Batch.objects.get().extension_days == 8


# --- what buyers read and agree to


def page_of(client, url):
    return client.get(url).content.decode()


def test_buyers_read_it_on_every_page_before_they_pay(client):
    batch = make_shop(minimum_units=5)
    order = place_order(batch)
    Order.objects.update(locale="en")
    slug = batch.campaign.slug

    words = "If fewer than 5 are paid, everyone gets a full refund."
    assert words in page_of(client, f"/en/c/{slug}/")
    checkout = client.get(f"/en/c/{slug}/checkout/", checkout_data(batch))
    assert words in checkout.content.decode()
    assert words in page_of(client, f"/o/{order.token}/pay/")
    assert words in page_of(client, f"/o/{order.token}/")
    assert "semua uang dikembalikan" in order.messages.get().text


def test_the_count_of_paid_units_is_told_as_it_grows(client):
    batch = make_offer(minimum_units=2)
    url = f"/en/c/{batch.campaign.slug}/"

    place_order(batch)
    order = place_paid(batch)
    Order.objects.update(locale="en")
    assert "1 of at least 2 paid." in page_of(client, url)
    assert "1 of at least 2 paid." in page_of(client, f"/o/{order.token}/")
    place_paid(batch)
    assert "2 paid: the minimum of 2 is reached." in page_of(client, url)


def test_a_missed_minimum_is_told_as_such(client):
    batch = make_shop(minimum_units=5)
    Batch.objects.update(stage="canceled", minimum_missed_at=database_now())

    page = page_of(client, f"/en/c/{batch.campaign.slug}/")

    assert "Minimum missed, money returned" in page
    assert "Fewer than 5 were paid, so everyone gets a full refund." in page


def test_the_rule_is_kept_with_the_order():
    batch = make_offer(minimum_units=5, minimum_rule="extend", extension_days=3)

    order = place_order(batch)

    kept = ("minimum_units", "minimum_rule", "extension_days")
    assert [order.rules[name] for name in kept] == [5, "extend", 3]


def test_a_rule_that_changed_since_the_page_was_read_is_agreed_to_anew(client):
    batch = make_shop(minimum_units=5)
    url = f"/en/c/{batch.campaign.slug}/checkout/"
    data = checkout_data(batch)
    seen = client.get(url, data).context["page"].seen
    Batch.objects.update(minimum_rule="proceed")

    answer = client.post(url, data | {"seen": seen})

    assert answer.status_code == 422
    assert "A price or a rule changed" in answer.content.decode()
    assert not Order.objects.exists()
