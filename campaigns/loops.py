"""A command that repeats its work until it is told to stop."""

import signal
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from django.db import close_old_connections


def until_stopped(work: Callable[[], None], *, pause: float) -> None:
    """Finishes the round it is in; SIGTERM and Ctrl-C end it before the next."""
    # A handler may come in the middle of the wait: of a queue's `put` that is allowed,
    # while the `set` of an event would wait there for a lock that its own wait holds.
    stops: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stops.put(number))
    while stops.empty():
        close_old_connections()
        work()
        close_old_connections()
        with suppress(Empty):
            stops.get(timeout=pause)
            return
