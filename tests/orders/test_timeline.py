"""The road of an order: done, now, later, late, and a date that moved."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from campaigns.models import Batch
from orders import timeline
from orders.models import Order
from tests.factories import make_confirmed_order, make_order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def told(order):
    order = Order.objects.for_page().get(pk=order.pk)
    with translation.override("en"), timezone.override("Asia/Jakarta"):
        return timeline.steps(order)


def states(order):
    return [(step.title, step.state) for step in told(order)]


def test_an_unpaid_order_waits_for_its_payment():
    order = make_order()

    assert states(order) == [
        ("Order placed", "done"),
        ("Pay before", "now"),
        ("Pre-order closes", "later"),
        ("Production", "later"),
        ("Shipping", "later"),
    ]


def test_a_paid_order_waits_for_the_batch_to_close():
    order = make_confirmed_order()

    assert states(order)[1:3] == [("Paid", "done"), ("Pre-order closes", "now")]


def test_production_is_late_after_its_last_day():
    order = make_confirmed_order()
    yesterday = timezone.now().date() - timedelta(days=2)
    Batch.objects.update(
        stage=Batch.Stage.PRODUCTION,
        production_starts_on=yesterday,
        production_ends_on=yesterday,
    )

    assert states(order)[3:] == [("Production", "late"), ("Shipping", "later")]


def test_a_window_that_moved_shows_the_one_first_promised():
    order = make_confirmed_order(
        promised_from="2027-01-04", promised_until="2027-01-08"
    )
    Batch.objects.update(ships_from="2027-02-01", ships_until="2027-02-05")

    shipping = told(order)[-1]

    assert shipping.when_html == "1–5 February 2027 (estimated)"
    assert shipping.was == "4–8 January 2027"


def test_a_window_that_was_kept_has_nothing_struck():
    assert told(make_confirmed_order())[-1].was == ""


def test_a_shipped_order_is_done():
    order = make_confirmed_order()
    Batch.objects.update(stage=Batch.Stage.SHIPPING)
    Order.objects.update(status=Order.Status.FULFILLED, fulfilled_at=timezone.now())

    assert {state for _title, state in states(order)} == {"done"}
    assert told(order)[-1].title == "Shipped"


@pytest.mark.parametrize(
    ("status", "title"),
    [("expired", "Time to pay ran out"), ("canceled", "Canceled")],
)
def test_an_order_that_ended_has_no_road_ahead(status, title):
    order = make_order(status=status, **{f"{status}_at": timezone.now()})

    assert states(order) == [("Order placed", "done"), (title, "done")]
