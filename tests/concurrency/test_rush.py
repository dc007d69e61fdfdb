"""Buyers in 32 processes of their own rush to a real web server."""

import pytest

from campaigns.models import Allotment, Batch
from tests.concurrency.crowd import (
    assert_counts,
    buyers_of,
    oversold,
    rush,
    statuses,
    statuses_seen,
    units_sold,
)
from tests.concurrency.racing import BUYERS, assert_invariants
from tests.drafts import make_offer

pytestmark = pytest.mark.django_db(transaction=True)

LAST_UNITS = 20
RACES = 100
CONTROL_ROUNDS = 20


def test_the_last_units_go_to_as_many_buyers_as_there_are_units(server):
    batch = make_offer(capacity=LAST_UNITS)

    answers = rush(server, buyers_of(batch))

    assert statuses(answers) == {303: LAST_UNITS, 409: BUYERS - LAST_UNITS}
    assert statuses_seen(answers) == {303, 409}
    assert all("batch 1 has 0 left" in a.notice for a in answers if a.status == 409)
    assert (oversold(batch), units_sold(batch)) == (0, LAST_UNITS)
    assert_counts(batch, answers)


def test_control_a_counter_written_from_what_the_page_read_oversells(server_without):
    server = server_without("counter")

    for _round in range(CONTROL_ROUNDS):
        batch = make_offer(capacity=LAST_UNITS)
        rush(server, buyers_of(batch))
        if oversold(batch):
            with pytest.raises(SystemExit):
                assert_invariants()
            return
    pytest.fail("not oversold: then the guard would prove nothing")


@pytest.mark.long
def test_baskets_in_opposite_order_all_get_through_without_waiting_for_each_other(
    server,
):
    batch = make_offer(capacity=1000, variants=2)

    answers = rush(server, opposite_baskets(batch))

    assert statuses_seen(answers) == {303}
    assert statuses(answers) == {303: BUYERS}
    assert list(Allotment.objects.values_list("taken", flat=True)) == [BUYERS, BUYERS]
    assert_counts(batch, answers)


@pytest.mark.long
@pytest.mark.postgres
def test_control_rows_locked_in_any_order_deadlock(server_without):
    server = server_without("order")
    batch = make_offer(capacity=100_000, variants=2)

    for _round in range(CONTROL_ROUNDS):
        if 503 in statuses_seen(rush(server, opposite_baskets(batch))):
            return
    pytest.fail("no deadlock: then the sorting would prove nothing")


def opposite_baskets(batch):
    buyers = buyers_of(batch)
    for buyer in buyers[::2]:
        buyer["fields"] = dict(reversed(buyer["fields"].items()))
    return buyers


@pytest.mark.long
def test_a_hundred_races_sell_every_unit_once(server, measured):
    sold = []

    for _race in range(RACES):
        batch = make_offer(capacity=LAST_UNITS)
        answers = rush(server, buyers_of(batch))
        assert statuses(answers) == {303: LAST_UNITS, 409: BUYERS - LAST_UNITS}
        sold.append(units_sold(batch))

    measured("races", len(sold))
    measured("oversold", sum(units > LAST_UNITS for units in sold))
    measured("left over", sum(units < LAST_UNITS for units in sold))
    assert sold == [LAST_UNITS] * RACES
    assert set(Batch.objects.values_list("taken", flat=True)) == {LAST_UNITS}
    assert_invariants()
