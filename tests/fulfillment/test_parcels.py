"""What buyers read about their parcels, and what a courier's row may say."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone, translation

from campaigns.actors import SYSTEM
from campaigns.models import Batch
from fulfillment import dispatch
from fulfillment.models import Carrier, Shipment
from orders import history, order_timeline, standing
from orders.models import Order
from tests.fulfillment.goods import in_production, make_carrier, ship

pytestmark = pytest.mark.django_db


def page_of(order, language="en"):
    Order.objects.filter(pk=order.pk).update(locale=language)
    return Client().get(order.get_absolute_url()).content.decode()


def told(order):
    order = Order.objects.for_page().get(pk=order.pk)
    with translation.override("en"), timezone.override("Asia/Jakarta"):
        sentences = history.told_to_buyer(order.events.all())
        steps = [(step.title, step.state) for step in order_timeline.steps(order)]
        title, upcoming = standing.title(order), standing.upcoming(order)
    return title, upcoming.what, steps, [sentence.text for sentence in sentences]


@pytest.mark.once
def test_a_parcel_is_shown_with_courier_number_link_and_contents():
    _batch, [order] = in_production([2, 1])
    ship(order, "KK/001")

    page = page_of(order)

    assert "Your parcel" in page
    assert "Handed to Kurir Kita on" in page
    assert 'data-copy="KK/001"' in page
    assert 'href="https://example.com/track/KK%2F001"' in page
    for line in order.lines.all():
        assert line.label in page


@pytest.mark.once
def test_parcels_are_numbered_when_there_are_several():
    _batch, [order] = in_production([2])
    line = order.lines.get()
    ship(order, "KK 1", lines={line.pk: 1})
    ship(order, "KK 2")

    page = page_of(order)

    assert page.index("Parcel 1") < page.index("KK 1") < page.index("Parcel 2")
    assert page.index("Parcel 2") < page.index("KK 2")


@pytest.mark.once
def test_a_parcel_taken_back_is_not_shown():
    _batch, [order] = in_production([1])
    dispatch.undo(ship(order).pk, actor=SYSTEM)

    assert "Your parcel" not in page_of(order)


@pytest.mark.once
def test_an_order_without_parcels_has_no_such_section():
    _batch, [order] = in_production([1])

    assert "Your parcel" not in page_of(order)


@pytest.mark.once
def test_a_parcel_without_a_known_courier_has_no_link():
    _batch, [order] = in_production([1])
    dispatch.ship(order.pk, carrier=None, tracking_number="", actor=SYSTEM)

    page = page_of(order)

    assert f"Handed to {order.shipping_service} on" in page
    assert "Follow the parcel" not in page
    assert "data-copy" not in page


def test_the_page_costs_the_same_for_any_number_of_lines(django_assert_max_num_queries):
    _batch, [order] = in_production([2, 1])
    first, second = order.lines.all()
    ship(order, "KK 1", lines={first.pk: 1})
    ship(order, "KK 2", lines={first.pk: 1, second.pk: 1})

    with django_assert_max_num_queries(12):
        Client().get(order.get_absolute_url())


@pytest.mark.once
def test_the_road_in_production():
    _batch, [order] = in_production([2])

    title, _what, steps, sentences = told(order)

    assert title == "In production"
    assert steps[2:] == [
        ("Pre-order closes", "done"),
        ("Production", "now"),
        ("Shipping", "later"),
    ]
    assert len(sentences) == 2


@pytest.mark.once
def test_the_road_shipped_in_part_then_whole():
    _batch, [order] = in_production([2])
    ship(order, "KK 1", lines={order.lines.get().pk: 1})

    title, _what, steps, sentences = told(order)
    assert title == "Shipped in part"
    assert steps[3:] == [("Production", "done"), ("Shipping", "now")]
    assert sentences[0] == "A parcel was handed to the courier."

    ship(order, "KK 2")

    title, what, steps, sentences = told(order)
    assert title == "Shipped"
    assert what.startswith("Shipped on ")
    assert {state for _title, state in steps} == {"done"}
    assert sentences[0] == "Everything was shipped."


@pytest.mark.once
def test_what_was_taken_back_is_told_without_naming_anybody():
    _batch, [order] = in_production([1])
    dispatch.undo(ship(order).pk, actor=SYSTEM)

    title, _what, _steps, sentences = told(order)

    assert title == "Made, waiting to be shipped"
    assert sentences[:2] == [
        "The order waits to be shipped again.",
        "The seller took a parcel back; it was not sent.",
    ]


@pytest.mark.once
def test_a_canceled_batch_is_told_before_and_after_its_orders_follow():
    _batch, [order] = in_production([1])
    Batch.objects.get().cancel(actor=SYSTEM)

    title, what, _steps, _sentences = told(order)

    assert (title, what) == (
        "The batch was canceled",
        "Your order is being canceled",
    )


# --- couriers


def test_known_couriers_are_there_from_the_start():
    names = set(Carrier.objects.values_list("name", flat=True))

    assert {"JNE", "J&T", "SiCepat", "POS", "AnterAja"} <= names
    for carrier in Carrier.objects.all():
        carrier.full_clean()
        assert "A1%2FB" in carrier.page_of("A1/B")


@pytest.mark.once
@pytest.mark.parametrize(
    "url",
    ["https://example.com/", "javascript:alert({number})", "example.com/{number}"],
)
def test_a_tracking_page_is_a_web_address_with_a_place_for_the_number(url):
    with pytest.raises(ValidationError):
        Carrier(name="X", tracking_url=url).full_clean()


def test_the_database_refuses_what_no_parcel_can_be():
    _batch, [order] = in_production([1])
    carrier = make_carrier()
    Shipment.objects.create(order=order, carrier=carrier, tracking_number="1")

    for broken in (
        {"tracking_number": "1", "carrier": carrier},
        {"state": "lost"},
        {"state": "voided"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Shipment.objects.create(order=order, **broken)
