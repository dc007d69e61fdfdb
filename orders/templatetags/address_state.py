"""Whether the address of an order can be changed, and what its buyer said of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django import template
from django.utils import timezone

from orders.addresses import changes as address_changes
from orders.addresses.changes import AddressFixed
from orders.models import Order, OrderEvent

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

    @property
    def has_words(self) -> bool:
        """Whether there is anything to say of it."""
        is_locked = self.is_locked and self.locks_at is not None
        return self.is_open or is_locked or self.confirmed_at is not None


@register.simple_tag
def address_state(order: Order, events: Iterable[OrderEvent]) -> State:
    """`events` are all of the order, as a page has read them for its history."""
    said = [event.at for event in events if event.kind in address_changes.SETTLED]
    return State(
        hindrance=address_changes.hindrance(order, timezone.now()),
        locks_at=order.batch.addresses_lock_at,
        confirmed_at=max(said, default=None),
    )
