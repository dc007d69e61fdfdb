"""Drafts of orders, placed the way the checkout page places them."""

import itertools
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

from campaigns.models import Allotment, Batch, ShippingOption
from orders.models import Order
from payments.checkout import Draft, DraftLine, place
from payments.models import Payment
from tests.factories import make_batch, make_shipping_option, make_variant

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
    batch: Batch, *, units: list[int] | None = None, backwards: bool = False, **buyer: Any
) -> Draft:
    """One line for each number in `units`, in the order of the variants or reversed."""
    allotments = list(
        Allotment.objects.filter(batch=batch).select_related("variant").order_by("pk")
    )
    lines = [
        DraftLine(variant=allotment.variant, allotment=allotment, quantity=quantity)
        for allotment, quantity in zip(allotments, units or [1], strict=False)
    ]
    read = Batch.objects.with_clock().select_related("campaign__seller").get(pk=batch.pk)
    return Draft(
        campaign=read.campaign,
        batch=read,
        schedule_version=batch.schedule_version,
        lines=tuple(reversed(lines) if backwards else lines),
        shipping=ShippingOption.objects.get(seller=read.campaign.seller),
        buyer=make_buyer() | buyer,
        locale="id",
    )


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
