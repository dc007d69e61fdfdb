"""Disputes as the gateway tells them: their rows, and what they moved in the books."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from campaigns.clock import Clock
from orders.models import Order
from payments.dispute_alerts import tell_seller
from payments.gateways.base import DisputeSnapshot
from payments.ledger import books
from payments.models import Dispute, LedgerEntry, Payment

Kind = LedgerEntry.Kind
OPEN = Dispute.State.OPEN


@dataclass(frozen=True)
class Withdrawn:
    """What all disputes of a payment keep from the shop: as booked, and as told."""

    before: Decimal
    now: Decimal


def record_disputes(
    order: Order, payment: Payment, seen: Sequence[DisputeSnapshot]
) -> Withdrawn:
    """Money moves when it is withdrawn or reinstated, not when a dispute is opened."""
    if not seen and not payment.amount_reversed:
        return Withdrawn(before=Decimal(0), now=Decimal(0))
    known = {row.gateway_reference: row for row in payment.disputes.all()}
    before = sum((row.amount_withdrawn for row in known.values()), start=Decimal(0))
    for snapshot in seen:
        row = known.get(snapshot.gateway_reference) or _opened(payment, snapshot)
        known[snapshot.gateway_reference] = row
        _follow(order, payment, row, snapshot)
        tell_seller(order, row)
    now = sum((row.amount_withdrawn for row in known.values()), start=Decimal(0))
    return Withdrawn(before=before, now=now)


def _opened(payment: Payment, seen: DisputeSnapshot) -> Dispute:
    return Dispute.objects.create(
        payment=payment,
        gateway_reference=seen.gateway_reference,
        amount=seen.amount,
        reason=seen.reason[:60],
    )


def _follow(
    order: Order, payment: Payment, row: Dispute, seen: DisputeSnapshot
) -> None:
    moved = seen.withdrawn - row.amount_withdrawn
    if moved > 0:
        books.enter(order, payment, Kind.DISPUTE, moved, cause=row)
    if moved < 0:
        books.enter(order, payment, Kind.DISPUTE_WON, -moved, cause=row)
    changes: dict[str, Any] = {
        "state": seen.state,
        "status": seen.status[:40],
        "amount_withdrawn": seen.withdrawn,
        "answer_by": seen.answer_by,
    }
    if row.closed_at is None and seen.state != OPEN:
        changes["closed_at"] = Clock()
    Dispute.objects.filter(pk=row.pk).update(**changes)
    row.state, row.amount_withdrawn = seen.state, seen.withdrawn
    row.answer_by = seen.answer_by
