"""The two processes of a small shop: the web server, and the sweep that never ends."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from django.conf import settings

HOST = "127.0.0.1"
LOOK_EVERY_SECONDS = 0.2
STOP_SECONDS = 15
WEB = "web server"
SWEEP = "sweep"


class Stopped(Exception):
    """Somebody asked for the end: Ctrl-C or SIGTERM."""


def commands() -> dict[str, list[str]]:
    manage = str(settings.BASE_DIR / "manage.py")
    web = ["-m", "gunicorn", "config.wsgi", "--bind", f"{HOST}:{settings.PORT}"]
    web += ["--workers", "2", "--threads", "1", "--log-level", "warning"]
    web += ["--no-control-socket", "--config", "python:config.gunicorn"]
    return {
        WEB: [sys.executable, *web],
        SWEEP: [sys.executable, manage, "sweep", "--loop", "5"],
    }


def port_is_free() -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, settings.PORT))
        except OSError:
            return False
    return True


def answers() -> bool:
    with suppress(OSError), socket.create_connection((HOST, settings.PORT), timeout=1):
        return True
    return False


class Shop:
    """Both processes, or neither: when one ends, the other is stopped."""

    def __init__(self) -> None:
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        for name, command in commands().items():
            self.processes[name] = subprocess.Popen(  # noqa: S603  our own programs
                command, cwd=settings.BASE_DIR, start_new_session=True
            )

    def is_open(self) -> bool:
        """Whether the web server came to answer before anything ended."""
        while not (is_answering := answers()) and not self.ended():
            time.sleep(LOOK_EVERY_SECONDS)
        return is_answering

    def wait_until_one_ends(self) -> str:
        while not (ended := self.ended()):
            time.sleep(LOOK_EVERY_SECONDS)
        return ended

    def ended(self) -> str:
        """The name of a process that ended by itself, if any."""
        dead = [name for name, one in self.processes.items() if one.poll() is not None]
        return dead[0] if dead else ""


@contextmanager
def running() -> Iterator[Shop]:
    """A shop that is stopped whatever happens; asked to stop, it raises Stopped."""
    shop = Shop()
    _on_signals(_stop)
    try:
        shop.start()
        yield shop
    finally:
        _on_signals(signal.SIG_IGN)
        stop(list(shop.processes.values()))


def _on_signals(handler: Callable[..., Any] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask all to finish what they do; after a while, do not ask."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _stop(_number: int, _frame: FrameType | None) -> None:
    # A second signal would interrupt the stopping and leave a process behind.
    _on_signals(signal.SIG_IGN)
    raise Stopped
