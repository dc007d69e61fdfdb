"""The UPDATEs of a claim are written once a process, and stay each their own gate's."""

from itertools import combinations, cycle

import pytest
from django.db import connection, transaction
from django.db.models import Q

from campaigns import capacity
from campaigns.capacity import ANY_TIME, Gate, Move
from campaigns.errors import Refused
from campaigns.models import Allotment, Batch
from tests.concurrency.racing import race
from tests.factories import make_batch, make_variant

OPEN = Batch.Stage.OPEN
GATES = [
    ANY_TIME,
    Gate.before_production(),
    *(
        kind(version)
        for kind in (Gate.new_order, Gate.waitlist_offer, Gate.arrival)
        for version in (1, 2)
    ),
    Gate(batch=Q(stage=OPEN)),
    Gate(batch=~Q(stage=OPEN)),
    Gate(batch=Q(stage=OPEN) | Q(schedule_version=1)),
    Gate(batch=Q(stage=OPEN) & Q(schedule_version=1)),
    Gate(allotment=Q(sale="open")),
    Gate(allotment=~Q(sale="open")),
]


def make_room(*, capacity=100):
    batch = make_batch(capacity=capacity)
    make_variant(campaign=batch.campaign)
    batch.complete_allotments()
    return batch


def move_of(batch, units, *, gate=ANY_TIME, goods=0):
    allotment = batch.allotments.get()
    return Move(
        batch_id=batch.pk, units={allotment.pk: units}, orders=1, goods=goods, gate=gate
    )


def shift(move):
    with transaction.atomic():
        capacity.shift(move)


def counters(batch):
    return Batch.objects.values_list("taken", "orders_taken", "goods_taken").get(
        pk=batch.pk
    )


def written(update):
    statement = update._statement
    return statement.sql, [str(getattr(v, "name", v)) for v in statement.parameters]


def test_gates_that_differ_are_different_keys():
    assert len(set(GATES)) == len(GATES)
    assert not [pair for pair in combinations(GATES, 2) if pair[0] == pair[1]]


@pytest.mark.django_db
def test_what_is_kept_for_a_gate_is_what_would_be_written_for_it():
    for plan in (capacity._batch_update, capacity._allotment_update):
        kept = {gate: plan(gate) for gate in GATES}

        for gate in GATES:
            assert written(kept[gate]) == written(plan.__wrapped__(gate))


@pytest.mark.django_db
def test_two_versions_of_a_window_do_not_share_what_is_kept():
    batch = make_room()
    shift(move_of(batch, 1, gate=Gate.new_order(1)))
    Batch.objects.filter(pk=batch.pk).update(schedule_version=2)

    with pytest.raises(Refused):
        shift(move_of(batch, 1, gate=Gate.new_order(1)))
    shift(move_of(batch, 1, gate=Gate.new_order(2)))

    assert counters(batch) == (2, 2, 0)


@pytest.mark.django_db
def test_numbers_of_every_size_pass_the_same_statement():
    # PostgreSQL is told of small, middle and big integers as of different types.
    batch = make_room(capacity=10_000_000)
    units = [1, 40_000, -1, 200, -40_000, 3_000_000]
    goods = [5, 3_000_000_000, -5, 40_000, -3_000_000_000, 90_000_000_000_000]

    for _round in range(8):
        for n, value in zip(units, goods, strict=True):
            shift(move_of(batch, n, goods=value))
        shift(move_of(batch, -sum(units), goods=-sum(goods)))

    assert counters(batch)[::2] == (0, 0)
    assert Allotment.objects.get(batch=batch).taken == 0


@pytest.mark.django_db(transaction=True)
def test_a_plan_outlives_the_connection_it_was_written_on():
    batch = make_room()
    shift(move_of(batch, 1))

    connection.close()
    shift(move_of(batch, 2))

    assert counters(batch) == (3, 2, 0)


@pytest.mark.django_db(transaction=True)
def test_threads_that_write_the_plans_together_pass_each_its_own_gate():
    batch = make_room(capacity=20)
    capacity._batch_update.cache_clear()
    capacity._allotment_update.cache_clear()
    versions = cycle([1, 2])
    moves = [
        move_of(batch, 1, gate=Gate.new_order(version))
        for version, _n in zip(versions, range(32), strict=False)
    ]

    outcomes = race([lambda move=move: shift(move) for move in moves])

    assert outcomes == {"ok": 16, "Refused": 16}
    assert counters(batch) == (16, 16, 0)


@pytest.mark.django_db
def test_more_gates_than_are_kept_are_still_told_apart():
    batch = make_room()
    shift(move_of(batch, 1, gate=Gate.new_order(1)))
    for version in range(2, 90):
        with pytest.raises(Refused):
            shift(move_of(batch, 1, gate=Gate.new_order(version)))

    shift(move_of(batch, 1, gate=Gate.new_order(1)))

    assert counters(batch) == (2, 2, 0)
