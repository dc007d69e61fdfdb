"""Thirty-two buyers at once. Each race has a control that fails with the guard off."""

import pytest

from campaigns import capacity
from campaigns.errors import Refused
from campaigns.models import Allotment, Batch
from orders import tallies
from orders.models import BuyerTally, Message, Order
from payments.models import Payment
from tests.concurrency.racing import BUYERS, assert_invariants, race
from tests.drafts import make_draft, make_drafts, make_offer, new_key, order_once

pytestmark = pytest.mark.django_db(transaction=True)

LAST_UNITS = 5
DEADLOCK_ROUNDS = 40


def test_the_last_units_go_to_as_many_buyers_as_there_are_units():
    batch = make_offer(capacity=LAST_UNITS)

    outcomes = race([order_once(draft) for draft in make_drafts(batch, BUYERS)])

    assert outcomes == {"ok": LAST_UNITS, "SoldOut": BUYERS - LAST_UNITS}
    assert Order.objects.count() == LAST_UNITS
    assert Message.objects.count() == LAST_UNITS
    assert Batch.objects.get().taken == LAST_UNITS
    assert_invariants()


def test_control_a_counter_read_before_it_is_written_oversells(monkeypatch):
    batch = make_offer(capacity=LAST_UNITS)
    drafts = make_drafts(batch, BUYERS)

    def naive_shift(move):
        # Every buyer read this counter when the page was drawn.
        seen = drafts[0].batch.taken
        units = sum(move.units.values())
        if seen + units > batch.capacity:
            raise Refused
        Batch.objects.filter(pk=move.batch_id).update(taken=seen + units)

    monkeypatch.setattr(capacity, "shift", naive_shift)
    outcomes = race([order_once(draft) for draft in drafts])

    assert outcomes == {"ok": BUYERS}
    assert Order.objects.count() == BUYERS > batch.capacity
    with pytest.raises(SystemExit):
        assert_invariants()


def test_an_allotment_is_a_cap_of_its_own():
    batch = make_offer(capacity=100)
    Allotment.objects.update(capacity=LAST_UNITS)

    outcomes = race([order_once(draft) for draft in make_drafts(batch, BUYERS)])

    assert outcomes == {"ok": LAST_UNITS, "SoldOut": BUYERS - LAST_UNITS}
    assert Allotment.objects.get().taken == LAST_UNITS
    assert_invariants()


def test_one_submit_key_sent_twenty_times_is_one_order():
    batch = make_offer(capacity=100)
    key = new_key()

    outcomes = race([order_once(draft, key) for draft in make_drafts(batch, 20)])

    assert outcomes == {"ok": 20}
    assert Order.objects.count() == 1
    assert Payment.objects.count() == 1
    assert Message.objects.count() == 1
    assert Batch.objects.get().taken == 1
    assert_invariants()


def test_control_without_a_shared_key_the_same_clicks_are_twenty_orders():
    batch = make_offer(capacity=100)

    race([order_once(draft) for draft in make_drafts(batch, 20)])

    assert Order.objects.count() == 20


def test_parallel_orders_of_one_buyer_stay_within_the_limit():
    batch = make_offer(capacity=100)
    type(batch.campaign).objects.update(buyer_limit=3)
    one_buyer = {"email": "ani@example.com", "phone": "+6281234567890"}

    outcomes = race(
        [order_once(draft) for draft in make_drafts(batch, BUYERS, **one_buyer)]
    )

    assert outcomes == {"ok": 3, "BuyerLimitReached": BUYERS - 3}
    assert list(BuyerTally.objects.values_list("units", flat=True)) == [3, 3]
    assert Batch.objects.get().taken == 3
    assert_invariants()


def test_control_without_the_condition_one_buyer_takes_all(monkeypatch):
    batch = make_offer(capacity=100)
    type(batch.campaign).objects.update(buyer_limit=3)
    one_buyer = {"email": "ani@example.com", "phone": "+6281234567890"}
    monkeypatch.setattr(tallies, "WITHIN_LIMIT", " WHERE %s IS NOT NULL")

    outcomes = race(
        [order_once(draft) for draft in make_drafts(batch, BUYERS, **one_buyer)]
    )

    assert outcomes == {"ok": BUYERS}


def test_lines_in_opposite_order_never_deadlock():
    batch = make_offer(capacity=1000, variants=2)

    outcomes = race(opposite_orders(batch))

    assert outcomes == {"ok": BUYERS}
    assert Batch.objects.get().taken == 2 * BUYERS
    assert_invariants()


@pytest.mark.postgres
def test_control_rows_locked_in_the_order_of_the_cart_deadlock(monkeypatch):
    batch = make_offer(capacity=100_000, variants=2)
    monkeypatch.setattr(capacity, "sorted", lambda rows, **_: list(rows), raising=False)

    for _round in range(DEADLOCK_ROUNDS):
        if race(opposite_orders(batch))["OperationalError"]:
            return
    pytest.fail("no deadlock: then the sorting would prove nothing")


def opposite_orders(batch):
    return [
        order_once(make_draft(batch, units=[1, 1], backwards=bool(n % 2)))
        for n in range(BUYERS)
    ]
