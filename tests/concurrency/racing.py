"""Starts many threads at one moment, each with a database connection of its own."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.db import close_old_connections, connections

from tests import invariants

BUYERS = 32
PATIENCE_SECONDS = 60


def race(runners: list[Callable[[], Any]]) -> Counter[str]:
    """Run all at once; how often each outcome came: "ok", or the exception's name."""
    start = threading.Barrier(len(runners), timeout=PATIENCE_SECONDS)
    outcomes: Counter[str] = Counter()
    lock = threading.Lock()

    def run(runner: Callable[[], Any]) -> None:
        close_old_connections()
        start.wait()
        try:
            runner()
            outcome = "ok"
        except Exception as error:  # noqa: BLE001  the outcome is what is counted
            outcome = type(error).__name__
        finally:
            connections.close_all()
        with lock:
            outcomes[outcome] += 1

    threads = [threading.Thread(target=run, args=[runner]) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def assert_invariants() -> None:
    """Raises SystemExit when an invariant is broken."""
    if invariants.broken():
        call_command("check_invariants", quiet=True)
