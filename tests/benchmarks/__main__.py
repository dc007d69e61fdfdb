"""`make bench`: what an order costs, and how many a second a shop can take.

    make bench                                  all of it, into docs/benchmarks
    make bench ARGS=--quick                     a minute; only printed
    make bench ARGS=--growth                    up to a million orders; only printed
    make bench ARGS="--only postgres --to DIR"  one database, written elsewhere
    make bench ARGS="--part refund_batch"       one part alone

Read ratios, not rates: buyers, shop and database share the machine, and a ratio's two
sides run in turn. No test judges them; whoever runs it does.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import servers
from tests.benchmarks import plot, report
from tests.benchmarks.machine import Machine
from tests.benchmarks.results import Results

DATABASES = ("sqlite", "postgres")
WRITTEN_TO = Path("docs/benchmarks")
# How many of what each measures in full, and in a minute.
PARTS = {
    "refund_batch": (10_000, 500),
    "announcement": (100_000, 2000),
    "sending": (1000, 200),
}


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    if options.part:
        return _part(options.part, options)
    chosen = [options.only] if options.only else DATABASES
    results = [_measure(database, options.plan) for database in chosen]
    text = report.markdown(results, Machine.here())
    print(text)
    folder = _folder(options)
    if folder:
        (folder / "orders.md").write_text(text, encoding="utf-8")
        (folder / "orders.svg").write_text(plot.svg(results), encoding="utf-8")
        print(f"Written to {folder}.", file=sys.stderr)
    parts = [] if options.plan == "growth" else list(PARTS)
    return max((_part(name, options) for name in parts), default=0)


def _folder(options: argparse.Namespace) -> Path | None:
    written_to = WRITTEN_TO if options.plan == "full" else None
    folder: Path | None = options.to or written_to
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _part(name: str, options: argparse.Namespace) -> int:
    """A part that measures one thing, in a process of its own on each database."""
    number = options.number or PARTS[name][options.plan == "quick"]
    chosen = [options.only] if options.only else DATABASES
    tables = [_measure_part(name, database, number) for database in chosen]
    text = "\n\n".join([_part_head(name), *tables]) + "\n"
    print(text)
    if folder := _folder(options):
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return 0


def _part_head(name: str) -> str:
    machine = Machine.here()
    return (
        f"# {name}\n\nWritten by `make bench` on {time.strftime('%Y-%m-%d')}:"
        f" {machine.cores} cores,\n{machine.memory_gib} GiB, Python {machine.python},"
        f" {machine.system}."
    )


def _measure_part(name: str, database: str, number: int) -> str:
    print(f"{name}, {database}:", file=sys.stderr, flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="kloter-bench-") as folder,
        _database_url(database, Path(folder)) as url,
    ):
        command = [sys.executable, "-m", f"tests.benchmarks.{name}", str(number)]
        environment = _environment(url, folder)
        run = subprocess.run(
            command, env=environment, check=True, stdout=subprocess.PIPE, text=True
        )
    return run.stdout.strip()


def _environment(url: str, folder: str) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings",
        "DATABASE_URL": url,
        "DATABASE_URL_FILE": "",
        "BENCH_FOLDER": folder,
    }


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
    parser.add_argument("--part", choices=PARTS, help="measure this alone")
    parser.add_argument("--number", type=int, help="of what a part measures")
    parser.add_argument("--to", type=Path, metavar="DIR", help="write the report here")
    return parser.parse_args(arguments)


def _measure(database: str, plan: str) -> Results:
    print(f"{database}:", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="kloter-bench-") as name:
        folder = Path(name)
        file = folder / "results.json"
        with _database_url(database, folder) as url:
            environment = _environment(url, name)
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
