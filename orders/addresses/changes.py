"""Where an order ships to: changed or confirmed by its buyer, corrected by staff.

Until the addresses of its batch lock, or until it is packed. What shipping costs never
changes silently: an address that would cost something else is refused.
"""

import hashlib
import json
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction

from campaigns.actors import BUYER, Actor
from campaigns.clock import database_now
from campaigns.errors import CampaignError
from orders import emails, lifecycle
from orders.models import Order
from orders.reminders import ladders

COLUMNS = (
    *("name", "address", "province", "city", "district"),
    *("subdistrict", "postal_code", "landmark"),
)
CHANGED, CONFIRMED = "address_changed", "address_confirmed"
# What settles the question whether the address is right.
SETTLED = (CHANGED, CONFIRMED)
# By its buyer, in a day: each change is mailed, to an address that anybody can have
# typed when ordering.
CHANGES_A_DAY = 10
DAY = timedelta(days=1)
CHANGEABLE = (Order.Status.PENDING, Order.Status.CONFIRMED)


class AddressFixed(CampaignError):
    """The address is not changed any more, for this reason."""

    class Reason(StrEnum):
        OVER = "over"
        PACKED = "packed"
        LOCKED = "locked"

    def __init__(self, reason: "AddressFixed.Reason") -> None:
        super().__init__(reason)
        self.reason = reason


class ChangedTooOften(CampaignError):
    """So often today that it is no buyer who moves house."""


class ShippingDiffers(CampaignError):
    """To there the chosen service costs something else, or does not ship."""

    def __init__(self, *, province: str, is_served: bool) -> None:
        super().__init__(province)
        self.province, self.is_served = province, is_served


Reason = AddressFixed.Reason


def hindrance(order: Order, now: datetime) -> AddressFixed.Reason | None:
    """Why its buyer cannot change it. Read `order.batch` with it."""
    if order.status not in CHANGEABLE:
        is_sent = order.status == Order.Status.FULFILLED
        return Reason.PACKED if is_sent else Reason.OVER
    if order.packed_at or any(line.shipped for line in order.lines.all()):
        return Reason.PACKED
    return Reason.LOCKED if order.batch.addresses_are_locked(now) else None


def change(order_id: int, *, address: dict[str, str]) -> Order:
    """The buyer's; the same address once more confirms it.

    Raises AddressFixed, ShippingDiffers or ChangedTooOften; nothing has changed then.
    """
    with transaction.atomic():
        order = _open_for_buyer(order_id)
        _refuse_other_price(order, address["province"])
        if not _write(order, address, actor=BUYER):
            _confirm(order)
    return order


def confirm(order_id: int) -> Order:
    """The buyer's word that it is right, recorded once; raises AddressFixed."""
    with transaction.atomic():
        order = _open_for_buyer(order_id)
        _confirm(order)
    return order


def correct(order_id: int, *, address: dict[str, str], actor: Actor) -> Order:
    """The staff's, also after the lock; what the buyer pays stays as it is."""
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        found = hindrance(order, database_now())
        if found not in (None, Reason.LOCKED):
            raise AddressFixed(found)
        _write(order, address, actor=actor)
    return order


def is_settled(order: Order) -> bool:
    """Whether the buyer, or the staff, said since the first announcement what is right.

    Without an announcement it is asked of nobody.
    """
    since = order.batch.lock_first_announced_at()
    said = order.events.filter(kind__in=SETTLED)
    return (said.filter(at__gte=since) if since else said).exists()


def mark_of(order: Order) -> str:
    """Of the address as it stands: other letters, another mark."""
    columns = [getattr(order, name) for name in COLUMNS]
    return hashlib.sha256(json.dumps(columns).encode()).hexdigest()[:32]


def _open_for_buyer(order_id: int) -> Order:
    order = lifecycle.locked(order_id)
    if found := hindrance(order, database_now()):
        raise AddressFixed(found)
    return order


def _refuse_many_changes(order: Order) -> None:
    lately = {"kind": CHANGED, "at__gt": database_now() - DAY}
    if order.events.filter(actor=BUYER.kind, **lately).count() >= CHANGES_A_DAY:
        raise ChangedTooOften


def _refuse_other_price(order: Order, province: str) -> None:
    """Within its province an address costs what it cost."""
    if province == order.province:
        return
    option = order.shipping_option
    is_served = option is not None and option.serves(province)
    lines = order.lines.select_related("variant")
    weight = sum(line.variant.weight_grams * line.quantity for line in lines)
    if option is None or not is_served or option.price(weight) != order.shipping:
        raise ShippingDiffers(province=province, is_served=is_served)


def _write(order: Order, address: dict[str, str], *, actor: Actor) -> bool:
    """Write what is new with its event and its mail; False when nothing is."""
    before = {name: getattr(order, name) for name in COLUMNS}
    changed = [name for name in COLUMNS if address[name] != before[name]]
    if not changed:
        return False
    if actor == BUYER:
        _refuse_many_changes(order)
    for name in changed:
        setattr(order, name, address[name])
    order.save(update_fields=changed)
    personal = {n: {"from": before[n], "to": address[n]} for n in changed}
    event = order.record(CHANGED, actor=actor, personal=personal)
    ladders.withdraw(order, ladders.Kind.ADDRESS)
    emails.address_changed(order, change_key=str(event.pk), by_buyer=actor == BUYER)
    return True


def _confirm(order: Order) -> None:
    if is_settled(order):
        return
    order.record(CONFIRMED, actor=BUYER)
    ladders.withdraw(order, ladders.Kind.ADDRESS)
