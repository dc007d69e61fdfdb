"""Buyers change batches at once, and beside all else that happens to both of them."""

import threading
from functools import partial

import pytest
from django.db import connections

from campaigns import capacity
from campaigns.actors import SYSTEM
from campaigns.capacity import Gate
from campaigns.models import Batch
from fulfillment import production
from fulfillment.models import ProductionSheetLine
from orders import cancellation, lifecycle
from orders.models import Decision, Order
from orders.moves import moving as moves
from orders.moves import questions as move_questions
from tests.concurrency.racing import assert_invariants, race
from tests.drafts import TOTAL, make_drafts, order_once, place_paid
from tests.fulfillment.goods import close
from tests.orders.moving import (
    MOVE,
    STAY,
    answer,
    ask,
    counters_of,
    time_is_over,
    two_batches,
)

pytestmark = pytest.mark.django_db(transaction=True)

# Fewer than race elsewhere: each must have ordered and paid first.
MOVERS = 10
LAST_UNITS = 5
DEADLOCK_ROUNDS = 40
UNIT = 150_000


def say(decision, choice=MOVE):
    return partial(move_questions.answer, decision.pk, choice=choice, seen=1)


def asked(first, second, orders, **options):
    return [ask(place_paid(first, **options), second) for _n in range(orders)]


def in_another_connection(work):
    def run():
        work()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_the_last_units_of_a_batch_go_to_as_many_movers_as_there_are_units():
    first, second = two_batches(capacity=LAST_UNITS)
    questions = asked(first, second, MOVERS)

    outcomes = race([say(decision) for decision in questions])

    stayed = MOVERS - LAST_UNITS
    assert outcomes == {"ok": LAST_UNITS, "SoldOut": stayed}
    assert counters_of(first, second) == [
        (stayed, stayed, stayed * UNIT),
        (LAST_UNITS, LAST_UNITS, LAST_UNITS * UNIT),
    ]
    assert Decision.objects.open().count() == stayed
    assert_invariants()


def test_control_a_move_that_only_looks_at_what_is_left_overfills(monkeypatch):
    first, second = two_batches(capacity=LAST_UNITS)
    questions = asked(first, second, MOVERS)
    monkeypatch.setattr(capacity, "shift", lambda *moves: None)

    outcomes = race([say(decision) for decision in questions])

    assert outcomes == {"ok": MOVERS}
    assert Order.objects.filter(batch=second).count() == MOVERS > LAST_UNITS
    with pytest.raises(SystemExit):
        assert_invariants()


def crossing(batches, orders):
    """Half of the buyers go one way, half the other, each with both variants."""
    first, second = batches
    ways = [(first, second), (second, first)]
    return [
        say(ask(place_paid(here, units=[1, 1]), there))
        for n in range(orders)
        for here, there in [ways[n % 2]]
    ]


def test_moves_in_opposite_directions_never_deadlock():
    batches = two_batches(variants=2)

    outcomes = race(crossing(batches, MOVERS))

    units = MOVERS // 2
    assert outcomes == {"ok": MOVERS}
    assert counters_of(*batches) == [(2 * units, units, 2 * units * UNIT)] * 2
    assert Decision.objects.moved().count() == MOVERS
    assert_invariants()


@pytest.mark.postgres
def test_control_batches_locked_in_the_order_of_the_move_deadlock(monkeypatch):
    batches = two_batches(variants=2)
    monkeypatch.setattr(capacity, "sorted", lambda rows, **_: list(rows), raising=False)

    for _round in range(DEADLOCK_ROUNDS):
        if race(crossing(batches, 8))["OperationalError"]:
            return
    pytest.fail("no deadlock: then the sorting would prove nothing")


def start(batch):
    return partial(production.freeze, batch.pk, actor=SYSTEM)


def planned(batch):
    lines = ProductionSheetLine.objects.filter(sheet__batch=batch)
    return sum(lines.values_list("ordered", flat=True))


