"""Enqueues and sends many mails: python -m tests.benchmarks.sending MAILS.

A sender is compared with a bare loop that writes and sends the same mails and keeps no
record; two senders with one; the shop's orders while mails leave with those without.
Everything is a process of its own, who enqueues and the mail server too. The words of a
mail are rendered when it is enqueued; a second bare loop renders them as it sends.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import django

django.setup()

# ruff: noqa: E402  Django is set up before its models are imported
from django.core.management import call_command

from campaigns.models import Batch
from orders.models import Message
from tests.benchmarks import purchase, shops
from tests.benchmarks.load import Buyers
from tests.benchmarks.mail_process import MARKED
from tests.benchmarks.measure import database_name, prepare, say
from tests.benchmarks.purchase import Counter
from tests.benchmarks.results import ratio
from tests.drafts import make_offer, place_order

ROUNDS = 3
# Of all mails, what one sender sends in one round.
SHARE, LEAST = 20, 200
AT_ONCE = 8
# What a mail server of others takes for a mail, and a busy one.
QUICK_SERVER, BUSY_SERVER = 0.005, 0.05
# Of all mails, how many orders are placed in one round meanwhile.
ORDERS_SHARE = 500


@dataclass(frozen=True)
class Sent:
    """By one or several processes that began together."""

    mails: int
    seconds: float
    peak_mib: float
    longest_ms: float
    cpu_seconds: float

    @property
    def cpu_ms(self) -> float:
        """Of the sending processes alone, a mail."""
        return 1000 * self.cpu_seconds / self.mails

    @property
    def per_second(self) -> float:
        return self.mails / self.seconds


def main(mails: int) -> None:
    prepare()
    batch = make_offer(capacity=10**8)
    place_order(batch)
    say(f"{mails:,} mails are enqueued")
    Message.objects.update(state="sent")
    rows = enqueued_figures(send(0, "enqueue", mails))
    rows |= rate_figures(max(LEAST, mails // SHARE))
    rows |= orders_meanwhile(batch, max(60, mails // ORDERS_SHARE))
    say("all are sent once more")
    with mail_server() as sink:
        rows |= last_figures(send(sink, "sender", mails))
    call_command("check_invariants", quiet=True)
    print(table(rows))


def enqueued_figures(enqueued: Sent) -> dict[str, str]:
    return {
        "mails enqueued": f"{enqueued.mails:,}",
        "enqueued a second": f"{enqueued.per_second:.0f}",
        "memory of who enqueues, MiB": f"{enqueued.peak_mib:.0f}",
        "its longest transaction, ms": f"{enqueued.longest_ms:.0f}",
    }


def rate_figures(sample: int) -> dict[str, str]:
    with mail_server() as sink:
        bare, one, two, wordy = rounds(sink, sample)
    with mail_server(QUICK_SERVER) as sink:
        _bare, far_one, far_two, _wordy = rounds(sink, sample // 4, bare=False)
    figures = {
        "bare loop, mails a second": f"{median(rates_of(bare)):.0f}",
        "one sender, mails a second": f"{median(rates_of(one)):.0f}",
        "one sender, of the bare loop": of(one, bare),
        "one sender, of a loop that renders the words": of(one, wordy),
        "CPU of the bare loop, ms a mail": f"{cpu_of(bare):.2f}",
        "CPU of one sender, ms a mail": f"{cpu_of(one):.2f}",
        "CPU of a loop that renders the words, ms a mail": f"{cpu_of(wordy):.2f}",
        "CPU of two senders, ms a mail": f"{cpu_of(two):.2f}",
        "two senders, of one": of(two, one),
        "two senders, of one, 5 ms a mail": of(far_two, far_one),
    }
    say(str(figures))
    return figures


def last_figures(sent: Sent) -> dict[str, str]:
    return {
        "mails sent by the last sender": f"{sent.mails:,}",
        "the sender's memory, MiB": f"{sent.peak_mib:.0f}",
        "the sender's longest transaction, ms": f"{sent.longest_ms:.0f}",
    }


def rates_of(runs: list[Sent]) -> list[float]:
    return [run.per_second for run in runs]


def of(upper: list[Sent], lower: list[Sent]) -> str:
    return f"{ratio(rates_of(upper), rates_of(lower)):.2f}"


def cpu_of(runs: list[Sent]) -> float:
    return median(run.cpu_ms for run in runs)


def all_wait_again() -> None:
    """No run finds fewer mails than it is to send."""
    bench = Message.objects.filter(dedupe_key__contains=MARKED)
    bench.filter(state="sent").update(state="queued", attempts=0)


@contextmanager
def mail_server(seconds: float = 0.0) -> Iterator[int]:
    """A process that takes every mail; yields its port."""
    command = [sys.executable, "-m", "tests.doubles.smtp", "0", str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout  # noqa: S101
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def rounds(port: int, sample: int, *, bare: bool = True) -> tuple[list[Sent], ...]:
    """All in turn within each round, so that bad weather meets them all."""
    results: tuple[list[Sent], ...] = ([], [], [], [])
    for number in range(ROUNDS):
        say(f"{sample} mails each, round {number + 1} of {ROUNDS}")
        if bare:
            results[0].append(send(port, "bare", sample))
            results[3].append(send(port, "bare_words", sample))
        results[1].append(send(port, "sender", sample))
        results[2].append(send(port, "sender", sample // 2, processes=2))
    return results


def send(port: int, name: str, mails: int, *, processes: int = 1) -> Sent:
    if name == "sender":
        all_wait_again()
    with started(port, name, mails, processes) as running:
        return _outcome(running)


@contextmanager
def started(
    port: int, name: str, mails: int, processes: int = 1
) -> Iterator[list["subprocess.Popen[str]"]]:
    command = [sys.executable, "-m", "tests.benchmarks.mail_process", name]
    running = [
        subprocess.Popen(
            [*command, str(port), str(mails)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _n in range(processes)
    ]
    for process in running:
        assert process.stdout  # noqa: S101
        process.stdout.readline()
    for process in running:
        assert process.stdin  # noqa: S101
        process.stdin.write("go\n")
        process.stdin.flush()
    try:
        yield running
    finally:
        for process in running:
            process.terminate()
            process.communicate()


def _outcome(running: list["subprocess.Popen[str]"]) -> Sent:
    told = [json.loads(process.stdout.readline()) for process in running]  # type: ignore[union-attr]
    began = min(one["began"] for one in told)
    return Sent(
        mails=sum(one["sent"] for one in told),
        seconds=max(one["ended"] for one in told) - began,
        peak_mib=max(one["peak_mib"] for one in told),
        longest_ms=max(one["longest_ms"] for one in told),
        cpu_seconds=sum(one["cpu_seconds"] for one in told),
    )


def orders_meanwhile(batch: Batch, count: int) -> dict[str, str]:
    """Order POSTs a second while nothing is sent, and while a sender is at work."""
    alone, beside, flat_out = [], [], []
    buyers, counter = Buyers(), Counter.of(batch)
    with shops.running("config.wsgi", buyers) as shop:
        _orders(shop, counter, AT_ONCE * 2)
        for number in range(ROUNDS):
            say(f"orders while mails leave, round {number + 1} of {ROUNDS}")
            alone.append(_orders(shop, counter, count))
            with sending(BUSY_SERVER):
                beside.append(_orders(shop, counter, count))
            with sending(0):
                flat_out.append(_orders(shop, counter, count))
    buyers.close()
    return {
        "orders a second": f"{median(alone):.0f}",
        "kept while a sender works, 50 ms a mail": f"{ratio(beside, alone):.2f}",
        "kept while a sender works flat out": f"{ratio(flat_out, alone):.2f}",
    }


@contextmanager
def sending(seconds: float) -> Iterator[None]:
    """One sender at work for the time of the block."""
    all_wait_again()
    with mail_server(seconds) as port, started(port, "sender", 10**9):
        yield


def _orders(shop: shops.Shop, counter: Counter, count: int) -> float:
    requests = purchase.orders([counter], count)
    return shop.serve(requests, at_once=AT_ONCE, status=303).load.per_second


def table(rows: dict[str, str]) -> str:
    lines = [f"## {database_name()}", "", "| what | measured |", "| --- | ---: |"]
    return "\n".join(
        [*lines, *(f"| {name} | {value} |" for name, value in rows.items())]
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
