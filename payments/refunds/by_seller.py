"""A refund the seller decides on: within what was received, with its reason.

What goes back beyond what is owed is goodwill. It lowers what the shop may keep by the
same amount, or the money rule would ask the buyer for it again.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from django.db import transaction

from campaigns.actors import Actor
from campaigns.errors import CampaignError
from orders import lifecycle
from orders.models import Order
from payments import settlement
from payments.dues import balance_of
from payments.ledger import books
from payments.models import Payment, Refund
from payments.refunds import rows as refund_rows

WITH_MONEY = (
    *Order.PAID,
    Order.Status.CANCELED,
    Order.Status.EXPIRED,
)


class RefundRefused(CampaignError):
    """More than is there, or other sums than the seller looked at."""


class LowersWhatIsKept(CampaignError):
    """Part of it is goodwill, and nobody said so; `goodwill` is how much."""

    def __init__(self, goodwill: Decimal) -> None:
        super().__init__(f"{goodwill} more than is owed back")
        self.goodwill = goodwill


@dataclass(frozen=True, kw_only=True)
class Refundable:
    """What could go back now: all that is held, and how much of it is owed anyway."""

    held: Decimal
    owed: Decimal

    @classmethod
    def of(cls, order: Order, payments: list[Payment] | None = None) -> Self:
        balance = balance_of(order, payments)
        return cls(held=balance.net, owed=balance.owed_back)

    def goodwill(self, amount: Decimal) -> Decimal:
        return max(Decimal(0), amount - self.owed)


def refund(
    order_id: int,
    *,
    amount: Decimal,
    note: str,
    shown: Decimal,
    is_goodwill: bool,
    actor: Actor,
) -> int:
    """Write refunds of this amount, the latest payment first; how many they are.

    `shown` is what was held when the seller decided: the same page sent twice, or two
    pages at once, refund once. Raises RefundRefused or LowersWhatIsKept.
    """
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        payments = books.locked_payments(order)
        now = Refundable.of(order, payments)
        if order.status not in WITH_MONEY or now.held != shown:
            raise RefundRefused
        if not 0 < amount <= now.held:
            raise RefundRefused
        goodwill = now.goodwill(amount)
        if goodwill and not is_goodwill:
            raise LowersWhatIsKept(goodwill)
        _lower(order, goodwill)
        written = refund_rows.request(
            order, payments, amount, source=Refund.Source.ADMIN, note=note
        )
        data = {"amount": amount} | ({"goodwill": goodwill} if goodwill else {})
        order.record("refund_decided", actor=actor, data=data, personal={"note": note})
        settlement.settle(order)
    return written


def _lower(order: Order, goodwill: Decimal) -> None:
    """Of an order that goes on the price; of an ended one what the shop kept."""
    if not goodwill:
        return
    if order.status in Order.HOLDING:
        order.discount += goodwill
        order.total -= goodwill
        order.deposit = min(order.deposit, order.total)
        order.save(update_fields=["discount", "total", "deposit"])
    else:
        order.amount_kept -= goodwill
        order.save(update_fields=["amount_kept"])
