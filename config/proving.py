"""Checks invariants several at once: each reads whole tables, and none another's."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from campaigns.invariants import Invariant

Finding = tuple[Invariant, list[str]]


def findings(
    invariants: Sequence[Invariant], *, at_once: int, most: int
) -> Iterator[Finding]:
    """Each invariant with at most so many rows that break it, in the given order.

    Within a transaction they are checked one after the other, on its connection: what
    it has not committed yet is seen on no other.
    """
    if connection.in_atomic_block:
        yield from (_finding(invariant, most=most) for invariant in invariants)
        return
    with _beside(at_once) as pool:
        yield from pool.map(partial(_finding, most=most), invariants)


@contextmanager
def _beside(at_once: int) -> Iterator[ThreadPoolExecutor]:
    """Threads with a connection each, which nobody else would close."""
    opened: list[BaseDatabaseWrapper] = []

    def begin() -> None:
        _take_as_long_as_needed()
        connection.inc_thread_sharing()
        opened.append(connections[connection.alias])

    try:
        with ThreadPoolExecutor(at_once, initializer=begin) as pool:
            yield pool
    finally:
        for each in opened:
            each.close()


def _finding(invariant: Invariant, *, most: int) -> Finding:
    return invariant, list(islice(invariant.violations(), most))


def _take_as_long_as_needed() -> None:
    """What a page may wait for is too short for whole tables of years."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
