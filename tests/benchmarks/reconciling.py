"""What a reconciliation of many payments costs: memory, time, the longest transaction.

The gateway is one that lists all its payments and asks for nothing else: what is
measured is the shop's side.
"""

import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from django.core.management.color import no_style
from django.db import connection, models, transaction

from campaigns.clock import database_now
from orders.models import Order
from payments import settlement
from payments.models import Payment, SandboxPayment
from payments.reconciliation import rounds as reconciliation
from payments.reconciliation.rounds import Mode
from tests.benchmarks.history import TABLES
from tests.benchmarks.results import Reconciling
from tests.drafts import make_offer, place_order

Row = TypeVar("Row", bound=models.Model)
CHUNK = 1000
# Of a hundred payments one was paid without a notification.
MISSED_EVERY = 100


def measure(payments: int) -> list[Reconciling]:
    """The same for a tenth of them first: memory must not grow with their number."""
    with rolled_back():
        _make(payments // 10)
        small = _round(payments // 10)
        _make(payments - payments // 10)
        return [small, _round(payments)]


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    # What is measured next counts on small keys, and a sequence is not rolled back.
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), TABLES):
            cursor.execute(statement)


def _make(count: int) -> None:
    """Copies of one order with its payment, as rows; a few of them paid meanwhile."""
    template = place_order(make_offer(capacity=10**6))
    payment, session = template.payments.get(), SandboxPayment.objects.latest("pk")
    for start in range(0, count, CHUNK):
        numbers = range(start, min(start + CHUNK, count))
        _copy(template, payment, session, [f"{template.pk}-{n}" for n in numbers])


def _copy(
    template: Order, payment: Payment, session: SandboxPayment, names: list[str]
) -> None:
    orders = Order.objects.bulk_create(
        _like(template, number=name[-12:], token=name, submit_key=name)
        for name in names
    )
    Payment.objects.bulk_create(
        _like(
            payment, order_id=order.pk, reference=name, gateway_reference=f"sbx_{name}"
        )
        for name, order in zip(names, orders, strict=True)
    )
    paid = {"state": "paid", "received": session.amount}
    SandboxPayment.objects.bulk_create(
        _like(
            session,
            reference=name,
            session=f"sbx_{name}",
            **paid if n % MISSED_EVERY == 0 else {},
        )
        for n, name in enumerate(names)
    )


def _like(row: Row, **changes: Any) -> Row:
    values = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }
    return type(row)(**values | changes)


def _round(payments: int) -> Reconciling:
    longest = 0.0
    apply = settlement.apply

    def timed(*arguments: Any, **options: Any) -> Order:
        nonlocal longest
        began = time.perf_counter()
        try:
            return apply(*arguments, **options)
        finally:
            longest = max(longest, time.perf_counter() - began)

    settlement.apply = timed
    tracemalloc.start()
    began = time.perf_counter()
    try:
        since = database_now() - timedelta(days=30)
        round_ = reconciliation.reconcile(mode=Mode.DAILY, since=since)
    finally:
        settlement.apply = apply
    seconds = time.perf_counter() - began
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Reconciling(
        payments=payments,
        applied=round_.applied,
        seconds=seconds,
        peak_mib=peak / 2**20,
        longest_ms=1000 * longest,
    )
