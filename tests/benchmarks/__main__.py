"""`make bench`: what placing an order costs, as a ratio to the bare rows it writes.

The yardstick writes the same six kinds of row with the ORM in one transaction, without
a cap, a limit or a gate. Both run in turn in the same process, so a slow machine slows
both; read the ratio, not the rates.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager

from tests import servers

ROUNDS = 5
ORDERS_PER_ROUND = 60


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    if "--inside" in sys.argv:
        return measure()
    for name, database in (("SQLite", sqlite), ("PostgreSQL", servers.postgres)):
        with database() as url:
            environment = os.environ | {"DATABASE_URL": url, "BENCH_DATABASE": name}
            command = [sys.executable, "-m", "tests.benchmarks", "--inside"]
            if status := subprocess.run(command, env=environment).returncode:
                return status
    return 0


@contextmanager
def sqlite():
    # Empty: tests.settings then makes a file of its own.
    yield ""


def measure() -> int:
    import django  # noqa: PLC0415  only the inner process has a database

    django.setup()
    from django.test.utils import (  # noqa: PLC0415
        setup_databases,
        setup_test_environment,
        teardown_databases,
    )

    setup_test_environment()
    old = setup_databases(verbosity=0, interactive=False)
    try:
        report()
    finally:
        teardown_databases(old, verbosity=0)
    return 0


def report() -> None:
    from tests.benchmarks import placing  # noqa: PLC0415

    batch = placing.big_batch()
    rates: dict[str, list[float]] = {"place": [], "bare rows": []}
    for _round in range(ROUNDS):
        rates["place"].append(rate(lambda: placing.place_one(batch)))
        rates["bare rows"].append(rate(lambda: placing.write_bare_rows(batch)))
    place, bare = (statistics.median(rates[name]) for name in rates)
    print(f"{os.environ['BENCH_DATABASE']}, medians of {ROUNDS} rounds")
    print(f"  placed orders per second          {place:8.0f}")
    print(f"  bare rows of one order per second {bare:8.0f}")
    print(f"  ratio                             {place / bare:8.2f}")


def rate(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _n in range(ORDERS_PER_ROUND):
        work()
    return ORDERS_PER_ROUND / (time.perf_counter() - start)


if __name__ == "__main__":
    sys.exit(main())
