"""Finds the shop's payments for what a gateway tells, a chunk at a time."""

from collections.abc import Iterator, Sequence

from django.db.models import Q, QuerySet

from payments.gateways.base import Snapshot
from payments.models import Payment

NAMES = (
    ("gateway_reference", "gateway_reference"),
    ("gateway_transaction_reference", "transaction_reference"),
    ("reference", "reference"),
)


def matched(
    gateway: str, snapshots: Sequence[Snapshot]
) -> Iterator[tuple[Snapshot, Payment | None]]:
    """Each with its payment: by the gateway's name, its transaction's, or ours."""
    by_name = {
        (column, getattr(payment, column)): payment
        for payment in _payments(gateway, snapshots)
        for column, _told in NAMES
    }
    for snapshot in snapshots:
        names = [(column, getattr(snapshot, told)) for column, told in NAMES]
        found = (by_name.get(name) for name in names if name[1])
        yield snapshot, next(filter(None, found), None)


def _payments(gateway: str, snapshots: Sequence[Snapshot]) -> "QuerySet[Payment]":
    named = Q()
    for column, told in NAMES:
        names = {getattr(snapshot, told) for snapshot in snapshots} - {""}
        named |= Q(**{f"{column}__in": names})
    return Payment.objects.filter(named, gateway=gateway)


def known_by(gateway: str, name: str) -> bool:
    """Whether a payment of the shop goes by this name."""
    named = Q()
    for column, _told in NAMES:
        named |= Q(**{column: name})
    return Payment.objects.filter(named, gateway=gateway).exists()


class Seen:
    """A set of primary keys from `first` on, a bit for each."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._bits = bytearray()

    def add(self, key: int) -> None:
        if key < self._first:
            return
        place, bit = divmod(key - self._first, 8)
        missing = place + 1 - len(self._bits)
        self._bits.extend(bytes(max(0, missing)))
        self._bits[place] |= 1 << bit

    def __contains__(self, key: int) -> bool:
        place, bit = divmod(key - self._first, 8)
        is_inside = 0 <= place < len(self._bits)
        return is_inside and bool(self._bits[place] & 1 << bit)
