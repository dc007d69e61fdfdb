"""Run the whole suite on an SQLite file and on PostgreSQL at once; add the results up.

    python -m tests.run [--only sqlite|postgres] [pytest arguments]

PostgreSQL is the one from the test requirements, or that of TEST_DATABASE_URL.
What means the same on both is run on one of them, so that both take about as long:
with PostgreSQL pages in a browser and what is marked `once(on="postgres")`, with SQLite
all else that is marked `once`.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tests import results, servers
from tests.results import NOTHING_RAN, Result

DATABASES = ("sqlite", "postgres")
LEFT_TO_THE_OTHER = {
    "sqlite": "not browser and not once(on='postgres')",
    "postgres": "(not once or once(on='postgres'))",
}


@dataclass(frozen=True)
class Run:
    """A pytest at work; without `output` it prints for itself."""

    database: str
    output: Path | None
    pytest: "subprocess.Popen[bytes]"


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, _leave)
    options, extra = _parse(arguments)
    databases = [options.only] if options.only else DATABASES
    with tempfile.TemporaryDirectory(prefix="kloter-tests-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL may have to enter it as another user.
        runs = _run_all(databases, folder, options, extra)
    results.report(runs)
    return _exit_code(runs)


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
    exit_code, cpu_seconds = _wait_for(run.pytest)
    if run.output is not None:
        print(f"\n=== Tests on {run.database} ===", flush=True)
        print(run.output.read_text(errors="replace"), flush=True)
    result = Result(run.database, exit_code, cpu_seconds)
    return results.read(_report_file(folder, run.database), result)


def _wait_for(pytest: "subprocess.Popen[bytes]") -> tuple[int, float]:
    """Its exit code, and what it and all it waited for took of the processor."""
    _pid, status, usage = os.wait4(pytest.pid, 0)
    pytest.returncode = os.waitstatus_to_exitcode(status)
    return pytest.returncode, usage.ru_utime + usage.ru_stime


def _end(pytest: "subprocess.Popen[bytes]") -> None:
    """When this process has to go, pytest tidies up before it."""
    if pytest.poll() is None:
        pytest.send_signal(signal.SIGINT)  # Ctrl-C reaches it without our help.
        pytest.wait()


@contextmanager
def _environment(database: str, folder: Path) -> Iterator[dict[str, str]]:
    environment = os.environ | {"TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    environment.pop("DATABASE_URL", None)  # Perhaps that of a real shop.
    # Else each of the many processes would compile the shop's code for itself.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    given = os.environ.get("TEST_DATABASE_URL")
    if database == "sqlite":
        yield environment
    elif given:
        yield environment | {"DATABASE_URL": given}
    else:
        with servers.postgres() as url:
            yield environment | {"DATABASE_URL": url}


def _exit_code(runs: list[Result]) -> int:
    if not any(run.counts for run in runs) and all(run.ok for run in runs):
        print("No test matched.", file=sys.stderr)
        return NOTHING_RAN
    return 0 if all(run.ok for run in runs) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
