"""The road of an order: done, now, later, late, and a date that moved."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone, translation

from campaigns.models import Batch
from orders import order_timeline
from orders.models import Order
from tests.announced import UNKNOWN, announce
from tests.factories import make_confirmed_order, make_order, make_shop

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def told(order):
    order = Order.objects.for_page().get(pk=order.pk)
    with translation.override("en"), timezone.override("Asia/Jakarta"):
        return order_timeline.steps(order)


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
    assert [each.window for each in shipping.earlier] == ["4–8 January 2027"]
    assert shipping.reasons == []


def test_a_window_that_was_kept_has_nothing_struck():
    assert told(make_confirmed_order())[-1].earlier == ()


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


# Dates that moved


JANUARY = (date(2028, 1, 28), date(2028, 2, 3))
LEAP_DAY = (date(2028, 2, 29), date(2028, 2, 29))
NEW_YEAR = (date(2028, 12, 30), date(2029, 1, 2))


def make_promised_order(window=JANUARY, **overrides):
    batch = make_shop(ships_from=window[0], ships_until=window[1])
    return make_confirmed_order(batch=batch, **overrides)


def test_each_window_that_stood_is_struck_in_order_with_what_moved_it():
    order = make_promised_order()
    announce(order.batch, LEAP_DAY, reason="Rain.", at=timezone.now())
    announce(order.batch, NEW_YEAR, reason="<b>No</b> thread.", at=timezone.now())

    shipping = told(order)[-1]

    assert shipping.when_html == "30 December 2028 – 2 January 2029 (estimated)"
    assert [(each.window, each.reason) for each in shipping.reasons] == [
        ("28 January – 3 February 2028", "Rain."),
        ("29 February 2028", "<b>No</b> thread."),
    ]


def test_a_window_that_is_not_known_is_not_called_an_estimate():
    order = make_promised_order()
    announce(order.batch, UNKNOWN)
    unknown = told(order)[-1]
    announce(order.batch, NEW_YEAR)
    known = told(order)[-1]

    assert (unknown.when_html, unknown.due) == ("not known yet", None)
    assert [each.window for each in known.earlier] == [
        "28 January – 3 February 2028",
        "not known yet",
    ]


def test_what_moved_before_the_order_was_never_promised_to_it():
    batch = make_shop(ships_from=JANUARY[0], ships_until=JANUARY[1])
    announce(batch, LEAP_DAY, at=timezone.now() - timedelta(days=1))
    order = make_confirmed_order(batch=batch)

    assert told(order)[-1].earlier == ()
    announce(batch, NEW_YEAR)
    assert [each.window for each in told(order)[-1].earlier] == ["29 February 2028"]


def test_the_page_tells_first_promise_last_word_and_window_of_today(client):
    order = make_promised_order(locale="id")
    announce(order.batch, LEAP_DAY)
    Order.objects.update(schedule_version=2)
    announce(order.batch, NEW_YEAR, reason="Hujan;\n<script>x</script>\u202eabc")

    html = client.get(f"/o/{order.token}/").content.decode()
    rows = re.findall(r'<span class="strong num">([^<]+)</span>', html)

    assert rows[-3:] == [
        "28 Januari – 3 Februari 2028",
        "29 Februari 2028",
        "30 Desember 2028 – 2 Januari 2029",
    ]
    assert html.count("<del>28 Januari – 3 Februari 2028</del>") == 2
    assert "Hujan;<br>&lt;script&gt;" in html
    assert '<p class="text" lang="id"><bdi>' in html


def test_a_window_that_moved_costs_two_queries(client, django_assert_num_queries):
    order = make_promised_order()
    with django_assert_num_queries(7):
        client.get(f"/o/{order.token}/")
    announce(order.batch, LEAP_DAY)
    announce(order.batch, NEW_YEAR)

    with django_assert_num_queries(9):
        client.get(f"/o/{order.token}/")
