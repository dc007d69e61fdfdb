"""A command that repeats its work until it is told to stop."""

import signal
import socket
from collections.abc import Callable
from contextlib import suppress

from django.db import close_old_connections


def until_stopped(work: Callable[[], None], *, pause: float) -> None:
    """Finishes the round it is in; SIGTERM and Ctrl-C end it before the next."""
    asked: list[int] = []
    # Python runs a handler between two of its steps, so a signal that comes after the
    # last of them and before a lock is waited for would go unheard for the whole pause.
    # The byte is written as the signal comes, and whoever waits for it finds it there.
    heard, tell = socket.socketpair()
    heard.settimeout(pause)
    tell.setblocking(False)
    with heard, tell:
        before = signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda number, _frame: asked.append(number))
            while not asked:
                close_old_connections()
                work()
                close_old_connections()
                with suppress(TimeoutError):
                    heard.recv(1)
        finally:
            signal.set_wakeup_fd(before)
