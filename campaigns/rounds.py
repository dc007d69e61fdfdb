"""A round of work over many rows."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from campaigns.busy import is_busy

Row = TypeVar("Row")
logger = logging.getLogger(__name__)


def count_done(rows: Iterable[Row], work: Callable[[Row], int]) -> int:
    """Sum up what was done; a row that fails is logged and stops no other.

    A database that is away fails the whole round, which comes again soon.
    """
    return sum(_attempt(row, work) for row in rows)


def _attempt(row: Row, work: Callable[[Row], int]) -> int:
    try:
        return work(row)
    except Exception as error:
        if is_busy(error):
            raise
        logger.exception("%s failed for %r", work.__qualname__, row)
        return 0
