"""Compares senders of mail: python -m tests.benchmarks.sending MAILS.

A sender is compared with a bare loop that renders and sends the same mails and keeps no
record, and with one that finds the words; two senders with one; the shop's orders while
mails leave with those without. Everything is a process of its own, the mail server too.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import django

django.setup()

# ruff: noqa: E402  Django is set up before its models are imported
from django.core.management import call_command

from campaigns.models import Batch
from tests.benchmarks import purchase, shops
from tests.benchmarks.announcement import announced, table
from tests.benchmarks.load import Buyers
from tests.benchmarks.mailing import (
    NICENESS,
    Done,
    all_wait_again,
    mail_server,
    run,
    started,
)
from tests.benchmarks.measure import prepare, say
from tests.benchmarks.purchase import Counter
from tests.benchmarks.results import ratio

ROUNDS = 3
# So many rounds of mails wait while orders are placed: the sender has no rest.
WAITING = 5
# Of the mails of a round, how many orders are placed in one.
ORDERS_SHARE = 4
AT_ONCE = 8
# What a mail server of others takes for a mail, and a busy one.
QUICK_SERVER, BUSY_SERVER = 0.005, 0.05


def main(mails: int) -> None:
    """So many in each round."""
    prepare()
    batch = announced(WAITING * mails)
    run("tell", WAITING * mails)
    rows = rate_figures(mails)
    rows |= orders_meanwhile(batch, max(60, mails // ORDERS_SHARE))
    all_wait_again()
    call_command("check_invariants", quiet=True)
    print(table(rows))


def rate_figures(mails: int) -> dict[str, str]:
    with mail_server() as port:
        bare, wordy, one, two = rounds(port, mails)
    with mail_server(QUICK_SERVER) as port:
        _bare, _wordy, far_one, far_two = rounds(port, mails // 4, bare=False)
    figures = {
        "loop that renders and sends, mails a second": f"{median(rates(wordy)):.0f}",
        "one sender, mails a second": f"{median(rates(one)):.0f}",
        "one sender, of that loop": of(one, wordy),
        "one sender, of a loop that finds its words": of(one, bare),
        "CPU of the loop that renders, ms a mail": f"{cpu(wordy):.2f}",
        "CPU of the loop that finds its words, ms a mail": f"{cpu(bare):.2f}",
        "CPU of one sender, ms a mail": f"{cpu(one):.2f}",
        "CPU of two senders, ms a mail": f"{cpu(two):.2f}",
        "two senders, of one": of(two, one),
        "two senders, of one, 5 ms a mail": of(far_two, far_one),
    }
    say(str(figures))
    return figures


def rates(runs: list[Done]) -> list[float]:
    return [run.per_second for run in runs]


def of(upper: list[Done], lower: list[Done]) -> str:
    return f"{ratio(rates(upper), rates(lower)):.2f}"


def cpu(runs: list[Done]) -> float:
    return median(run.cpu_ms for run in runs)


def rounds(port: int, mails: int, *, bare: bool = True) -> tuple[list[Done], ...]:
    """All in turn within each round, so that bad weather meets them all."""
    results: tuple[list[Done], ...] = ([], [], [], [])
    for number in range(ROUNDS):
        say(f"{mails} mails each, round {number + 1} of {ROUNDS}")
        if bare:
            results[0].append(run("bare", mails, port=port))
            results[1].append(run("bare_words", mails, port=port))
        results[2].append(sent(mails, port))
        results[3].append(sent(mails // 2, port, processes=2))
    return results


def sent(mails: int, port: int, *, processes: int = 1) -> Done:
    all_wait_again()
    return run("sender", mails, port=port, processes=processes)


def orders_meanwhile(batch: Batch, count: int) -> dict[str, str]:
    """Order POSTs a second while nothing is sent, and while a sender is at work."""
    alone, beside, flat_out = [], [], []
    buyers, counter = Buyers(), Counter.of(batch)
    with shops.running("config.wsgi", buyers) as shop:
        _orders(shop, counter, AT_ONCE * 2)
        for number in range(ROUNDS):
            say(f"orders while mails leave, round {number + 1} of {ROUNDS}")
            # The database tidies up after it, whoever is measured then.
            all_wait_again()
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
    """One sender at work for the time of the block, started as a shop starts it."""
    all_wait_again()
    with (
        mail_server(seconds) as port,
        started("sender", 10**9, port=port, niceness=NICENESS),
    ):
        yield


def _orders(shop: shops.Shop, counter: Counter, count: int) -> float:
    requests = purchase.orders([counter], count)
    return shop.serve(requests, at_once=AT_ONCE, status=303).load.per_second


if __name__ == "__main__":
    main(int(sys.argv[1]))
