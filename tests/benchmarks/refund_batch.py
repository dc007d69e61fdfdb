"""Refunds a canceled batch: python -m tests.benchmarks.refund_batch PAYMENTS."""

import sys
import time

import django

django.setup()

# ruff: noqa: E402  Django is set up before its models are imported
from django.core.management import call_command

from campaigns.actors import SYSTEM
from campaigns.models import Batch
from orders.models import Order
from payments.models import Refund
from payments.refunds import runs as refund_runs
from payments.refunds import worker as refund_worker
from tests.benchmarks.history import TEMPLATES, History
from tests.benchmarks.measure import database_name, prepare, say
from tests.benchmarks.watch import Watch, resident_mib, watched

PAID_OF_TEN = 7


def main(payments: int) -> None:
    prepare()
    batch = canceled_batch(payments)
    run = refund_runs.begin(batch)
    assert refund_runs.take(run)  # noqa: S101  nobody else is here
    # Each order is canceled, asked what it owes, and refunded.
    watch = Watch(expected=batch.orders.count() + payments)
    say(f"{payments:,} payments are refunded")
    began = time.perf_counter()
    with watched(watch):
        refund_worker.Worker(run, per_minute=0, told=watch.told).work()
    seconds = time.perf_counter() - began
    call_command("check_invariants", quiet=True)
    print(_table(watch, seconds))


def canceled_batch(payments: int) -> Batch:
    """With so many payments to refund, and orders that nobody paid."""
    say(f"{payments:,} payments are made")
    past = History()
    past.grow_to(TEMPLATES * -(-payments // PAID_OF_TEN), are_new=True)
    past.batch.refresh_from_db()
    past.batch.cancel(actor=SYSTEM)
    return past.batch


def _table(watch: Watch, seconds: float) -> str:
    refunded = Refund.objects.filter(state="succeeded").count()
    canceled = Order.objects.filter(status="canceled").count()
    rows = [
        ("payments refunded", f"{refunded:,}"),
        ("orders canceled", f"{canceled:,}"),
        ("payments a second", f"{refunded / seconds:.0f}"),
        ("memory at a tenth of the way, MiB", f"{watch.early_mib:.0f}"),
        ("memory at the end, MiB", f"{resident_mib():.0f}"),
        ("longest transaction, ms", f"{watch.longest_ms:.0f}"),
        ("most statements in a transaction", f"{watch.most_statements}"),
    ]
    lines = [f"## {database_name()}", "", "| what | measured |", "| --- | ---: |"]
    return "\n".join([*lines, *(f"| {name} | {value} |" for name, value in rows)])


if __name__ == "__main__":
    main(int(sys.argv[1]))
