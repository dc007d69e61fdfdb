"""What unpaid orders hold is told on the campaign's page, and never as sold."""

from dataclasses import dataclass

import pytest
from django.db import connection
from django.utils import translation

from campaigns import room
from campaigns.caps import Cap
from campaigns.models import Allotment, Batch
from campaigns.offer import Offer
from orders.holds import held
from orders.holds.held import Held
from orders.models import OrderLine
from orders.templatetags import held as tags
from orders.waitlist import places, public_sale
from tests.drafts import end_hold, make_offer, place_order, place_paid
from tests.factories import make_batch
from tests.waiting import full_batch, wait

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def page_of(client, batch):
    answer = client.get(f"/en/c/{batch.campaign.slug}/")
    return " ".join(answer.content.decode().replace("\xa0", " ").split())


def first_of(batch):
    return batch.allotments.order_by("pk").first()


def test_pending_orders_hold_and_paid_ones_do_not(django_assert_num_queries):
    batch = make_offer(variants=2)
    place_order(batch, units=[2, 1])
    place_order(batch, units=[1])
    place_paid(batch, units=[3])
    end_hold(place_order(batch, units=[1]))
    one, two = batch.allotments.order_by("pk").values_list("variant", flat=True)

    with django_assert_num_queries(1):
        units = OrderLine.objects.held_by_variant([batch])

    assert units == {(batch.pk, one): 3, (batch.pk, two): 1}
    assert Held(units).in_batch(batch) == 4


