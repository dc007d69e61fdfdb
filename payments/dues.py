"""The one money rule: what an order still owes, and what is owed back to its buyer."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from orders.models import Order
from payments.models import Payment


@dataclass(frozen=True)
class Balance:
    """`net` is what the shop holds: received − reversed − refunds not failed."""

    entitled: Decimal
    net: Decimal

    @property
    def owed_back(self) -> Decimal:
        return max(Decimal(0), self.net - self.entitled)

    @property
    def due(self) -> Decimal:
        return max(Decimal(0), self.entitled - self.net)


def balance_of(order: Order, payments: Iterable[Payment] | None = None) -> Balance:
    """Decided in Python; a caller who acts on it holds the order's lock."""
    rows = order.payments.all() if payments is None else payments
    net = sum((payment.refundable for payment in rows), start=Decimal(0))
    return Balance(entitled=order.entitled, net=net)


def due_now(order: Order, balance: Balance) -> Decimal:
    """What the next payment is for: the deposit until confirmed, then the rest."""
    if order.status == Order.Status.PENDING:
        return max(Decimal(0), order.deposit - balance.net)
    return balance.due
