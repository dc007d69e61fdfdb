"""Stacked caps under thirty-two buyers, also while the seller moves them."""

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client
from django.urls import reverse

from campaigns import capacity, room
from campaigns.actors import SYSTEM
from campaigns.errors import CapacityBelowTaken
from campaigns.models import Allotment, Batch, BatchEvent
from orders.models import Order
from tests.concurrency.racing import assert_invariants, race
from tests.drafts import make_drafts, make_offer, order_once, place_order
from tests.forms import fields_of

pytestmark = pytest.mark.django_db(transaction=True)

# Enough to fill every cap below; each of the four is raced for anew.
BUYERS = 20
PRICE = 150_000
LEAST, MORE = 5, 9
# For each cap: how it stands in the batch or the allotment when it allows n units.
CAPS = {
    "batch": lambda n: ({"capacity": n}, {}),
    "orders": lambda n: ({"order_capacity": n}, {}),
    "money": lambda n: ({"goods_capacity": n * PRICE + PRICE - 1}, {}),
    "variant": lambda n: ({}, {"capacity": n}),
}
CHANGES = {
    "batch": lambda batch, n: batch.change_capacity(n, actor=SYSTEM),
    "orders": lambda batch, n: batch.change_order_capacity(n, actor=SYSTEM),
    "money": lambda batch, n: batch.change_goods_capacity(n * PRICE, actor=SYSTEM),
    "variant": lambda batch, n: batch.allotments.get().change_capacity(n, actor=SYSTEM),
}


def make_stacked(**units):
    """An offer whose caps allow these numbers of single units."""
    batch = make_offer()
    for name, n in units.items():
        of_batch, of_variant = CAPS[name](n)
        Batch.objects.filter(pk=batch.pk).update(**{"capacity": 100} | of_batch)
        Allotment.objects.filter(batch=batch).update(**{"capacity": None} | of_variant)
    return batch


def stacked(least):
    """All four caps at once, one of them the smallest."""
    batch = make_offer(order_capacity=MORE, goods_capacity=MORE * PRICE, capacity=MORE)
    Allotment.objects.update(capacity=MORE)
    of_batch, of_variant = CAPS[least](LEAST)
    Batch.objects.update(**of_batch or {"capacity": MORE})
    Allotment.objects.update(**of_variant or {"capacity": MORE})
    return batch


def buyers_of(batch, count=BUYERS):
    return [order_once(draft) for draft in make_drafts(batch, count)]


@pytest.mark.parametrize("least", CAPS)
def test_of_stacked_caps_exactly_the_smallest_is_sold(least):
    batch = stacked(least)
    shown = room.in_batch(Batch.objects.get()).left

    outcomes = race(buyers_of(batch))

    # One order could have had them all; here each order is of one unit.
    assert shown == (MORE if least == "orders" else LEAST)
    assert outcomes == {"ok": LEAST, "SoldOut": BUYERS - LEAST}
    assert room.in_batch(Batch.objects.get()).left == 0
    assert Batch.objects.get().taken == Order.objects.count() == LEAST
    assert_invariants()


@pytest.mark.parametrize("least", CAPS)
def test_control_without_the_conditions_only_the_constraint_stops_the_race(
    least, monkeypatch
):
    batch = stacked(least)

    def unguarded(*moves):
        for move in moves:
            for pk, units in sorted(move.units.items()):
                Allotment.objects.filter(pk=pk).update(taken=F("taken") + units)
            Batch.objects.filter(pk=move.batch_id).update(
                taken=F("taken") + sum(move.units.values()),
                orders_taken=F("orders_taken") + move.orders,
                goods_taken=F("goods_taken") + move.goods,
            )

    monkeypatch.setattr(capacity, "shift", unguarded)
    outcomes = race(buyers_of(batch))

    assert outcomes == {"ok": LEAST, "IntegrityError": BUYERS - LEAST}


