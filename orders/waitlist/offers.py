"""Freed units are offered to who waits, in the order of joining, before the public.

An offer is a pending order that waits for its buyer's details: the same hold, counters,
deadline and expiry as any other (docs/adr).
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from campaigns import capacity
from campaigns.actors import SYSTEM
from campaigns.capacity import Gate
from campaigns.clock import database_now
from campaigns.errors import Refused
from campaigns.models import Allotment, Batch
from campaigns.rounds import count_done
from orders import emails, lifecycle, tallies
from orders.models import Order, OrderLine, WaitlistEntry
from orders.waitlist import places, public_sale

# How long an offer waits for its buyer.
OFFER_LASTS = timedelta(hours=24)


def offer_freed() -> int:
    """Ask the list of every batch that takes orders; returns how many were asked."""
    of_batch = {"batch": OuterRef("pk")}
    waiting = WaitlistEntry.objects.filter(state="waiting", **of_batch)
    kept = Allotment.objects.filter(sale=Allotment.Sale.WAITLIST, **of_batch)
    batches = Batch.objects.accepting().filter(Exists(waiting) | Exists(kept))
    keys = list(batches.order_by("pk").values_list("pk", flat=True))
    return count_done(keys, offer_in)


def offer_in(batch_id: int) -> int:
    offered = last = 0
    while found := _next_that_fits(batch_id, after=last):
        entry, units = found
        offered += _offer(entry.pk, units)
        last = entry.pk
    public_sale.divide(batch_id)
    return offered


def _next_that_fits(batch_id: int, *, after: int) -> tuple[WaitlistEntry, int] | None:
    """Read anew for each offer: who wants more than is left now keeps waiting."""
    batch = Batch.objects.select_related("campaign").get(pk=batch_id)
    left = public_sale.rooms(batch, Allotment.objects.of([batch]))
    waiting = WaitlistEntry.objects.waiting().filter(batch=batch_id, pk__gt=after)
    for entry in waiting.filter(variant__in=left).iterator():
        if units := entry.fitting(left[entry.variant_id]):
            return entry, units
    return None


def _offer(entry_id: int, units: int) -> bool:
    """One short transaction; refused by a cap, the entry keeps waiting."""
    try:
        with transaction.atomic():
            return _insert_offer(entry_id, units)
    except Refused:
        return False
    except tallies.BuyerLimitReached:
        places.end(entry_id, WaitlistEntry.EndReason.LIMIT)
        return False


def _insert_offer(entry_id: int, units: int) -> bool:
    """Another quantity may be waited for since the room was read."""
    entry = WaitlistEntry.objects.locked(entry_id)
    units = entry.fitting(units)
    if entry.state != WaitlistEntry.State.WAITING or not units:
        return False
    order = _order_of(entry, units)
    order.save(force_insert=True)
    _line_of(order, entry, units).save(force_insert=True)
    entry.move_to(WaitlistEntry.State.OFFERED, order=order)
    order.record("offered", actor=SYSTEM, data={"units": units})
    emails.waitlist_offer(order, claim_path=entry.url)
    tallies.claim(order, campaign=entry.batch.campaign, units=units)
    gate = Gate.waitlist_offer(order.schedule_version)
    capacity.shift(lifecycle.claim_of(order, gate))
    return True


def _order_of(entry: WaitlistEntry, units: int) -> Order:
    """Without details and rules; shipping and the deposit come with them."""
    batch, goods = entry.batch, entry.variant.price * units
    return Order(
        batch=batch,
        source=Order.Source.WAITLIST,
        submit_key=f"waitlist-{entry.pk}",
        email=entry.email,
        locale=entry.locale,
        time_zone=batch.campaign.seller.time_zone,
        currency=batch.campaign.currency,
        goods=goods,
        shipping=0,
        total=goods,
        deposit=goods,
        promised_from=batch.ships_from,
        promised_until=batch.ships_until,
        schedule_version=batch.schedule_version,
        limit_keys=[entry.identity],
        expires_at=database_now() + OFFER_LASTS,
    )


def _line_of(order: Order, entry: WaitlistEntry, units: int) -> OrderLine:
    return OrderLine(
        order=order,
        variant=entry.variant,
        allotment=Allotment.objects.get(batch=entry.batch_id, variant=entry.variant_id),
        ordered=units,
        quantity=units,
        unit_price=entry.variant.price,
        name=entry.batch.campaign.title,
        sku=entry.variant.sku,
        options=entry.variant.options,
    )
