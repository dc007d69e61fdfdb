"""A round of work over many rows."""

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from django.db.models import Model, QuerySet

from campaigns.busy import is_busy

Row = TypeVar("Row")
M = TypeVar("M", bound=Model)
CHUNK = 500
logger = logging.getLogger(__name__)


def count_done(rows: Iterable[Row], work: Callable[[Row], int]) -> int:
    """Sum up what was done; a row that fails is logged and stops no other.

    A database that is away fails the whole round, which comes again soon.
    """
    return sum(_attempt(row, work) for row in rows)


def keys_of(rows: "QuerySet[M]") -> Iterator[int]:
    """Primary keys, a chunk in memory at a time, while rows leave the query."""
    keys, last = rows.order_by("pk").values_list("pk", flat=True), 0
    while chunk := list(keys.filter(pk__gt=last)[:CHUNK]):
        yield from chunk
        last = chunk[-1]


def _attempt(row: Row, work: Callable[[Row], int]) -> int:
    try:
        return work(row)
    except Exception as error:
        if is_busy(error):
            raise
        name = getattr(work, "__qualname__", work)
        logger.exception("%s failed for %r", name, row)
        return 0
