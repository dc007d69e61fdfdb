"""Enqueues and sends many mails: python -m tests.benchmarks.sending MAILS.

A sender is compared with a bare loop that renders and sends the same mails and keeps no
record; two senders with one; the shop's orders while mails leave with those without.
Everything is a process of its own, the mail server too.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import django

django.setup()

# ruff: noqa: E402  Django is set up before its models are imported
from django.core.management import call_command

from campaigns.models import Batch
from orders import mail_rows
from orders.models import Message, Order
from tests.benchmarks import purchase, shops
from tests.benchmarks.load import Buyers
from tests.benchmarks.measure import database_name, prepare, say
from tests.benchmarks.purchase import Counter
from tests.benchmarks.refund_batch import Watch, watched
from tests.benchmarks.results import ratio
from tests.drafts import make_offer, place_order

CHUNK = 500
ROUNDS = 3
# Of all mails, what one sender sends in one round.
SHARE = 20
AT_ONCE = 8
# What a mail server of others takes for a mail, and a busy one.
QUICK_SERVER, BUSY_SERVER = 0.005, 0.05
ORDERS = 200


@dataclass(frozen=True)
class Sent:
    """By one or several processes that began together."""

    mails: int
    seconds: float
    peak_mib: float
    longest_ms: float

    @property
    def per_second(self) -> float:
        return self.mails / self.seconds


def main(mails: int) -> None:
    prepare()
    batch = make_offer(capacity=10**8)
    order = place_order(batch)
    enqueued = enqueue(order, mails)
    sample = max(50, mails // SHARE)
    with mail_server() as sink:
        bare, one, two = rounds(sink, sample)
    with mail_server(QUICK_SERVER) as sink:
        _bare, far_one, far_two = rounds(sink, max(50, sample // 5), bare=False)
    meanwhile = orders_meanwhile(batch)
    say("the rest is sent")
    with mail_server() as sink:
        rest = send(sink, "sender", mails)
    call_command("check_invariants", quiet=True)
    assert not Message.objects.exclude(state="sent").exists()  # noqa: S101
    rates = [[run.per_second for run in runs] for runs in (bare, one, two)]
    far = [[run.per_second for run in runs] for runs in (far_one, far_two)]
    print(
        table(
            {
                "mails enqueued": f"{mails:,}",
                "enqueued a second": f"{enqueued.per_second:.0f}",
                "memory of who enqueues, MiB": f"{enqueued.peak_mib:.0f}",
                "its longest transaction, ms": f"{enqueued.longest_ms:.0f}",
                "bare loop, mails a second": f"{median(rates[0]):.0f}",
                "one sender, mails a second": f"{median(rates[1]):.0f}",
                "one sender, of the bare loop": f"{ratio(rates[1], rates[0]):.2f}",
                "two senders, of one": f"{ratio(rates[2], rates[1]):.2f}",
                "two senders, of one, 5 ms a mail": f"{ratio(far[1], far[0]):.2f}",
                "mails sent by the last sender": f"{rest.mails:,}",
                "the sender's memory, MiB": f"{rest.peak_mib:.0f}",
                "the sender's longest transaction, ms": f"{rest.longest_ms:.0f}",
                **meanwhile,
            }
        )
    )


def enqueue(order: Order, mails: int) -> Sent:
    """As a fan-out does: rendered one by one, stored by the chunk."""
    say(f"{mails:,} mails are enqueued")
    Message.objects.update(state="sent")
    watch, began = Watch(expected=mails), time.monotonic()
    with watched(watch):
        for start in range(0, mails, CHUNK):
            numbers = range(start, min(start + CHUNK, mails))
            mail_rows.store([_mail(order, n) for n in numbers])
    seconds = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Sent(mails, seconds, peak, watch.longest_ms)


def _mail(order: Order, number: int) -> Message:
    priority = Message.Priority.BULK
    columns: dict[str, Any] = {"key": f"bench-{number}", "priority": priority}
    return mail_rows.of_order(order, "order_confirmed", **columns)


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


def rounds(
    port: int, sample: int, *, bare: bool = True
) -> tuple[list[Sent], list[Sent], list[Sent]]:
    """All in turn within each round, so that bad weather meets them all."""
    results: tuple[list[Sent], list[Sent], list[Sent]] = ([], [], [])
    for number in range(ROUNDS):
        say(f"{sample} mails each, round {number + 1} of {ROUNDS}")
        if bare:
            results[0].append(send(port, "bare", sample))
        results[1].append(send(port, "sender", sample))
        results[2].append(send(port, "sender", sample // 2, processes=2))
    return results


def send(port: int, name: str, mails: int, *, processes: int = 1) -> Sent:
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
    )


def orders_meanwhile(batch: Batch) -> dict[str, str]:
    """Order POSTs a second while nothing is sent, and while a sender is at work."""
    alone, beside, flat_out = [], [], []
    buyers, counter = Buyers(), Counter.of(batch)
    with shops.running("config.wsgi", buyers) as shop:
        _orders(shop, counter, AT_ONCE * 2)
        for number in range(ROUNDS):
            say(f"orders while mails leave, round {number + 1} of {ROUNDS}")
            alone.append(_orders(shop, counter))
            beside.append(_while_sending(shop, counter, BUSY_SERVER))
            flat_out.append(_while_sending(shop, counter, 0))
    buyers.close()
    return {
        "orders a second": f"{median(alone):.0f}",
        "kept while a sender works, 50 ms a mail": f"{ratio(beside, alone):.2f}",
        "kept while a sender works flat out": f"{ratio(flat_out, alone):.2f}",
    }


def _while_sending(shop: shops.Shop, counter: Counter, seconds: float) -> float:
    with mail_server(seconds) as port, started(port, "sender", 10**9):
        return _orders(shop, counter)


def _orders(shop: shops.Shop, counter: Counter, count: int = ORDERS) -> float:
    requests = purchase.orders([counter], count)
    return shop.serve(requests, at_once=AT_ONCE, status=303).load.per_second


def table(rows: dict[str, str]) -> str:
    lines = [f"## {database_name()}", "", "| what | measured |", "| --- | ---: |"]
    return "\n".join(
        [*lines, *(f"| {name} | {value} |" for name, value in rows.items())]
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
