"""What is left is the least of all caps, and exactly what an order can have."""

from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import room
from campaigns.caps import UNLIMITED, Cap
from campaigns.errors import Shortage, SoldOut
from campaigns.models import Allotment, Batch, Campaign, Variant
from payments.checkout.placing import place
from tests.drafts import make_draft, make_offer, new_key
from tests.factories import make_batch, make_variant

pytestmark = pytest.mark.django_db

Sale = Allotment.Sale
SMALL = st.integers(1, 9)


def allotments_of(batch):
    return list(Allotment.objects.of([batch]).order_by("pk"))


def fresh(batch):
    return Batch.objects.select_related("campaign").get(pk=batch.pk)


def left_of_first(batch):
    return room.of_variant(allotments_of(batch)[0], fresh(batch))


@pytest.mark.parametrize(
    ("caps", "variant", "left", "cap"),
    [
        ({}, {}, 10, Cap.BATCH),
        ({"taken": 10}, {}, 0, Cap.BATCH),
        ({}, {"capacity": 4, "taken": 1}, 3, Cap.VARIANT),
        ({}, {"capacity": 40}, 10, Cap.BATCH),
        ({"order_capacity": 3, "orders_taken": 2}, {}, 10, Cap.BATCH),
        ({"order_capacity": 3, "orders_taken": 3}, {}, 0, Cap.ORDERS),
        ({"goods_capacity": 599_999, "goods_taken": 150_000}, {}, 2, Cap.MONEY),
        ({"goods_capacity": 600_000, "goods_taken": 150_000}, {}, 3, Cap.MONEY),
        ({"goods_capacity": 149_999}, {}, 0, Cap.MONEY),
        ({"goods_capacity": 450_000, "taken": 8}, {"capacity": 9}, 2, Cap.BATCH),
        ({}, {"sale": Sale.STOPPED}, 0, Cap.SALE),
        ({}, {"sale": Sale.WAITLIST}, 0, Cap.SALE),
    ],
)
def test_the_least_of_the_caps_is_left(caps, variant, left, cap):
    batch = make_offer(**caps)
    Allotment.objects.update(**variant)

    assert left_of_first(batch) == room.Left(left, cap)
    assert room.in_batch(batch).batch == room.Left(left, cap)


@pytest.mark.parametrize(
    ("caps", "sale", "cap"),
    [
        ({"order_capacity": 1, "orders_taken": 1}, Sale.OPEN, Cap.ORDERS),
        ({"order_capacity": 1, "orders_taken": 1}, Sale.WAITLIST, Cap.ORDERS),
        ({"goods_capacity": 5}, Sale.WAITLIST, Cap.MONEY),
        ({"taken": 10}, Sale.WAITLIST, Cap.BATCH),
        ({}, Sale.WAITLIST, Cap.SALE),
        ({"order_capacity": 1, "orders_taken": 1}, Sale.STOPPED, Cap.SALE),
    ],
)
def test_the_cap_behind_a_waiting_list_is_known(caps, sale, cap):
    batch = make_offer(**caps)
    Allotment.objects.update(sale=sale)

    assert room.in_batch(batch).cap == cap


def test_a_variant_given_away_costs_the_cap_in_money_nothing():
    batch = make_offer(goods_capacity=1, capacity=4)
    Variant.objects.update(price=0)

    assert left_of_first(batch) == room.Left(4, Cap.BATCH)


def test_a_batch_has_no_more_than_its_variants_have():
    batch = make_offer(variants=3)
    first, second, third = allotments_of(batch)
    Allotment.objects.filter(pk=first.pk).update(capacity=2)
    Allotment.objects.filter(pk=second.pk).update(capacity=3, taken=2)
    Allotment.objects.filter(pk=third.pk).update(sale=Sale.WAITLIST)

    found = room.in_batch(batch)

    assert found.batch == room.Left(3, Cap.VARIANT)
    assert [found.units_of(a.variant_id) for a in (first, second, third)] == [2, 1, 0]


def test_the_money_left_counts_in_units_of_the_cheapest_that_is_to_be_had():
    batch = make_offer(variants=3, goods_capacity=400_000, capacity=50)
    cheap, middle, _dear = allotments_of(batch)
    Variant.objects.filter(pk=cheap.variant_id).update(price=10_000)
    Variant.objects.filter(pk=middle.variant_id).update(price=100_000)
    Allotment.objects.filter(pk=cheap.pk).update(capacity=5, taken=5)

    assert room.in_batch(batch).batch == room.Left(4, Cap.MONEY)


def test_inactive_variants_have_no_room():
    batch = make_offer()
    Variant.objects.update(active=False)

    assert left_of_first(batch) == room.Left(0, Cap.SALE)
    assert room.in_batch(batch) == room.Room(
        room.NOT_SOLD, {}, frozenset(), room.NOT_SOLD
    )


def test_cents_are_exact():
    batch = make_offer(goods_capacity=100, capacity=50)
    Campaign.objects.update(currency="USD")
    Variant.objects.update(price=Decimal("0.10"))

    assert left_of_first(batch) == room.Left(10, Cap.MONEY)


CAPS = [
    {},
    {"taken": 10},
    {"order_capacity": 1, "orders_taken": 1},
    {"goods_capacity": 310_000},
    {"goods_capacity": 5},
]


