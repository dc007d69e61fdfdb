"""Cut-off under fire: 32 buyers order in turn while the batch closes."""

import time
from datetime import timedelta

import pytest
from django.db.models import F

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.models import Batch
from orders.models import Order
from tests.concurrency.crowd import (
    assert_counts,
    at,
    buyers_of,
    rush,
    statuses,
    statuses_seen,
)
from tests.concurrency.racing import BUYERS, assert_invariants
from tests.drafts import make_offer

pytestmark = pytest.mark.django_db(transaction=True)

PLENTY = 100_000
# More than anyone comes to: a buyer goes when a page says that the batch is closed.
IN_TURN = 1_000
# So many answers, and the batch closes.
MIDDLE = 40


def hammering(batch):
    """Each orders again and again, until a page says that the batch is closed."""
    return buyers_of(batch, orders=IN_TURN)


def close():
    Batch.objects.get().close(actor=SYSTEM)


def pass_cut_off_soon():
    """Nothing will notice: no sweep runs beside these tests."""
    soon = database_now() + timedelta(milliseconds=500)
    Batch.objects.update(closes_at=soon)


@pytest.mark.parametrize(
    "server", [pytest.param("sync", marks=pytest.mark.long), "gthread"], indirect=True
)
def test_no_order_is_placed_after_the_close_that_32_buyers_hammer_at(server, measured):
    batch = make_offer(capacity=PLENTY)

    def close_with_a_watch():
        began = time.perf_counter()
        close()
        measured("seconds to close", round(time.perf_counter() - began, 3))

    answers = rush(server, hammering(batch), at(MIDDLE, close_with_a_watch))

    assert not Order.objects.filter(placed_at__gte=F("batch__closed_at")).exists()
    assert Order.objects.count() >= MIDDLE
    assert {answer.buyer for answer in answers if answer.status == 409} == {
        *range(BUYERS)
    }
    assert statuses_seen(answers) == {303, 409}
    assert_counts(batch, answers)


@pytest.mark.long
def test_control_a_claim_without_the_gate_lets_orders_in_after_the_close(
    server_without,
):
    batch = make_offer(capacity=PLENTY)

    rush(server_without("gate"), hammering(batch), at(MIDDLE, close))

    assert Order.objects.filter(placed_at__gte=F("batch__closed_at")).exists()
    with pytest.raises(SystemExit):
        assert_invariants()


@pytest.mark.long
def test_the_cut_off_holds_with_every_worker_and_clock_process_dead(server):
    batch = make_offer(capacity=PLENTY)

    answers = rush(server, hammering(batch), at(MIDDLE, pass_cut_off_soon))

    batch.refresh_from_db()
    assert (batch.stage, batch.closed_at) == (Batch.Stage.OPEN, None)
    assert not Order.objects.filter(placed_at__gte=batch.closes_at).exists()
    assert Order.objects.count() >= MIDDLE
    assert {answer.buyer for answer in answers if answer.status == 409} == {
        *range(BUYERS)
    }
    assert_counts(batch, answers)


@pytest.mark.long
def test_control_a_claim_that_asks_no_clock_lets_orders_in_after_the_cut_off(
    server_without,
):
    batch = make_offer(capacity=PLENTY)

    rush(server_without("gate"), hammering(batch), at(MIDDLE, pass_cut_off_soon))

    assert Order.objects.filter(placed_at__gte=F("batch__closes_at")).exists()


def close_and_reopen_while_buyers_order(server):
    """The batch, the answers, and how many orders there were at both moments."""
    batch = make_offer(capacity=PLENTY)
    closes_at = batch.closes_at
    placed = []

    def count_orders():
        placed.append(Order.objects.count())

    def reopen():
        count_orders()
        Batch.objects.get().reopen(closes_at=closes_at, actor=SYSTEM)

    def in_turn(answered):
        at(MIDDLE, close)(answered)
        at(MIDDLE, count_orders)(answered)
        at(MIDDLE + 2 * BUYERS, reopen)(answered)

    answers = rush(server, buyers_of(batch, orders=8, patient=True), in_turn)
    return batch, answers, placed


@pytest.mark.long
def test_a_batch_takes_nothing_while_it_is_closed_and_orders_again_once_reopened(
    server,
):
    batch, answers, placed = close_and_reopen_while_buyers_order(server)

    after_close, before_reopening = placed
    assert after_close == before_reopening < Order.objects.count()
    assert statuses(answers)[409] >= BUYERS
    assert_counts(batch, answers)


@pytest.mark.long
def test_control_a_claim_without_the_gate_lets_orders_in_until_it_is_reopened(
    server_without,
):
    _batch, _answers, placed = close_and_reopen_while_buyers_order(
        server_without("gate")
    )

    after_close, before_reopening = placed
    assert after_close < before_reopening