def test_whoever_moves_while_production_starts_is_in_the_sheet_or_gone():
    first, second = two_batches()
    questions = asked(first, second, 12)
    close(first)

    outcomes = race([*(say(decision) for decision in questions), start(first)])

    moves_before = Order.objects.filter(
        events__kind="moved", events__data__after_freeze=False
    ).count()
    # One that met the freeze is told to try again, and its question is still open.
    assert set(outcomes) <= {"ok", "ProductionStarted"}
    assert planned(first) == 12 - moves_before
    assert counters_of(second)[0][1] == Decision.objects.moved().count()
    assert_invariants()


def answer_beside_a_freeze(batch, decision, monkeypatch):
    """The sheet is frozen after the order was written, before the batch is passed."""
    shift = capacity.shift

    def shift_after_the_freeze(*both):
        in_another_connection(start(batch))
        shift(*both)

    monkeypatch.setattr(capacity, "shift", shift_after_the_freeze)
    say(decision)()


@pytest.mark.postgres
def test_a_move_that_meets_the_freeze_is_refused_and_may_be_tried_again(monkeypatch):
    first, second = two_batches()
    [decision] = asked(first, second, 1)
    close(first)

    with monkeypatch.context() as patch, pytest.raises(moves.ProductionStarted):
        answer_beside_a_freeze(first, decision, patch)

    assert counters_of(first, second) == [(1, 1, UNIT), (0, 0, 0)]
    assert_invariants()
    answer(decision)
    assert planned(first) == 1
    assert counters_of(first, second) == [(0, 0, 0), (1, 1, UNIT)]
    assert_invariants()


@pytest.mark.postgres
def test_control_without_the_gate_a_move_slips_in_beside_the_sheet(monkeypatch):
    first, second = two_batches()
    [decision] = asked(first, second, 1)
    close(first)
    monkeypatch.setattr(moves, "_as_read", lambda _origin: capacity.ANY_TIME)

    answer_beside_a_freeze(first, decision, monkeypatch)

    with pytest.raises(SystemExit):
        assert_invariants()


def test_nobody_moves_into_a_batch_after_it_closed():
    first, second = two_batches()
    questions = asked(first, second, MOVERS)

    def end():
        Batch.objects.get(pk=second.pk).close(actor=SYSTEM)

    outcomes = race([*(say(decision) for decision in questions), end])

    moved = Decision.objects.moved().count()
    closed_at = Batch.objects.get(pk=second.pk).closed_at
    assert set(outcomes) <= {"ok", "BatchClosed"}
    assert outcomes["ok"] == moved + 1
    assert counters_of(second)[0][0] == moved
    assert not Order.objects.filter(batch=second, placed_at__gte=closed_at).exists()
    assert_invariants()


@pytest.mark.postgres
def test_control_without_the_gate_a_buyer_moves_into_a_closed_batch(monkeypatch):
    first, second = two_batches()
    [decision] = asked(first, second, 1)
    close(second)
    monkeypatch.setattr(Gate, "arrival", lambda _version: capacity.ANY_TIME)

    say(decision)()

    assert Order.objects.get().batch.stage == Batch.Stage.CLOSED


def test_answering_many_times_at_once_moves_once():
    first, second = two_batches()
    [decision] = asked(first, second, 1)

    outcomes = race([say(decision)] * 8)

    assert outcomes == {"ok": 8}
    assert counters_of(first, second) == [(0, 0, 0), (1, 1, UNIT)]
    assert Order.objects.get().events.filter(kind="moved").count() == 1
    assert Order.objects.get().messages.filter(kind="order_changed").count() == 1
    assert_invariants()


@pytest.mark.postgres
def test_control_an_order_locked_together_with_its_batch_is_lost(monkeypatch):
    first, second = two_batches()
    [decision] = asked(first, second, 1)

    def joined(order_id):
        orders = Order.objects.select_related("batch__campaign__seller")
        return orders.select_for_update(no_key=True, of=("self",)).get(pk=order_id)

    monkeypatch.setattr(lifecycle, "locked", joined)
    outcomes = race([say(decision)] * 8)

    assert outcomes["DoesNotExist"] > 0