@pytest.mark.parametrize("caps", CAPS)
@pytest.mark.parametrize(
    "variants",
    [{}, {"capacity": 2, "taken": 1}, {"capacity": 1, "taken": 1}, {"sale": "stopped"}],
)
def test_a_list_says_what_the_page_says(caps, variants):
    batch = make_offer(variants=2, **caps)
    Allotment.objects.update(**variants)

    listed = room.counted(Batch.objects.all()).get()

    assert room.left_in_list(listed, "IDR") == room.in_batch(batch).left


def test_a_batch_without_variants_has_no_room_anywhere():
    batch = make_batch()

    listed = room.counted(Batch.objects.all()).get()

    assert room.left_in_list(listed, "IDR") == room.in_batch(batch).left == 0


def test_rooms_of_many_batches_take_one_query(django_assert_num_queries):
    campaign = make_variant().campaign
    batches = [make_batch(campaign=campaign) for _ in range(3)]

    with django_assert_num_queries(1):
        rooms = room.in_batches(batches)

    assert [rooms[batch.pk].left for batch in batches] == [10, 10, 10]


# --- baskets


def test_a_basket_beyond_the_cap_in_money_names_the_batch_and_what_fits():
    batch = make_offer(variants=2, goods_capacity=500_000)
    first, second = allotments_of(batch)

    wanted = {first: 2, second: 2}

    assert room.shortages(fresh(batch), wanted) == [
        Shortage(None, wanted=4, left=3, cap=Cap.MONEY)
    ]
    assert room.largest_part(fresh(batch), wanted) == {first: 2, second: 1}


def test_the_largest_part_takes_the_cheap_ones_first():
    batch = make_offer(variants=2, goods_capacity=230_000)
    dear, cheap = allotments_of(batch)
    Variant.objects.filter(pk=cheap.variant_id).update(price=20_000)
    dear, cheap = allotments_of(batch)

    part = room.largest_part(fresh(batch), {dear: 2, cheap: 4})

    assert part == {cheap: 4, dear: 1}
    assert room.most(fresh(batch), [dear, cheap]) == 10


@given(
    quantities=st.tuples(SMALL, SMALL),
    capacity=SMALL,
    order_capacity=st.none() | st.integers(0, 1),
    goods_capacity=st.none() | st.integers(0, 900),
    prices=st.tuples(st.integers(0, 200), st.integers(0, 200)),
    own=st.none() | SMALL,
)
@settings(max_examples=25, deadline=None)
def test_a_basket_is_accepted_exactly_when_nothing_is_short(
    quantities, capacity, order_capacity, goods_capacity, prices, own
):
    with transaction.atomic():
        batch = make_offer(
            variants=2,
            capacity=capacity,
            order_capacity=order_capacity,
            goods_capacity=goods_capacity,
        )
        _reprice(batch, prices)
        batch.allotments.update(capacity=own)
        wanted = dict(zip(allotments_of(batch), quantities, strict=True))
        short = room.shortages(fresh(batch), wanted)
        part = room.largest_part(fresh(batch), wanted)

        assert accepts(batch, list(quantities)) is not bool(short)
        if short and part:
            units = [part.get(allotment, 0) for allotment in wanted]
            assert sum(units) < sum(quantities)
            assert accepts(batch, units)
        transaction.set_rollback(True)


@given(
    capacity=st.tuples(SMALL, SMALL),
    own=st.none() | st.tuples(SMALL, SMALL),
    orders=st.none() | st.tuples(SMALL, SMALL),
    goods=st.none() | st.tuples(st.integers(0, 900), st.integers(0, 900)),
    price=st.integers(0, 300),
    currency=st.sampled_from(["IDR", "USD"]),
)
@settings(max_examples=60, deadline=None)
def test_the_number_shown_is_the_largest_quantity_that_is_accepted(
    capacity, own, orders, goods, price, currency
):
    with transaction.atomic():
        batch = make_offer()
        Campaign.objects.filter(pk=batch.campaign_id).update(currency=currency)
        places = 2 if currency == "USD" else 0
        _reprice(batch, [Decimal(price).scaleb(-places)])
        _set(batch, "", capacity)
        _set(batch, "order", orders)
        _set(batch, "goods", goods)
        batch.allotments.update(**_columns("", own))

        shown = left_of_first(batch).units

        assert 0 <= shown < UNLIMITED
        assert not accepts(batch, [shown + 1])
        assert shown == 0 or accepts(batch, [shown])
        transaction.set_rollback(True)


def accepts(batch, units):
    """Whether an order of these units is placed; it is taken back at once."""
    lines = [n for n in units if n]
    draft = make_draft(batch, units=units)
    kept = tuple(line for line in draft.lines if line.quantity)
    assert len(kept) == len(lines)
    draft = type(draft)(**vars(draft) | {"lines": kept})
    try:
        with transaction.atomic():
            place(draft, gateway="sandbox", submit_key=new_key())
            transaction.set_rollback(True)
    except SoldOut:
        return False
    return True


def _reprice(batch, prices):
    variants = batch.campaign.variants.order_by("pk")
    for variant, price in zip(variants, prices, strict=True):
        Variant.objects.filter(pk=variant.pk).update(price=price)


def _columns(kind, pair):
    """A cap with its counter: the smaller number is taken, the larger one allowed."""
    cap, counter = {
        "": ("capacity", "taken"),
        "order": ("order_capacity", "orders_taken"),
        "goods": ("goods_capacity", "goods_taken"),
    }[kind]
    return {} if pair is None else {cap: max(pair), counter: min(pair)}


def _set(batch, kind, pair):
    Batch.objects.filter(pk=batch.pk).update(**_columns(kind, pair))
