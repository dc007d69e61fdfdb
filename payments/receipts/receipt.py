"""What a receipt says of an order: the same for the page and for the file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Self

from django.utils.translation import gettext as _

from campaigns import dates
from campaigns.clock import database_now
from campaigns.money import format_money
from orders import balance_words
from orders.models import Order
from payments.dues import Balance, balance_of
from payments.gateways.words import in_words
from payments.models import Payment, Refund
from payments.pay_page import sums_of

NOT_COMING = (Refund.State.CANCELED, Refund.State.FAILED)


class NothingReceived(Exception):
    """There is no receipt for an order that nothing was paid for."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """`kind` is minus, total or empty, as components/summary_rows.html knows them."""

    label: str
    value: str
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class Item:
    name: str
    units: str
    amount: str


@dataclass(frozen=True, kw_only=True)
class Receipt:
    order: Order
    at: datetime
    payments: list[Payment]
    balance: Balance

    @classmethod
    def read(cls, order: Order) -> Self:
        """Raises NothingReceived."""
        payments = list(order.payments.prefetch_related("refunds"))
        if not any(payment.amount_received for payment in payments):
            raise NothingReceived
        balance = balance_of(order, payments)
        return cls(order=order, at=database_now(), payments=payments, balance=balance)

    @property
    def title(self) -> str:
        return _("Receipt %(number)s") % {"number": self.order.number}

    @property
    def issued(self) -> str:
        words = _("As of %(moment)s. This is a receipt, not a tax invoice.")
        return words % {"moment": dates.moment(self.at)}

    @property
    def seller(self) -> list[str]:
        seller = self.order.batch.campaign.seller
        lines = (seller.name, seller.city, seller.email, seller.whatsapp)
        return [line for line in lines if line]

    @property
    def buyer(self) -> list[str]:
        order = self.order
        town = " ".join(filter(None, [order.city, order.postal_code]))
        lines = (order.name, order.address, order.district, town, order.province)
        return [line for line in lines if line]

    @property
    def facts(self) -> list[Row]:
        order = self.order
        batch = f"{order.batch.campaign.title}, {order.batch.number}"
        return [
            Row(label=_("Placed"), value=dates.day(order.placed_at)),
            Row(label=_("Campaign and batch"), value=batch),
            Row(label=_("Status"), value=order.get_status_display()),
        ]

    @property
    def items(self) -> list[Item]:
        return [
            Item(
                name=f"{line.name} – {line.label}" if line.label else line.name,
                units=f"{line.quantity} × {self._money(line.unit_price)}",
                amount=self._money(line.amount),
            )
            for line in self.order.lines.all()
        ]

    @property
    def sums(self) -> list[Row]:
        return [Row(**row) for row in sums_of(self.order)]

    @property
    def movements(self) -> list[Row]:
        """What was paid, and what came back, in the order of the payments."""
        return [row for payment in self.payments for row in self._of(payment)]

    @property
    def ending(self) -> list[Row]:
        """Where that leads to: what the shop holds, and what is still open."""
        order, balance = self.order, self.balance
        amounts = [
            (_("Paid, refunds taken off"), balance.net, "total"),
            (_("Kept by the rule you agreed to"), order.amount_kept, ""),
            (_("To be returned to you"), balance.owed_back, ""),
            (_("Still to pay"), balance.due, ""),
        ]
        return [
            Row(label=label, value=self._money(amount), kind=kind)
            for label, amount, kind in amounts
            if amount or kind
        ]

    @property
    def notes(self) -> list[str]:
        return balance_words.of_order(self.order)

    def _of(self, payment: Payment) -> Iterator[Row]:
        if payment.amount_received:
            value = self._money(payment.amount_received)
            yield Row(label=_received(payment), value=value)
        if payment.amount_reversed:
            value = self._money(-payment.amount_reversed)
            label = _("Taken back by your bank")
            yield Row(label=label, value=value, kind="minus")
        for refund in payment.refunds.all():
            if refund.state not in NOT_COMING:
                value = self._money(-refund.amount)
                yield Row(label=_refunded(refund), value=value, kind="minus")

    def _money(self, amount: Decimal) -> str:
        return format_money(amount, self.order.currency)


def _received(payment: Payment) -> str:
    way = ", ".join(filter(None, [str(in_words(payment.gateway)), payment.method]))
    if payment.confirmed_at is None:
        return way
    words = _("Received %(day)s: %(way)s")
    return words % {"day": dates.day(payment.confirmed_at), "way": way}


def _refunded(refund: Refund) -> str:
    if refund.succeeded_at and refund.state == Refund.State.SUCCEEDED:
        return _("Paid back %(day)s") % {"day": dates.day(refund.succeeded_at)}
    return _("Coming back to you")
