"""Measures one database: python -m tests.benchmarks.measure PLAN RESULTS_FILE."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import django

django.setup()

# ruff: noqa: E402  Django is set up before its models are imported
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models import F

from campaigns.models import Batch
from orders.models import Message, Order, OrderLine
from payments.checkout.placing import place
from tests.benchmarks import limits, purchase, reconciling, shops
from tests.benchmarks.history import History, count_anew
from tests.benchmarks.load import Buyers
from tests.benchmarks.machine import cpu_seconds
from tests.benchmarks.plan import PLANS, Plan
from tests.benchmarks.purchase import Counter
from tests.benchmarks.results import (
    YARDSTICK,
    Limit,
    Orders,
    Placing,
    Results,
    Step,
)
from tests.benchmarks.shops import Cost, Shop
from tests.drafts import make_draft, make_offer, new_key

BATCHES = 8
LARGEST_CHECKED = 100_000
WARM_UP = 16
AT_ONCE = 8


def main(plan: Plan, file: Path) -> None:
    prepare()
    results = Results(database=database_name())
    # Before there is a past: what a round compares and mends is then its own.
    say(f"reconciliation of {plan.payments:,} payments")
    results.reconciling += reconciling.measure(plan.payments)
    past = History()
    batch = past.batch
    counters = [Counter.of(make_offer(capacity=10**8)) for _n in range(BATCHES)]
    with running_shops() as running:
        for number, existing in enumerate(plan.sizes):
            say(f"{existing:,} existing orders")
            past.grow_to(existing)
            purchases(running, Counter.of(batch), plan, existing, results)
            placing(batch, plan, existing, results)
            if existing <= LARGEST_CHECKED:
                invariants(existing, results)
            if number == 0 and plan.buyers:
                order_posts(running, [Counter.of(batch), *counters], plan, results)
                count_anew(batch)
    call_command("check_invariants", quiet=True)
    results.save(file)


def prepare() -> None:
    (settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("migrate", interactive=False, verbosity=0)


def database_name() -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sqlite_version()")
            return f"SQLite {cursor.fetchone()[0]}"
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0]}"


@contextmanager
def running_shops() -> Iterator[dict[str, Shop]]:
    with ExitStack() as stack:
        buyers = Buyers()
        stack.callback(buyers.close)
        yield {
            name: stack.enter_context(shops.running(application, buyers, arguments))
            for name, application, arguments in (
                ("shop", "config.wsgi", shops.SYNC),
                ("shop, threads", "config.wsgi", shops.THREADS),
                ("shop without cap", "tests.benchmarks.uncapped_wsgi", shops.SYNC),
                ("bare view", "tests.benchmarks.bare_wsgi", shops.SYNC),
            )
        }


def order_posts(
    running: dict[str, Shop], counters: list[Counter], plan: Plan, results: Results
) -> None:
    """All shops in turn within each round, so that bad weather meets them all."""
    one, eight = counters[:1], counters[1:]
    for name, shop in running.items():
        post(name, shop, one, at_once=AT_ONCE, count=WARM_UP)
    for round_ in range(plan.rounds):
        say(f"order POSTs, round {round_ + 1} of {plan.rounds}")
        for buyers in plan.buyers:
            # Each buyer comes back, so that no round is all beginning and end.
            count = max(2 * buyers, plan.orders if buyers > 1 else plan.orders // 4)
            for name, shop in running.items():
                cost = post(name, shop, one, at_once=buyers, count=count)
                results.orders.append(as_orders(name, buyers, cost))
            cost = post("shop", running["shop"], eight, at_once=buyers, count=count)
            results.orders.append(as_orders("shop, 8 batches", buyers, cost))
            measure_limits(buyers, plan, results)


def post(
    name: str, shop: Shop, counters: list[Counter], *, at_once: int, count: int
) -> Cost:
    if name == "bare view":
        bare = [counters[0].bare_order("/order") for _n in range(count)]
        return shop.serve(bare, at_once=at_once, status=201)
    orders = purchase.orders(counters, count)
    return shop.serve(orders, at_once=at_once, status=303)


def as_orders(name: str, buyers: int, cost: Cost) -> Orders:
    return Orders(
        shop=name,
        buyers=buyers,
        per_second=cost.load.per_second,
        p50=cost.load.milliseconds(50),
        p99=cost.load.milliseconds(99),
        app_ms=cost.app_ms,
        database_ms=cost.database_ms,
    )


def measure_limits(clients: int, plan: Plan, results: Results) -> None:
    if connection.vendor != "postgresql":
        return
    with limits.pgbench(os.environ["DATABASE_URL"]) as pgbench:
        for script in limits.SCRIPTS:
            rate = pgbench.per_second(
                script, clients=clients, seconds=plan.limit_seconds
            )
            results.limits.append(
                Limit(script=script, clients=clients, per_second=rate)
            )


def purchases(
    running: dict[str, Shop],
    counter: Counter,
    plan: Plan,
    existing: int,
    results: Results,
) -> None:
    """Purchases and the yardstick in turn, so that bad weather meets both."""
    costs_of(running, counter, WARM_UP)
    for _round in range(plan.rounds):
        for name, cost in costs_of(running, counter, plan.purchases).items():
            step = Step(
                name=name,
                existing=existing,
                app_ms=cost.app_ms,
                database_ms=cost.database_ms,
            )
            results.steps.append(step)


def costs_of(running: dict[str, Shop], counter: Counter, count: int) -> dict[str, Cost]:
    costs = purchase.whole(running["shop"], counter, count=count, at_once=AT_ONCE)
    bare = [counter.bare_order("/four-rows") for _n in range(count)]
    costs[YARDSTICK] = running["bare view"].serve(bare, at_once=AT_ONCE, status=201)
    forget_bare_orders(count)
    return costs


def forget_bare_orders(count: int) -> None:
    """Four rows are no whole order: `check_invariants` would find what they lack."""
    bare = Order.objects.filter(events=None, payments=None)
    batch = bare.earliest("pk").batch
    Message.objects.filter(order__in=bare).delete()
    OrderLine.objects.filter(order__in=bare).delete()
    assert bare.delete()[0] == count  # noqa: S101
    Batch.objects.filter(pk=batch.pk).update(taken=F("taken") - count)


def placing(batch: Batch, plan: Plan, existing: int, results: Results) -> None:
    drafts = [make_draft(batch) for _n in range(plan.purchases)]
    server = shops.database_pid()
    began, cpu = time.perf_counter(), cpu_seconds(os.getpid()) + cpu_seconds(server)
    for draft in drafts:
        place(draft, gateway="sandbox", submit_key=new_key())
    seconds = time.perf_counter() - began
    cpu = cpu_seconds(os.getpid()) + cpu_seconds(server) - cpu
    results.placing.append(
        Placing(
            existing=existing,
            per_second=len(drafts) / seconds,
            cpu_ms=1000 * cpu / len(drafts),
        )
    )


def invariants(existing: int, results: Results) -> None:
    began = time.perf_counter()
    call_command("check_invariants", quiet=True)
    results.invariants_orders = existing
    results.invariants_seconds = time.perf_counter() - began


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(PLANS[sys.argv[1]], Path(sys.argv[2]))
