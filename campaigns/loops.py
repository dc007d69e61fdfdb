"""A command that repeats its work until it is told to stop."""

import signal
import threading
from collections.abc import Callable

from django.db import close_old_connections


def until_stopped(work: Callable[[], None], *, pause: float) -> None:
    """Finishes the round it is in; SIGTERM and Ctrl-C end it before the next."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_args: stopped.set())
    while not stopped.is_set():
        close_old_connections()
        work()
        close_old_connections()
        stopped.wait(pause)
