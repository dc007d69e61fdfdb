"""Web servers to be measured: gunicorn with production settings on the database."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection

from tests.benchmarks.load import Buyers, Load, Request
from tests.benchmarks.machine import cpu_seconds, parent_of
from tests.web import Browser, free_port

START_SECONDS = 60
SYNC = ("--workers", "2")
THREADS = ("--workers", "2", "--threads", "8", "--worker-class", "gthread")


@dataclass(frozen=True)
class Cost:
    """What a load took: of the web server's CPU, and of the database's."""

    load: Load
    app_seconds: float
    database_seconds: float

    @classmethod
    def of(cls, costs: Iterable["Cost"]) -> "Cost":
        """Of several loads together."""
        parts = list(costs)
        return cls(
            Load([reply for part in parts for reply in part.load.replies]),
            sum(part.app_seconds for part in parts),
            sum(part.database_seconds for part in parts),
        )

    @property
    def app_ms(self) -> float:
        return 1000 * self.app_seconds / len(self.load.replies)

    @property
    def database_ms(self) -> float:
        return 1000 * self.database_seconds / len(self.load.replies)


@dataclass(frozen=True)
class Shop:
    port: int
    pid: int
    buyers: Buyers

    def serve(self, requests: list[Request], *, at_once: int, status: int) -> Cost:
        database = database_pid()
        app, rows = cpu_seconds(self.pid), cpu_seconds(database)
        load = self.buyers.send(self.port, requests, at_once=at_once).expect(status)
        return Cost(load, cpu_seconds(self.pid) - app, cpu_seconds(database) - rows)


@contextmanager
def running(
    application: str, buyers: Buyers, arguments: tuple[str, ...] = SYNC
) -> Iterator[Shop]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", application, *arguments]
    command += ["--config", "python:config.gunicorn", "--log-level", "error"]
    command += ["--bind", f"127.0.0.1:{port}"]
    process = subprocess.Popen(
        [*command, "--no-control-socket"], env=os.environ, stdin=subprocess.DEVNULL
    )
    try:
        _wait_for(port, process)
        yield Shop(port, process.pid, buyers)
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError("gunicorn did not start")
        try:
            Browser(port).get("/healthz")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"port {port}")


def database_pid() -> int:
    """Of the server whose children work for us; 0 where the database is a file."""
    if connection.vendor == "sqlite":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return parent_of(cursor.fetchone()[0])
