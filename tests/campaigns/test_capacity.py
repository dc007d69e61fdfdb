"""Every unit is claimed, returned or moved by `shift`, or nothing changes."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from campaigns import capacity, room
from campaigns.actors import SYSTEM
from campaigns.capacity import Gate, Move
from campaigns.caps import Cap
from campaigns.errors import (
    BatchClosed,
    CapacityBelowTaken,
    Refused,
    Shortage,
    SoldOut,
    WindowChanged,
)
from campaigns.models import Allotment, Batch, BatchEvent, Variant
from tests.factories import make_batch, make_variant

pytestmark = pytest.mark.django_db

NEW_ORDER = Gate.new_order(1)


def make_room(*, variants=1, **overrides):
    """An open batch of ten units with this many variants."""
    batch = make_batch(**overrides)
    for _n in range(variants):
        make_variant(campaign=batch.campaign)
    batch.complete_allotments()
    return batch


def move_of(batch, *units, gate=NEW_ORDER, orders=1, goods=0):
    allotments = batch.allotments.order_by("pk").values_list("pk", flat=True)
    units = dict(zip(allotments, units, strict=False))
    return Move(batch_id=batch.pk, units=units, orders=orders, goods=goods, gate=gate)


def counters():
    batches = Batch.objects.order_by("pk")
    allotments = Allotment.objects.order_by("pk")
    return [
        list(batches.values_list("taken", "orders_taken", "goods_taken")),
        list(allotments.values_list("taken", flat=True)),
    ]


def assert_refused(*moves):
    before = counters()
    with pytest.raises(Refused), transaction.atomic():
        capacity.shift(*moves)
    assert counters() == before


def refusal_of(move, schedule_version=1):
    assert_refused(move)
    return capacity.explain(move, schedule_version=schedule_version)


def test_a_claim_counts_units_orders_and_goods():
    batch = make_room(variants=2)

    capacity.shift(move_of(batch, 2, 1, goods=555_000))

    assert counters() == [[(3, 1, 555_000)], [2, 1]]


def test_a_claim_may_take_the_last_unit():
    batch = make_room(capacity=3)

    capacity.shift(move_of(batch, 3))

    assert room.in_batch(Batch.objects.get()).left == 0


def test_a_release_gives_back_exactly_what_was_claimed():
    batch = make_room(variants=2)
    move = move_of(batch, 2, 1, goods=555_000)
    capacity.shift(move)

    capacity.shift(move.reversed())

    assert counters() == [[(0, 0, 0)], [0, 0]]


@pytest.mark.parametrize("stage", [s for s in Batch.Stage if s != "draft"])
def test_units_come_back_in_every_stage(stage):
    batch = make_room()
    capacity.shift(move_of(batch, 2))
    Batch.objects.update(stage=stage)

    capacity.shift(move_of(batch, 2).reversed())

    assert counters() == [[(0, 0, 0)], [0]]


def test_a_swap_keeps_the_batch_and_moves_between_allotments():
    batch = make_room(variants=2, capacity=1)
    capacity.shift(move_of(batch, 1))

    capacity.shift(move_of(batch, -1, 1, orders=0))

    assert counters() == [[(1, 1, 0)], [0, 1]]


def test_a_move_takes_from_one_batch_and_gives_to_another():
    first = make_room()
    second = make_room(campaign=first.campaign)
    capacity.shift(move_of(first, 2, goods=300_000))

    capacity.shift(
        move_of(first, 2, goods=300_000).reversed(),
        move_of(second, 2, goods=300_000),
    )

    assert counters()[0] == [(0, 0, 0), (2, 1, 300_000)]
    assert second.allotments.order_by("pk").first().taken == 2


def test_a_move_into_a_full_batch_changes_neither():
    first = make_room()
    second = make_room(campaign=first.campaign, capacity=1)
    capacity.shift(move_of(first, 2))

    assert_refused(move_of(first, 2).reversed(), move_of(second, 2))


def test_nothing_is_released_that_was_not_taken():
    batch = make_room()

    with pytest.raises(IntegrityError), transaction.atomic():
        capacity.shift(move_of(batch, 1).reversed())

    assert counters() == [[(0, 0, 0)], [0]]


def test_rows_are_taken_by_primary_key_and_the_batches_last(
    django_assert_num_queries,
):
    batch = make_room(variants=3)
    backwards = dict.fromkeys(batch.allotments.order_by("-pk").values_list("pk"), 1)
    units = {pk: one for (pk,), one in backwards.items()}

    with django_assert_num_queries(4) as queries:
        capacity.shift(Move(batch_id=batch.pk, units=units, gate=NEW_ORDER))

    tables = Counter(query["sql"].split('"')[1] for query in queries)
    assert tables == {"campaigns_allotment": 3, "campaigns_batch": 1}
    assert '"campaigns_batch"' in queries[3]["sql"]
    wanted = [f'"id" = ({pk})' for pk in sorted(units)]
    assert [w in q["sql"] for w, q in zip(wanted, queries, strict=False)] == [True] * 3


@pytest.mark.parametrize(
    "change",
    [
        {"stage": "closed"},
        {"stage": "production"},
        {"stage": "canceled"},
        {"opens_at": timezone.now() + timedelta(hours=1)},
        {"closes_at": timezone.now() - timedelta(seconds=1)},
    ],
    ids=["closed", "in production", "canceled", "not open yet", "past its cut-off"],
)
def test_a_batch_that_takes_no_orders_refuses(change):
    batch = make_room()
    Batch.objects.update(**change)

    refusal = refusal_of(move_of(batch, 1))

    assert type(refusal) is BatchClosed


def test_a_promise_that_changed_meanwhile_is_refused():
    batch = make_room()
    Batch.objects.update(schedule_version=2)

    assert type(refusal_of(move_of(batch, 1))) is WindowChanged


def test_a_full_batch_tells_what_is_left():
    batch = make_room(capacity=5)
    capacity.shift(move_of(batch, 3))

    refusal = refusal_of(move_of(batch, 3))

    assert type(refusal) is SoldOut
    assert refusal.shortages == [
        Shortage(batch.allotments.get().variant_id, 3, left=2, cap=Cap.BATCH),
        Shortage(None, wanted=3, left=2, cap=Cap.BATCH),
    ]


def test_every_short_variant_is_named():
    batch = make_room(variants=3)
    Allotment.objects.update(capacity=1)

    refusal = refusal_of(move_of(batch, 2, 1, 3))

    first, _, third = batch.allotments.order_by("pk")
    assert refusal.shortages == [
        Shortage(first.variant_id, wanted=2, left=1, cap=Cap.VARIANT),
        Shortage(third.variant_id, wanted=3, left=1, cap=Cap.VARIANT),
    ]


@pytest.mark.parametrize("sale", ["waitlist", "stopped"])
def test_a_variant_whose_sale_is_stopped_is_refused(sale):
    batch = make_room()
    Allotment.objects.update(sale=sale)

    refusal = refusal_of(move_of(batch, 1))

    variant = batch.allotments.get().variant_id
    assert refusal.shortages == [Shortage(variant, wanted=1, left=0, cap=Cap.SALE)]


def test_a_stopped_sale_still_takes_late_money_back():
    batch = make_room()
    Allotment.objects.update(sale="stopped")

    capacity.shift(move_of(batch, 1, gate=Gate.before_production()))

    assert counters() == [[(1, 1, 0)], [1]]


def test_the_cap_in_orders_refuses_one_order_more_and_says_that_none_is_left():
    batch = make_room(order_capacity=1)
    capacity.shift(move_of(batch, 1))

    refusal = refusal_of(move_of(batch, 1))

    assert refusal.shortages == [
        Shortage(batch.allotments.get().variant_id, 1, left=0, cap=Cap.ORDERS),
        Shortage(None, wanted=1, left=0, cap=Cap.ORDERS),
    ]


def test_the_cap_in_money_is_exact():
    batch = make_room(goods_capacity=300_000)
    variant = batch.allotments.get().variant_id
    Variant.objects.update(price=150_000)
    capacity.shift(move_of(batch, 1, goods=150_001))

    refusal = refusal_of(move_of(batch, 1, goods=150_000))
    assert refusal.shortages == [
        Shortage(variant, wanted=1, left=0, cap=Cap.MONEY),
        Shortage(None, wanted=1, left=0, cap=Cap.MONEY),
    ]

    capacity.shift(move_of(batch, 1, goods=149_999))
    assert Batch.objects.get().goods_taken == 300_000
    assert room.in_batch(Batch.objects.get()).left == 0


def test_units_that_came_back_meanwhile_are_told_as_left():
    batch = make_room(capacity=1)
    capacity.shift(move_of(batch, 1))
    assert_refused(move_of(batch, 1))
    capacity.shift(move_of(batch, 1).reversed())

    refusal = capacity.explain(move_of(batch, 1), schedule_version=1)

    assert refusal.shortages == [Shortage(None, wanted=1, left=1, cap=Cap.BATCH)]


def test_before_production_a_closed_batch_still_accepts_and_later_none():
    batch = make_room(stage="closed")
    gate = Gate.before_production()

    capacity.shift(move_of(batch, 1, gate=gate))
    Batch.objects.update(stage="production")

    assert_refused(move_of(batch, 1, gate=gate))
    assert_refused(move_of(batch, 0, gate=gate, orders=0))


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (Batch, {"taken": F("capacity") + 1}),
        (Batch, {"taken": -1}),
        (Batch, {"capacity": 1}),
        (Batch, {"orders_taken": F("order_capacity") + 1}),
        (Batch, {"goods_taken": F("goods_capacity") + 1}),
        (Allotment, {"taken": F("capacity") + 1}),
        (Allotment, {"taken": -1}),
    ],
)
def test_behind_the_gate_stands_a_constraint(model, change):
    batch = make_room(order_capacity=5, goods_capacity=1_000_000)
    Allotment.objects.update(capacity=5)
    capacity.shift(move_of(batch, 2, goods=300_000))
    before = counters()

    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**change)

    assert counters() == before


def test_raising_the_cap_opens_exactly_the_difference():
    batch = make_room(capacity=3)
    capacity.shift(move_of(batch, 3))

    batch.change_capacity(5, actor=SYSTEM)

    assert_refused(move_of(batch, 3))
    capacity.shift(move_of(batch, 2))
    assert_refused(move_of(batch, 1))
    event = BatchEvent.objects.get()
    assert (event.kind, event.data) == ("capacity", {"from": 3, "to": 5})


def test_the_cap_may_fall_to_what_is_taken_and_not_below():
    batch = make_room()
    capacity.shift(move_of(batch, 3))

    batch.change_capacity(3, actor=SYSTEM)
    with pytest.raises(CapacityBelowTaken) as refusal:
        batch.change_capacity(2, actor=SYSTEM)

    assert (refusal.value.wanted, refusal.value.taken) == (2, 3)
    assert Batch.objects.get().capacity == batch.capacity == 3
    assert BatchEvent.objects.count() == 1


def test_a_stale_page_cannot_lower_the_cap_below_what_was_sold_since():
    batch = make_room()
    stale = Batch.objects.get()
    capacity.shift(move_of(batch, 4))

    with pytest.raises(CapacityBelowTaken):
        stale.change_capacity(3, actor=SYSTEM)

    assert counters() == [[(4, 1, 0)], [4]]
