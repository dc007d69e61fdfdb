"""kill -9 of web workers, and cut database connections, while 32 buyers order."""

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest
from django.db import connection

from campaigns.models import Batch
from tests.concurrency.crowd import (
    SERVERS,
    assert_counts,
    at,
    buyers_of,
    rush,
    shop_server,
    statuses,
    statuses_seen,
    units_sold,
)
from tests.concurrency.racing import assert_invariants
from tests.drafts import make_offer
from tests.web import Server, database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

UNITS = 40
KILL_EVERY = 4
CONTROL_ROUNDS = 20
# Five seconds of storm. Without an end a slow machine never gets an order through.
CUTS = 25
CUT_EVERY_SECONDS = 0.2
DROPPED = 0


def kill_a_worker(server: Server) -> None:
    for worker in random.sample(server.workers(), 1):
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)


def order_while_workers_die(server, batch, **options):
    def now_and_then(answered):
        if answered % KILL_EVERY == 0:
            kill_a_worker(server)

    return rush(server, buyers_of(batch, orders=2, **options), now_and_then)


def assert_every_key_is_one_order_or_a_refusal(batch, answers):
    assert units_sold(batch) == UNITS == Batch.objects.get().taken
    assert statuses(answers)[303] == UNITS
    assert len({answer.key for answer in answers if answer.is_order}) == UNITS
    assert_counts(batch, answers)


@pytest.mark.parametrize("kind", SERVERS)
def test_every_key_is_one_order_or_a_refusal_while_workers_are_killed(kind):
    batch = make_offer(capacity=UNITS)

    with shop_server(kind) as server:
        answers = order_while_workers_die(server, batch)

    assert DROPPED in statuses_seen(answers)
    assert_every_key_is_one_order_or_a_refusal(batch, answers)


def test_control_another_key_on_each_try_orders_twice():
    with shop_server("gthread") as server:
        for _round in range(CONTROL_ROUNDS):
            batch = make_offer(capacity=1000)
            answers = order_while_workers_die(server, batch, fresh_key=True)
            if batch.orders.count() > statuses(answers)[303]:
                return
    pytest.fail("no second order: then the key would prove nothing")


@pytest.mark.postgres
@pytest.mark.parametrize("kind", SERVERS)
def test_cut_database_connections_lose_no_order_and_no_unit(kind, measured):
    batch = make_offer(capacity=UNITS)

    with shop_server(kind) as server:
        answers, cuts = order_while_connections_are_cut(server, batch)

    measured("connections cut", sum(cuts))
    assert statuses_seen(answers) == {303, 409, 503}
    assert_every_key_is_one_order_or_a_refusal(batch, answers)


@pytest.mark.postgres
def test_control_an_order_written_row_by_row_is_left_without_its_units():
    with shop_server("gthread", HOLE="transaction") as server:
        for _round in range(CONTROL_ROUNDS):
            batch = make_offer(capacity=1000)
            order_while_connections_are_cut(server, batch)
            if Batch.objects.get(pk=batch.pk).taken < batch.orders.count():
                with pytest.raises(SystemExit):
                    assert_invariants()
                return
    pytest.fail("nothing lost: then the transaction would prove nothing")


def order_while_connections_are_cut(server, batch):
    """The answers, and how many connections ended each time."""
    with cutting_connections() as (begin, cuts):
        # Not before: a slow machine would be through with it when buyers press.
        answers = rush(server, buyers_of(batch, orders=2), at(1, begin.set))
    return answers, cuts


@contextmanager
def cutting_connections() -> Iterator[tuple[threading.Event, list[int]]]:
    """Again and again all connections of the shop end, from the event on."""
    cuts: list[int] = []
    begin, over = threading.Event(), threading.Event()
    connection.ensure_connection()
    own = connection.connection.info.backend_pid

    def cut() -> None:
        begin.wait()
        with psycopg.connect(database_url(), autocommit=True) as scissors:
            while len(cuts) < CUTS and not over.wait(CUT_EVERY_SECONDS):
                cursor = scissors.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database()"
                    " AND pid NOT IN (pg_backend_pid(), %s)",
                    [own],
                )
                cuts.append(len(cursor.fetchall()))

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        yield begin, cuts
    finally:
        over.set()
        begin.set()
        thread.join()
