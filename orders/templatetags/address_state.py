"""Whether the address of an order can be changed, and what its buyer said of it."""

from dataclasses import dataclass
from datetime import datetime

from django import template

from campaigns.clock import database_now
from orders import addresses
from orders.addresses import AddressFixed
from orders.models import Order

register = template.Library()


@dataclass(frozen=True)
class State:
    hindrance: AddressFixed.Reason | None
    locks_at: datetime | None
    confirmed_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.hindrance is None

    @property
    def is_locked(self) -> bool:
        return self.hindrance == AddressFixed.Reason.LOCKED


@register.simple_tag
def address_state(order: Order) -> State:
    said = order.events.filter(kind__in=addresses.SETTLED).order_by("pk").last()
    return State(
        hindrance=addresses.hindrance(order, database_now()),
        locks_at=order.batch.addresses_lock_at,
        confirmed_at=said.at if said else None,
    )
