"""`make bench`: what an order costs, and how many a second a shop can take.

    make bench                                  all of it, into docs/benchmarks
    make bench ARGS=--quick                     a minute; only printed
    make bench ARGS=--growth                    up to a million orders; only printed
    make bench ARGS="--only postgres --to DIR"  one database, written elsewhere

Read ratios, not rates: buyers, shop and database share the machine, and a ratio's two
sides run in turn. No test judges them; whoever runs it does.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import servers
from tests.benchmarks import plot, report
from tests.benchmarks.machine import Machine
from tests.benchmarks.results import Results

DATABASES = ("sqlite", "postgres")
WRITTEN_TO = Path("docs/benchmarks")


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    chosen = [options.only] if options.only else DATABASES
    results = [_measure(database, options.plan) for database in chosen]
    text = report.markdown(results, Machine.here())
    print(text)
    folder = options.to or (WRITTEN_TO if options.plan == "full" else None)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "orders.md").write_text(text, encoding="utf-8")
        (folder / "orders.svg").write_text(plot.svg(results), encoding="utf-8")
        print(f"Written to {folder}.", file=sys.stderr)
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", allow_abbrev=False)
    parser.set_defaults(plan="full")
    for plan, help_ in (
        ("quick", "a minute; only printed"),
        ("growth", "purchases alone, up to a million orders; only printed"),
    ):
        parser.add_argument(
            f"--{plan}", dest="plan", action="store_const", const=plan, help=help_
        )
    parser.add_argument("--only", choices=DATABASES, help="measure one database")
    parser.add_argument("--to", type=Path, metavar="DIR", help="write the report here")
    return parser.parse_args(arguments)


def _measure(database: str, plan: str) -> Results:
    print(f"{database}:", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="kloter-bench-") as name:
        folder = Path(name)
        file = folder / "results.json"
        with _database_url(database, folder) as url:
            environment = os.environ | {
                "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings",
                "DATABASE_URL": url,
                "DATABASE_URL_FILE": "",
                "BENCH_FOLDER": name,
            }
            command = [sys.executable, "-m", "tests.benchmarks.measure"]
            subprocess.run([*command, plan, str(file)], env=environment, check=True)
        return Results.read(file)


@contextmanager
def _database_url(database: str, folder: Path) -> Iterator[str]:
    if database == "sqlite":
        yield f"sqlite:///{folder / 'shop.sqlite3'}"
        return
    with servers.postgres(durable=True) as url:
        yield url


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
