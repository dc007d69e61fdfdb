"""Run the whole suite on an SQLite file and on PostgreSQL at once; add the results up.

    python -m tests.run [--only sqlite|postgres] [pytest arguments]

PostgreSQL is the one from the test requirements, or that of TEST_DATABASE_URL.
What means the same on both is run on one of them: pages in a browser with PostgreSQL,
all else that is marked `once` with SQLite, so that both take about as long.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from xml.etree import ElementTree

from tests import servers

DATABASES = ("sqlite", "postgres")
LEFT_TO_THE_OTHER = {"sqlite": "not browser", "postgres": "not once"}
NOTHING_RAN = 5
# Its statistics are in the report too, for whoever reads that.
OF_HYPOTHESIS = "hypothesis-statistics"
NOTHING_TOLD = ElementTree.Element("testsuites")


@dataclass
class Result:
    """What one run of pytest came to."""

    database: str
    exit_code: int
    counts: Counter[str] = field(default_factory=Counter)
    skips: list[str] = field(default_factory=list)
    measured: list[str] = field(default_factory=list)
    broke_off: bool = False

    @property
    def ok(self) -> bool:
        return self.exit_code in (0, NOTHING_RAN)

    def __str__(self) -> str:
        trouble = f" (pytest ended with {self.exit_code})" if self.broke_off else ""
        return f"{self.database:9} {in_words(self.counts)}{trouble}"


@dataclass(frozen=True)
class Run:
    """A pytest at work; without `output` it prints for itself."""

    database: str
    output: Path | None
    pytest: "subprocess.Popen[bytes]"


def in_words(counts: Counter[str]) -> str:
    return ", ".join(
        f"{counts[kind]} {kind}" for kind in ("passed", "failed", "skipped")
    )


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, _leave)
    options, extra = _parse(arguments)
    databases = [options.only] if options.only else DATABASES
    with tempfile.TemporaryDirectory(prefix="kloter-tests-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL may have to enter it as another user.
        results = _run_all(databases, folder, options, extra)
    _report(results)
    return _exit_code(results)


def _leave(signum: int, frame: FrameType | None) -> None:
    sys.exit(128 + signum)  # Raises, so that servers stop and files go.


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="python -m tests.run", allow_abbrev=False)
    parser.add_argument("--only", choices=DATABASES, help="run on one database")
    parser.add_argument("-m", dest="marks", default="", help="as in pytest")
    return parser.parse_known_args(arguments)


def _selection(database: str, options: argparse.Namespace) -> str:
    """The -m expression: each run leaves out what the other does for both."""
    wanted = [f"({options.marks})"] if options.marks else []
    if not options.only:
        wanted.append(LEFT_TO_THE_OTHER[database])
    return " and ".join(wanted)


def _run_all(
    databases: Sequence[str],
    folder: Path,
    options: argparse.Namespace,
    extra: list[str],
) -> list[Result]:
    """Side by side, a core for each; what the second prints is shown afterwards."""
    with ExitStack() as stack:
        runs: list[Run] = []
        for database in databases:
            environment = stack.enter_context(_environment(database, folder))
            output = None if not runs else folder / f"{database}.log"
            command = _command(database, folder, options, extra)
            runs.append(Run(database, output, _start(command, environment, output)))
        try:
            return [_finish(run, folder) for run in runs]
        finally:
            for run in runs:
                _end(run.pytest)


def _command(
    database: str, folder: Path, options: argparse.Namespace, extra: list[str]
) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-o",
        f"cache_dir={folder / 'cache'}-{database}",
    ]
    command += [f"--junitxml={_report_file(folder, database)}", *extra]
    marks = _selection(database, options)
    return [*command, "-m", marks] if marks else command


def _report_file(folder: Path, database: str) -> Path:
    return folder / f"{database}.xml"


def _start(
    command: list[str], environment: dict[str, str], output: Path | None
) -> "subprocess.Popen[bytes]":
    if output is None:
        return subprocess.Popen(command, env=environment)
    with output.open("wb") as file:
        return subprocess.Popen(
            command, env=environment, stdout=file, stderr=subprocess.STDOUT
        )


def _finish(run: Run, folder: Path) -> Result:
    if run.output is None:
        print(f"\n=== Tests on {run.database} ===", flush=True)
    exit_code = run.pytest.wait()
    if run.output is not None:
        print(f"\n=== Tests on {run.database} ===", flush=True)
        print(run.output.read_text(errors="replace"), flush=True)
    return _read(_report_file(folder, run.database), Result(run.database, exit_code))


def _end(pytest: "subprocess.Popen[bytes]") -> None:
    """When this process has to go, pytest tidies up before it."""
    if pytest.poll() is None:
        pytest.send_signal(signal.SIGINT)  # Ctrl-C reaches it without our help.
        pytest.wait()


@contextmanager
def _environment(database: str, folder: Path) -> Iterator[dict[str, str]]:
    environment = os.environ | {"TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    environment.pop("DATABASE_URL", None)  # Perhaps that of a real shop.
    given = os.environ.get("TEST_DATABASE_URL")
    if database == "sqlite":
        yield environment
    elif given:
        yield environment | {"DATABASE_URL": given}
    else:
        with servers.postgres() as url:
            yield environment | {"DATABASE_URL": url}


def _read(report: Path, result: Result) -> Result:
    """Take the counts from pytest's report, if it lived to write one."""
    told = ElementTree.parse(report).getroot() if report.exists() else NOTHING_TOLD
    for measure in told.iterfind(".//properties/property"):
        if str(measure.get("name")).startswith(OF_HYPOTHESIS):
            continue
        name, value = measure.get("name"), measure.get("value")
        result.measured.append(f"{name} {value} ({result.database})")
    for case in told.iterfind(".//testcase"):
        kind = _kind(case)
        result.counts[kind] += 1
        skipped = case.find("skipped")
        if kind == "skipped" and skipped is not None:
            name = f"{case.get('classname')}.{case.get('name')}"
            result.skips.append(f"{name} ({result.database}): {skipped.get('message')}")
    if not (result.ok or result.counts["failed"]):
        result.counts["failed"] = 1  # The run itself.
        result.broke_off = True
    return result


def _kind(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    skipped = case.find("skipped")
    if skipped is not None and skipped.get("type") != "pytest.xfail":
        return "skipped"
    return "passed"


def _report(results: list[Result]) -> None:
    skips = [skip for result in results for skip in result.skips]
    if skips:
        print(f"\n{' NOT RUN: ' + str(len(skips)) + ' skipped ':!^79}")
        for skip in skips:
            print(f"!! {skip}")
        print("!" * 79)
    print()
    for result in results:
        print("\n".join([*result.measured, str(result)]))
    total = sum((result.counts for result in results), Counter())
    print(in_words(total), flush=True)


def _exit_code(results: list[Result]) -> int:
    if not any(result.counts for result in results) and all(r.ok for r in results):
        print("No test matched.", file=sys.stderr)
        return NOTHING_RAN
    return 0 if all(result.ok for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
