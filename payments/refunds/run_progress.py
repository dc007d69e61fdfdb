"""How far a refund run is: read by its command, by the admin, and before it begins."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Self

from django.db.models import Count, QuerySet, Sum

from campaigns.models import Batch
from campaigns.money import rounded
from campaigns.rounds import keys_of
from orders.models import Order
from payments.dues import balance_of
from payments.models import Refund, RefundRun
from payments.refunds import owed as refunds_owed
from payments.refunds import rows as refund_rows

State = Refund.State
# Nothing is to be awaited any more from the gateway, or the seller does it.
OVER = (State.SUCCEEDED, State.FAILED, State.CANCELED, State.MANUAL)
LOOKED_UP = (State.SENDING, State.UNKNOWN)


def leftover(batch: Batch) -> "QuerySet[Order]":
    """Its orders that still have to be canceled."""
    return Order.objects.left_in_canceled_batches().filter(batch=batch)


def owing(batch: Batch) -> "tuple[QuerySet[Order], ...]":
    """Its ended orders that still hold money; decided again under each one's lock."""
    rows = (refunds_owed.orders_owed_back(), refunds_owed.orders_to_look_at())
    return tuple(orders.filter(batch=batch) for orders in rows)


def owing_keys(batch: Batch) -> Iterator[int]:
    for orders in owing(batch):
        yield from keys_of(orders)


def has_work(batch: Batch) -> bool:
    queries = (leftover(batch), *owing(batch))
    return any(orders.exists() for orders in queries)


@dataclass(frozen=True)
class Part:
    """Refunds of a run in one state."""

    payments: int = 0
    amount: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Progress:
    currency: str
    orders_left: int
    parts: dict[State, Part] = field(default_factory=dict)

    @classmethod
    def of(cls, run: RefundRun) -> Self:
        """Two queries, however many payments there are."""
        currency = run.batch.campaign.currency
        groups = Refund.objects.filter(run=run).order_by().values_list("state")
        counted = groups.annotate(Count("pk"), Sum("amount"))
        parts = {
            State(state): Part(payments, rounded(amount, currency))
            for state, payments, amount in counted
        }
        left = leftover(run.batch).count()
        return cls(currency=currency, orders_left=left, parts=parts)

    def part(self, *states: State) -> Part:
        found = [self.parts.get(state, Part()) for state in states]
        amount = sum((part.amount for part in found), start=Decimal(0))
        return Part(sum(part.payments for part in found), amount)

    @property
    def total(self) -> int:
        return self.part(*State).payments

    @property
    def handled(self) -> int:
        """Sent once at least, or in the hands of the seller."""
        return self.total - self.part(State.REQUESTED).payments

    @property
    def is_partly_failed(self) -> bool:
        return bool(self.part(State.FAILED).payments)


@dataclass(kw_only=True)
class Forecast:
    """What a run would do now; nothing is written."""

    orders: int = 0
    by_gateway: int = 0
    by_hand: int = 0
    amount: Decimal = Decimal(0)

    @classmethod
    def of(cls, batch: Batch) -> Self:
        forecast = cls(orders=leftover(batch).count())
        for order in _with_payments(batch):
            forecast._count(order)
        return forecast

    def _count(self, order: Order) -> None:
        is_left = order.status in Order.HOLDING
        balance = balance_of(order)
        back = max(balance.net, Decimal(0)) if is_left else balance.owed_back
        for payment in order.payments.all():
            part = min(back, payment.refundable)
            if part > 0:
                self.amount, back = self.amount + part, back - part
                can_be_sent = refund_rows.rail_pays_back(payment)
                self.by_gateway += can_be_sent
                self.by_hand += not can_be_sent


def _with_payments(batch: Batch) -> Iterator[Order]:
    """One after the other: memory does not grow with the batch."""
    rows = Order.objects.filter(batch=batch).exclude(status=Order.Status.FULFILLED)
    for key in keys_of(rows):
        yield Order.objects.prefetch_related("payments").get(pk=key)
