"""What a process does to the database, and how much memory it takes meanwhile."""

import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connection
from django.db.transaction import Atomic

PAGE = 4096
MIB = 1024 * 1024
TENTHS = 10
# Of a sender: it claims a handful, and marks each mail when it left.
CLAIM, MARK = "WITH picked", "SET state = 'sent'"


@dataclass
class Watch:
    """Memory at a tenth of the way, the longest transaction and when it was, claims.

    `seen`: how much was done so far of what is `expected`; `moments`: when each step
    of it was done.
    """

    expected: int
    seen: int = 0
    early_mib: float = 0
    longest_ms: float = 0
    longest_at: int = 0
    most_statements: int = 0
    moments: "array[float]" = field(default_factory=lambda: array("d"))
    claims_ms: "array[float]" = field(default_factory=lambda: array("d"))
    longest_statement_ms: float = 0
    _began: float = 0
    _statements: int = 0

    def told(self, count: int = 1) -> None:
        tenth = self.expected // TENTHS
        if self.seen < tenth <= self.seen + count:
            self.early_mib = resident_mib()
        self.seen += count
        self.moments.append(time.perf_counter())

    def steps_ms(self) -> list[float]:
        return [1000 * (after - before) for before, after in pairwise(self.moments)]

    def count(self, execute: Any, sql: str, *arguments: Any) -> Any:
        self._statements += 1
        began = time.perf_counter()
        try:
            return execute(sql, *arguments)
        finally:
            self._note(sql, 1000 * (time.perf_counter() - began))

    def _note(self, sql: str, lasted: float) -> None:
        self.longest_statement_ms = max(self.longest_statement_ms, lasted)
        if CLAIM in sql:
            self.claims_ms.append(lasted)
        elif MARK in sql:
            self.told()

    def begin(self) -> None:
        self._began, self._statements = time.perf_counter(), 0

    def end(self) -> None:
        lasted = 1000 * (time.perf_counter() - self._began)
        if lasted > self.longest_ms:
            self.longest_ms, self.longest_at = lasted, self.seen
        self.most_statements = max(self.most_statements, self._statements)


def tenths(steps: Sequence[float]) -> tuple[float, float]:
    """The usual step in the first tenth of them, and in the last."""
    if not steps:
        return 0.0, 0.0
    size = max(1, len(steps) // TENTHS)
    return median(steps[:size]), median(steps[-size:])


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Times each outermost transaction, and counts its statements."""
    enter, leave = Atomic.__enter__, Atomic.__exit__

    def entering(block: Any) -> None:
        if not connection.in_atomic_block:
            watch.begin()
        enter(block)

    def leaving(block: Any, *error: Any) -> None:
        leave(block, *error)
        if not connection.in_atomic_block:
            watch.end()

    Atomic.__enter__, Atomic.__exit__ = entering, leaving  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(watch.count):
            yield
    finally:
        Atomic.__enter__, Atomic.__exit__ = enter, leave  # type: ignore[method-assign]


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * PAGE / MIB


def peak_mib() -> float:
    """Since this program began: `ru_maxrss` would count the one that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
