"""People who wait, taken onto the list by the shop's own door."""

import itertools
from typing import Any

from campaigns.models import Allotment, Batch
from orders import cancellation, tallies
from orders.models import Order, WaitlistEntry
from orders.waitlist import places
from tests.drafts import make_offer, place_order

_numbers = itertools.count(1)


def full_batch(*, variants: int = 1, **overrides: Any) -> tuple[Batch, list[Order]]:
    """A batch without room, and the unpaid orders of one unit each that fill it."""
    batch = make_offer(variants=variants, **{"capacity": 2} | overrides)
    return batch, [place_order(batch) for _n in range(batch.capacity)]


def wait(batch: Batch, *, nth: int = 0, **columns: Any) -> WaitlistEntry:
    """One more who waits for a unit of the batch's nth variant."""
    entry = unsaved(batch, nth=nth, **columns)
    places.join(entry)
    return WaitlistEntry.objects.for_page().get(
        batch=batch, variant=entry.variant_id, identity=entry.identity, state="waiting"
    )


def unsaved(batch: Batch, *, nth: int = 0, **columns: Any) -> WaitlistEntry:
    email = columns.pop("email", f"menunggu-{next(_numbers)}@example.com")
    [identity] = tallies.identities(email=email, phone="")
    variants = Allotment.objects.filter(batch=batch).order_by("pk")
    values = {"quantity": 1, "locale": "id", "variant_id": variants[nth].variant_id}
    return WaitlistEntry(
        batch=batch, email=email, identity=identity, **values | columns
    )


def give_back(order: Order) -> None:
    """The buyer cancels an order nothing was paid for."""
    cancellation.cancel_as_shown(order.pk, shown=order.amount_paid)


def sales_of(batch: Batch) -> list[str]:
    rows = Allotment.objects.filter(batch=batch).order_by("pk")
    return list(rows.values_list("sale", flat=True))


def states() -> list[str]:
    rows = WaitlistEntry.objects.order_by("pk")
    return list(rows.values_list("state", flat=True))


def offered_to(entry: WaitlistEntry) -> Order:
    """The order of its offer."""
    order = WaitlistEntry.objects.get(pk=entry.pk).order
    assert order is not None
    return order
