"""Drafts of orders, placed the way the checkout page places them."""

import itertools
import json
import secrets
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import Model
from django.test import Client, TestCase

from campaigns.clock import Clock, database_now
from campaigns.models import Allotment, Batch, BatchEvent, ShippingOption
from orders.models import BuyerTally, Message, Order, OrderEvent, OrderLine
from orders.origins import Origin
from payments import expiry, inbox
from payments.checkout.placing import Draft, DraftLine, place
from payments.models import LedgerEntry, Payment, Refund, SandboxPayment
from payments.refunds import sending as refund_sending
from payments.sandbox import provider as sandbox
from tests.factories import make_batch, make_shipping_option, make_variant

# One unit at Rp 150.000, and Rp 18.000 to ship it.
TOTAL = Decimal(168_000)
WRITTEN_BY_ORDERS: tuple[type[Model], ...] = (
    *(Order, OrderLine, OrderEvent, Message, BuyerTally, Batch, BatchEvent, Allotment),
    *(Payment, Refund, LedgerEntry, SandboxPayment),
)

_numbers = itertools.count(1)


def make_offer(*, variants: int = 1, **overrides: Any) -> Batch:
    """An open batch whose seller ships, with this many variants at Rp 150.000."""
    batch = make_batch(**overrides)
    for _n in range(variants):
        make_variant(campaign=batch.campaign, price=150_000)
    batch.complete_allotments()
    make_shipping_option(seller=batch.campaign.seller)
    return batch


def make_draft(
    batch: Batch,
    *,
    units: list[int] | None = None,
    backwards: bool = False,
    origin: Origin | None = None,
    **buyer: Any,
) -> Draft:
    """One line for each number in `units`, in the order of the variants or reversed."""
    allotments = list(
        Allotment.objects.filter(batch=batch).select_related("variant").order_by("pk")
    )
    lines = [
        DraftLine(variant=allotment.variant, allotment=allotment, quantity=quantity)
        for allotment, quantity in zip(allotments, units or [1], strict=False)
    ]
    read = (
        Batch.objects.with_clock().select_related("campaign__seller").get(pk=batch.pk)
    )
    return Draft(
        campaign=read.campaign,
        batch=read,
        schedule_version=batch.schedule_version,
        lines=tuple(reversed(lines) if backwards else lines),
        shipping=ShippingOption.objects.get(seller=read.campaign.seller),
        buyer=make_buyer() | buyer,
        locale="id",
        origin=origin,
    )


def make_drafts(batch: Batch, count: int, **options: Any) -> list[Draft]:
    """Of so many buyers who read the page at one moment; each has rows of his own."""
    read = make_draft(batch, **options)
    same = {name: value for name, value in options.items() if name in read.buyer}
    return [replace(deepcopy(read), buyer=make_buyer() | same) for _n in range(count)]


def make_buyer() -> dict[str, str]:
    n = next(_numbers)
    return {
        "name": f"Pembeli {n}",
        "email": f"pembeli-{n}@example.com",
        "phone": f"+62812{10_000_000 + n}",
        "address": "Jalan Braga 1",
        "province": "Jawa Barat",
        "city": "Kota Bandung",
        "district": "Sumur Bandung",
        "postal_code": "40111",
    }


def new_key() -> str:
    return secrets.token_urlsafe(32)


def order_once(draft: Draft, key: str | None = None) -> Callable[[], Order]:
    """One buyer's click, to be run in a race."""
    return partial(place, draft, gateway="sandbox", submit_key=key or new_key())


def place_order(batch: Batch, **options: Any) -> Order:
    """A pending order, freshly read."""
    order = place(make_draft(batch, **options), gateway="sandbox", submit_key=new_key())
    return Order.objects.get(pk=order.pk)


def payment_of(order: Order) -> Payment:
    return Payment.objects.get(order=order)


def place_paid(batch: Batch, **options: Any) -> Order:
    """A confirmed order, paid on the sandbox's page."""
    order = place_order(batch, **options)
    finish(order, "pay")
    return Order.objects.get(pk=order.pk)


def press(payment: Payment, ending: str) -> Any:
    """A button of the sandbox's page; its notifications arrive, nothing more."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        return Client().post(f"/sandbox/{payment.reference}/", {"ending": ending})


def finish(order: Order, ending: str) -> None:
    """The buyer's visit ends in this way, and the inbox is worked off."""
    press(order.payments.latest("pk"), ending)
    inbox.process_due()
    order.refresh_from_db()


def notify(body: dict[str, Any], *, signature: str | None = None) -> Any:
    """What the sandbox posts to the shop: bytes and their signature."""
    raw = json.dumps(body).encode()
    return Client().post(
        "/webhooks/sandbox/",
        raw,
        content_type="application/json",
        headers={sandbox.SIGNATURE_HEADER: signature or sandbox.sign(raw)},
    )


def approve_refunds() -> None:
    """The seller has looked at what waited for a click."""
    Refund.objects.filter(approved_at=None).update(approved_at=Clock())


def send_refunds() -> None:
    """What is owed back leaves, and the gateway's answers arrive."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        refund_sending.request_all_owed()
        refund_sending.send_due()
    inbox.process_due()


def end_hold(order: Order) -> None:
    """The order expires unpaid, at the gateway and here."""
    run_out(order)
    assert expiry.expire_overdue() == 1
    order.refresh_from_db()


def run_out(order: Order) -> None:
    """The time to pay is over; nobody has noticed yet."""
    past = database_now() - timedelta(seconds=1)
    Order.objects.filter(pk=order.pk).update(expires_at=past)
    order.refresh_from_db()


def rows_of_orders() -> dict[str, list[dict[str, Any]]]:
    """All that placing, paying or canceling may write: compare before and after."""
    return rows_in(WRITTEN_BY_ORDERS)


def rows_in(models: Iterable[type[Model]]) -> dict[str, list[dict[str, Any]]]:
    """As the database tells them: to be compared, and in a tenth of Django's time."""
    with connection.cursor() as cursor:
        return {model.__name__: _all_rows(cursor, model) for model in models}


def _all_rows(cursor: Any, model: type[Model]) -> list[dict[str, Any]]:
    table, key = model._meta.db_table, model._meta.pk.column
    cursor.execute(f"SELECT * FROM {table} ORDER BY {key}")  # noqa: S608
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def sums_of(order: Order) -> tuple[str, Decimal, Decimal, Decimal]:
    """Status, paid, refunded, kept: as they are stored now."""
    order = Order.objects.get(pk=order.pk)
    paid, back, kept = order.amount_paid, order.amount_refunded, order.amount_kept
    return order.status, paid, back, kept


def ledger_of(order: Order) -> list[tuple[str, Decimal]]:
    return list(order.ledger_entries.order_by("pk").values_list("kind", "amount"))


def refunds_of(order: Order) -> list[tuple[str, Decimal, str]]:
    refunds = Refund.objects.filter(payment__order=order).order_by("pk")
    return list(refunds.values_list("state", "amount", "source"))


def mails_of(order: Order) -> list[str]:
    return list(order.messages.order_by("pk").values_list("kind", flat=True))