def test_without_batches_nothing_is_asked(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert OrderLine.objects.held_by_variant([]) == {}


@pytest.mark.parametrize(
    ("batch_columns", "variant_columns", "returning"),
    [
        ({"capacity": 3}, {}, 2),
        ({}, {"capacity": 3}, 2),
        ({"order_capacity": 2}, {}, 2),
        ({"goods_capacity": 450_000}, {}, 2),
        ({}, {"sale": "stopped"}, 0),
        ({}, {"sale": "waitlist"}, 0),
    ],
)
def test_only_what_would_be_on_sale_again_returns(
    batch_columns, variant_columns, returning
):
    batch = make_offer()
    place_order(batch, units=[2])
    place_paid(batch)
    Batch.objects.update(**batch_columns)
    Allotment.objects.update(**variant_columns)
    batch.refresh_from_db()

    held, found = Held.of([batch]), room.in_batch(batch)

    assert found.left == 0
    assert held.returning(batch, found) == returning
    assert held.returning_of(first_of(batch).variant_id, batch, found) == returning


def cap_of_first(batch):
    found = room.in_batch(Batch.objects.get(pk=batch.pk))
    return found.cap_of(first_of(batch).variant_id)


def test_three_words_for_a_batch():
    batch = make_offer(capacity=4)
    order = place_order(batch, units=[2])
    said = [words_of(batch)]

    last = place_paid(batch, units=[2])
    said.append(words_of(batch))
    type(order).objects.filter(pk=order.pk).update(status="confirmed")
    said.append(words_of(batch))

    assert last.units == 2
    assert said == ["2 left", "all taken, 2 unpaid and may come back", "sold out"]


@pytest.mark.parametrize(
    ("caps", "held", "listed", "gone"),
    [
        (
            {"order_capacity": 2},
            "takes no more orders, 2 unpaid and may come back",
            "takes no more orders, what comes free is offered to the waiting list"
            " first",
            "takes no more orders",
        ),
        (
            {"goods_capacity": 450_000},
            "limit in value reached, 2 unpaid and may come back",
            "limit in value reached, what comes free is offered to the waiting list"
            " first",
            "limit in value reached",
        ),
    ],
)
def test_units_that_are_left_are_never_called_taken(caps, held, listed, gone):
    batch = make_offer(capacity=50, **caps)
    order = place_order(batch, units=[2])
    place_paid(batch)
    said = [words_of(batch)]

    entry = wait(batch)
    said.append(words_of(batch))
    assert cap_of_first(batch) in (Cap.ORDERS, Cap.MONEY)
    places.depart(entry.pk)
    public_sale.divide(batch.pk)
    type(order).objects.filter(pk=order.pk).update(status="confirmed")
    said.append(words_of(batch))

    assert said == [held, listed, gone]


@pytest.mark.parametrize(
    ("caps", "title", "why"),
    [
        (
            {"order_capacity": 1},
            "This batch takes no more orders",
            "Units are left, but it takes a limited number of orders.",
        ),
        (
            {"goods_capacity": 400_000},
            "This batch has reached its limit in value of goods",
            "Units are left, but no order fits the value it still takes.",
        ),
    ],
)
def test_a_full_batch_with_units_left_says_what_it_has_reached(
    client, caps, title, why
):
    batch = make_offer(capacity=50, **caps)
    place_order(batch, units=[2])

    html = page_of(client, batch)
    home = " ".join(client.get("/en/").content.decode().split())

    assert title in html
    assert f"{why} 2 units are unpaid and may come back" in html
    assert "<dt>Left</dt><dd>0</dd>" in html
    assert "Every place is taken" not in html
    assert "0 of 50 left" not in home


def test_a_variant_only_a_later_batch_has_says_what_is_held_before(client):
    batch = make_offer(variants=3)
    own, sold, _free = batch.allotments.order_by("pk")
    make_batch(campaign=batch.campaign)
    Allotment.objects.filter(pk=own.pk).update(capacity=3)
    Allotment.objects.filter(pk=sold.pk).update(capacity=2, taken=2)
    place_order(batch, units=[2])
    place_paid(batch)

    html = page_of(client, batch)

    [variant] = [v for v in batch.campaign.variants.all() if v.pk == own.variant_id]
    assert html.count("<small>batch 2 only</small>") == 2
    assert f"Batch 1 · {variant.label}: 2 held, may return</p>" in html


def test_what_a_list_is_asked_for_first_is_not_said_to_return(client):
    batch = make_offer(variants=2)
    own, _free = batch.allotments.order_by("pk")
    make_batch(campaign=batch.campaign)
    Allotment.objects.filter(pk=own.pk).update(capacity=2)
    place_order(batch, units=[2])
    wait(batch)

    html = page_of(client, batch)

    assert "<small>batch 2 only</small>" in html
    assert "may return" not in html


def words_of(batch):
    batch = Batch.objects.get(pk=batch.pk)
    with translation.override("en"):
        return tags.room_in_words(Held.of([batch]), batch, room.in_batch(batch))


def test_the_page_says_what_waits_for_payment(client):
    batch = make_offer(capacity=10)
    quiet = page_of(client, batch)
    place_order(batch, units=[3])

    html = page_of(client, batch)

    assert "waiting for payment" not in quiet
    assert "3 waiting for payment, may come back" in html
    assert "<dt>Left</dt><dd>7</dd>" in html


def test_a_tile_tells_held_from_sold_out(client):
    batch = make_offer(variants=3)
    held, sold, _free = batch.allotments.order_by("pk")
    Allotment.objects.filter(pk__in=[held.pk, sold.pk]).update(capacity=2)
    place_order(batch, units=[2])
    Allotment.objects.filter(pk=sold.pk).update(taken=2)

    notes = {
        choice.variant.pk: tags.note(choice, Held.of([batch]))
        for choice in Offer.load(batch.campaign.slug).choices
    }

    assert notes[held.variant_id] == "2 held, may return"
    assert notes[sold.variant_id] == "sold out"
    assert "2 held, may return" in page_of(client, batch)


def test_a_full_batch_says_whether_places_may_come_back(client):
    batch = make_offer(capacity=2)
    order = place_order(batch, units=[2])

    held = page_of(client, batch)
    type(order).objects.update(status="confirmed")
    sold = page_of(client, batch)

    assert "2 of them are unpaid and may come back" in held
    assert "Sold out: no place is waiting for a payment." in sold


def test_the_table_of_batches_says_why_nothing_is_left(client):
    batch = make_offer(capacity=2)
    Batch.objects.create(
        campaign=batch.campaign,
        number=2,
        stage="open",
        opens_at=batch.opens_at,
        closes_at=batch.closes_at,
        capacity=5,
    ).complete_allotments()
    place_order(batch, units=[2])

    html = page_of(client, batch)

    assert "0 of 2" in html
    assert "all taken, 2 unpaid and may come back" in html
    assert "5 of 5" in html


def test_a_cap_that_no_count_shows_is_said(client):
    batch = make_offer(capacity=50, goods_capacity=450_000)

    html = page_of(client, batch)

    assert "<dt>Left</dt><dd>3</dd>" in html
    assert "This batch takes orders up to a limited value of goods." in html


@dataclass
class StandingClock:
    """Time goes on only where a test says so."""

    now: float = 100.0

    def monotonic(self):
        return self.now

    def goes_on(self, seconds):
        self.now = round(self.now + seconds, 6)


@pytest.fixture
def clock(monkeypatch):
    standing = StandingClock()
    monkeypatch.setattr(held, "time", standing)
    monkeypatch.setattr(held, "MANY_UNITS", 3)
    monkeypatch.setattr(held, "_kept", held._Kept())
    return standing


def test_very_many_held_units_are_counted_once_a_second(clock):
    batch = make_offer()
    counts = []
    for wait_before, units in ((0, 2), (0, 1), (0.9, 1), (0.1, 1), (0, 1)):
        clock.goes_on(wait_before)
        place_order(batch, units=[units])
        counts.append(Held.of([batch]).in_batch(batch))

    assert counts == [2, 3, 3, 5, 5]


def test_a_count_that_took_long_is_kept_fifty_times_as_long(
    clock, django_assert_num_queries
):
    batch = make_offer()
    place_order(batch, units=[3])

    def slowly(execute, *statement):
        clock.goes_on(0.3)
        return execute(*statement)

    with connection.execute_wrapper(slowly):
        Held.of([batch])
    with django_assert_num_queries(0):
        clock.goes_on(14.9)
        Held.of([batch])
    with django_assert_num_queries(1):
        clock.goes_on(0.1)
        Held.of([batch])


def test_a_full_batch_with_a_list_says_who_is_asked_first(client):
    batch, [_held, paid] = full_batch()
    type(paid).objects.filter(pk=paid.pk).update(status="confirmed")
    wait(batch)

    html = page_of(client, batch)

    assert "1 waiting for payment, may come back" in html
    assert "What comes free is offered to the waiting list first." in html
    assert "no place is waiting for a payment" not in html
    assert words_of(batch) == (
        "all taken, what comes free is offered to the waiting list first"
    )


def test_what_is_stopped_is_kept_for_nobody(client):
    batch, _orders = full_batch()
    Allotment.objects.update(sale="stopped")

    assert words_of(batch) == "sold out"