def test_opposite_answers_at_once_are_one_answer():
    first, second = two_batches()
    [decision] = asked(first, second, 1)

    outcomes = race([say(decision), say(decision, STAY)] * 4)

    decision.refresh_from_db()
    units = 1 if decision.is_moved else 0
    assert outcomes == {"ok": 4, "AlreadyDecided": 4}
    assert counters_of(second) == [(units, units, units * UNIT)]
    assert_invariants()


def test_control_without_the_compare_and_set_both_answers_count(monkeypatch):
    first, second = two_batches()
    [decision] = asked(first, second, 1)
    answer(decision, STAY)
    Decision.objects.update(state="open", answer="")

    say(decision)()

    kinds = Order.objects.get().events.values_list("kind", flat=True)
    assert {"moved", "stayed"} <= set(kinds)


def test_an_answer_and_silence_at_the_same_moment_are_one_outcome():
    first, second = two_batches()
    questions = asked(first, second, 12)
    for decision in questions[::2]:
        time_is_over(decision)

    outcomes = race(
        [*(say(decision) for decision in questions), move_questions.lapse_due]
    )

    assert outcomes == {"ok": 7, "AlreadyDecided": 6}
    assert Decision.objects.counted() == {
        "asked": 0,
        "moved": 6,
        "stayed": 0,
        "lapsed": 6,
    }
    assert counters_of(first, second) == [(6, 6, 6 * UNIT)] * 2
    assert_invariants()


def test_an_order_moved_or_canceled_at_once_gives_its_units_back_once():
    first, second = two_batches()
    questions = asked(first, second, 12)

    def cancel(decision):
        cancellation.cancel_as_shown(decision.order_id, shown=TOTAL)

    moving = [say(decision) for decision in questions]
    canceling = [partial(cancel, decision) for decision in questions]
    outcomes = race(
        [step for both in zip(moving, canceling, strict=True) for step in both]
    )

    # Who moves first is canceled in the other batch; who is canceled moves no more.
    canceled = Order.objects.filter(status=Order.Status.CANCELED).count()
    assert canceled == 12
    assert outcomes["ok"] == 12 + Decision.objects.moved().count()
    assert counters_of(first, second) == [(0, 0, 0)] * 2
    assert_invariants()


def test_an_end_between_both_batches_leaves_both_as_they_were(monkeypatch):
    first, second = two_batches(variants=2)
    decision = ask(place_paid(first, units=[2, 1]), second)
    before = counters_of(first, second)
    shift_batch = capacity._shift_batch
    passed = []

    def die_at_the_second(move):
        if passed:
            raise ConnectionResetError
        passed.append(move)
        shift_batch(move)

    with monkeypatch.context() as patch:
        patch.setattr(capacity, "_shift_batch", die_at_the_second)
        with pytest.raises(ConnectionResetError):
            answer(decision)

    assert counters_of(first, second) == before
    assert Decision.objects.get().is_open
    assert Order.objects.get().batch == first
    assert_invariants()
    answer(decision)
    assert counters_of(first, second) == [(0, 0, 0), (3, 1, 3 * UNIT)]
    assert_invariants()


def test_movers_and_new_buyers_share_the_last_units():
    first, second = two_batches(capacity=LAST_UNITS)
    questions = asked(first, second, 12)
    buyers = [order_once(draft) for draft in make_drafts(second, 12)]

    outcomes = race([*(say(decision) for decision in questions), *buyers])

    assert outcomes == {"ok": LAST_UNITS, "SoldOut": 24 - LAST_UNITS}
    assert counters_of(second) == [(LAST_UNITS, LAST_UNITS, LAST_UNITS * UNIT)]
    assert_invariants()