@pytest.mark.parametrize("cap", CAPS)
def test_a_cap_lowered_while_buyers_order_holds_or_is_refused(cap):
    batch = make_stacked(**{cap: 2 * MORE})
    lowered = []

    def lower():
        CHANGES[cap](Batch.objects.get(pk=batch.pk), LEAST)
        lowered.append(cap)

    buyers = buyers_of(batch, BUYERS - 1)
    outcomes = race([*buyers[:10], lower, *buyers[10:]])

    sold = LEAST if lowered else 2 * MORE
    assert outcomes["CapacityBelowTaken"] == (0 if lowered else 1)
    assert outcomes["ok"] - len(lowered) == sold == Batch.objects.get().taken
    assert outcomes["SoldOut"] == BUYERS - 1 - sold
    assert BatchEvent.objects.count() == len(lowered)
    assert_invariants()


def test_control_a_cap_written_from_a_stale_page_meets_only_the_constraint():
    batch = make_stacked(batch=2 * MORE)
    stale = Batch.objects.get(pk=batch.pk)

    def save_stale():
        assert stale.taken <= LEAST
        stale.capacity = LEAST
        stale.save(update_fields=["capacity"])

    race(buyers_of(batch, MORE))
    outcomes = race([save_stale])

    assert outcomes == {"IntegrityError": 1}
    with pytest.raises(CapacityBelowTaken):
        stale.change_capacity(LEAST, actor=SYSTEM)


def test_control_a_stale_row_saved_whole_forgets_what_was_sold():
    batch = make_stacked(batch=2 * MORE)
    stale = Batch.objects.get(pk=batch.pk)
    race(buyers_of(batch, MORE))

    stale.capacity = LEAST
    stale.save()

    assert Batch.objects.get().taken == 0
    assert Order.objects.count() == MORE > LEAST
    with pytest.raises(SystemExit):
        assert_invariants()


@pytest.mark.parametrize("cap", CAPS)
def test_a_cap_raised_while_buyers_order_opens_exactly_the_difference(cap):
    batch = make_stacked(**{cap: LEAST})

    def raise_cap():
        CHANGES[cap](Batch.objects.get(pk=batch.pk), MORE)

    buyers = buyers_of(batch, BUYERS - 1)
    outcomes = race([*buyers[:10], raise_cap, *buyers[10:]])
    sold = outcomes["ok"] - 1
    # Of orders that are left each could have many units.
    left = MORE - sold if cap == "orders" else room.in_batch(Batch.objects.get()).left
    for _unit in range(left):
        place_order(batch)

    assert LEAST <= sold <= MORE
    assert sold + left == Batch.objects.get().taken == MORE
    assert room.in_batch(Batch.objects.get()).left == 0
    assert_invariants()


def test_the_sellers_form_and_buyers_at_once_never_go_below_what_is_sold():
    batch = make_stacked(batch=2 * MORE)
    Batch.objects.update(order_capacity=3 * MORE, goods_capacity=3 * MORE * PRICE)
    staff = Client(headers={"accept-language": "en"})
    staff.force_login(User.objects.create_superuser("admin"))
    url = reverse("admin:campaigns_batch_change", args=[batch.pk])
    lowest = {
        "capacity": LEAST,
        "order_capacity": LEAST,
        "goods_capacity": LEAST * PRICE,
        "allotments-0-capacity": LEAST,
    }
    entered = fields_of(staff.get(url)) | lowest
    answers = []

    buyers = buyers_of(batch, BUYERS - 1)
    sends = [lambda: answers.append(staff.post(url, entered).status_code)]
    outcomes = race([*buyers[:5], *sends, *buyers[5:]])

    row, events = Batch.objects.get(), BatchEvent.objects.count()
    is_lowered = row.capacity == LEAST
    assert answers in ([302], [200])
    assert events == (4 if is_lowered else 0)
    assert row.taken == (LEAST if is_lowered else 2 * MORE)
    assert outcomes["ok"] == row.taken + 1
    assert set(outcomes) <= {"ok", "SoldOut"}
    assert (row.order_capacity == LEAST) is is_lowered
    assert (batch.allotments.get().capacity == LEAST) is is_lowered
    assert_invariants()
