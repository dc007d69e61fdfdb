"""Processes that enqueue or send mails, one that takes them, and what they tell."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from orders.decisions.mails import SCHEDULE_CHANGE
from orders.models import Message

# As its service and docs/sending-mail.md start a sender.
NICENESS = 10
Processes = list["subprocess.Popen[str]"]


@dataclass(frozen=True)
class Done:
    """By one or several processes that began together; the worst of each figure.

    `steps_ms`, `claims_ms`: the usual one in the first tenth, and in the last.
    """

    mails: int
    seconds: float
    cpu_seconds: float
    early_mib: float
    peak_mib: float
    longest_ms: float
    longest_at: int
    most_statements: int
    longest_statement_ms: float
    steps_ms: tuple[float, float]
    claims_ms: tuple[float, float]

    @property
    def cpu_ms(self) -> float:
        """Of these processes alone, a mail."""
        return 1000 * self.cpu_seconds / self.mails

    @property
    def per_second(self) -> float:
        return self.mails / self.seconds


def all_wait_again() -> None:
    """No run finds fewer mails than it is to send."""
    news = Message.objects.filter(kind=SCHEDULE_CHANGE)
    news.exclude(state="queued").update(state="queued", leased_until=None, attempts=0)


@contextmanager
def mail_server(seconds: float = 0.0) -> Iterator[int]:
    """A process that takes every mail; yields its port. It is another machine's in a
    real shop, and takes its CPU of this one."""
    command = [sys.executable, "-m", "tests.doubles.smtp", "0", str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout  # noqa: S101
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def run(work: str, mails: int, *, port: int = 0, processes: int = 1) -> Done:
    with started(work, mails, port=port, processes=processes) as running:
        return _outcome(running)


@contextmanager
def started(
    work: str, mails: int, *, port: int, processes: int = 1, niceness: int = 0
) -> Iterator[Processes]:
    running = [_process(work, mails, port, niceness) for _n in range(processes)]
    try:
        _begin(running)
        yield running
    finally:
        for process in running:
            process.terminate()
            process.communicate()


def _process(
    work: str, mails: int, port: int, niceness: int
) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.benchmarks.mail_process", work]
    if niceness:
        command = ["nice", "-n", str(niceness), *command]
    return subprocess.Popen(
        [*command, str(port), str(mails)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _begin(running: Processes) -> None:
    """All at once, when all are ready."""
    for process in running:
        assert process.stdout  # noqa: S101
        process.stdout.readline()
    for process in running:
        assert process.stdin  # noqa: S101
        process.stdin.write("go\n")
        process.stdin.flush()


def _outcome(running: Processes) -> Done:
    told = [json.loads(process.stdout.readline()) for process in running]  # type: ignore[union-attr]
    seconds = max(one.pop("ended") for one in told) - min(
        one.pop("began") for one in told
    )
    mails, cpu = (sum(one.pop(n) for one in told) for n in ("mails", "cpu_seconds"))
    worst = max(told, key=lambda one: one["longest_ms"])
    worst["peak_mib"] = max(one["peak_mib"] for one in told)
    return Done(mails=mails, seconds=seconds, cpu_seconds=cpu, **worst)
