"""What the pay page says of one order: what is due, until when, what happened."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Self

from django.utils.translation import gettext as _

from campaigns.clock import database_now
from campaigns.models import Batch
from campaigns.money import format_money
from campaigns.prepared import Prepared, given
from campaigns.web_addresses import absolute
from orders import balance_words
from orders.models import Order
from payments import ways
from payments.dues import Balance, balance_of, due_now
from payments.models import Payment
from payments.transfers import panel as transfer_panel
from payments.transfers.panel import TransferPanel

ATTEMPTS_OF_ORDER = Prepared(
    lambda: Payment.objects.filter(order=given("order")).select_related("bank_account")
)


@dataclass(frozen=True, kw_only=True)
class PayPage:
    order: Order
    now: datetime
    attempts: list[Payment]
    balance: Balance

    @classmethod
    def read(cls, order: Order) -> Self:
        attempts = ATTEMPTS_OF_ORDER.all(order=order.pk)
        for attempt in attempts:
            attempt.order = order
        return cls(
            order=order,
            now=database_now(),
            attempts=attempts,
            balance=balance_of(order, attempts),
        )

    @cached_property
    def state(self) -> str:
        """open over received | balance paid | late expired | canceled."""
        order = self.order
        if order.status == Order.Status.PENDING:
            return self._state_of_hold()
        if order.status in Order.HOLDING:
            return "balance" if self.amount else "paid"
        if order.status == Order.Status.EXPIRED and order.amount_paid:
            return "late"
        return order.status

    def _state_of_hold(self) -> str:
        ends = self.order.expires_at
        if not self.amount:
            return "received"
        return "over" if ends and ends <= self.now else "open"

    @property
    def is_payable(self) -> bool:
        return self.state in ("open", "balance")

    @property
    def can_extend(self) -> bool:
        """Whether more time is to be had; the request itself is tested again."""
        is_before = self.order.batch.stage in Batch.BEFORE_PRODUCTION
        return is_before and self.state == "open" and not self.order.extended_at

    @cached_property
    def amount(self) -> Decimal:
        return due_now(self.order, self.balance)

    @property
    def balance_rules(self) -> list[str]:
        """When the balance is due and what happens without it."""
        return balance_words.of_order(self.order)

    @property
    def asked(self) -> Decimal:
        """What the open attempt asks for: a transfer's amount is less by its code."""
        payment = self.payment
        is_transfer = payment is not None and payment.is_transfer
        return payment.amount if payment and is_transfer else self.amount

    @property
    def payment(self) -> Payment | None:
        return next((p for p in self.attempts if p.is_open), None)

    @cached_property
    def transfer(self) -> TransferPanel | None:
        """How to transfer, where the open attempt is one."""
        return transfer_panel.of(self.payment)

    @cached_property
    def ways(self) -> list[dict[str, Any]]:
        """Other ways to pay beside the open attempt's, if it may be left."""
        is_fixed = self.transfer and self.transfer.is_under_review
        if is_fixed or not self.is_payable:
            return []
        current = self.payment.gateway if self.payment else ""
        return ways.choices(self.order, self.amount, current=current)

    @property
    def set_aside(self) -> list[Payment]:
        """What arrived in another amount or currency than was asked for."""
        return [p for p in self.attempts if p.amount_in_suspense]

    @property
    def has_failed(self) -> bool:
        """The last attempt ended without money, and a new one may begin."""
        last = self.attempts[-1] if self.attempts else None
        ended = (Payment.State.FAILED, Payment.State.EXPIRED, Payment.State.CANCELED)
        if last and last.is_transfer:
            # It was closed for another way to pay; nothing was tried.
            return False
        return bool(last and last.state in ended and self.is_payable)

    @property
    def sign(self) -> str:
        """Changes when another page is to be seen; read by the polling script."""
        payment = self.payment
        progress = payment.progress if payment else ""
        counts = f"{len(self.attempts)}-{len(self.set_aside)}"
        return f"{self.state}-{self.order.amount_paid}-{counts}-{progress}"

    @property
    def status_url(self) -> str:
        return absolute(self.order.get_absolute_url())

    @property
    def sums(self) -> list[dict[str, Any]]:
        return sums_of(self.order) + self._sums_of_dues()

    def _sums_of_dues(self) -> list[dict[str, Any]]:
        """What of the total is to be paid now, where that is not all of it."""
        order = self.order
        rows = []
        if self.balance.net:
            rows.append(_row(order, _("Received"), -self.balance.net, "minus"))
        if self.is_payable and self.asked != order.total:
            label = self._label_of_due(is_first=not rows)
            rows += self._row_of_code()
            rows.append(_row(order, label, self.asked, "total"))
        return rows

    def _label_of_due(self, *, is_first: bool) -> str:
        order = self.order
        is_part = order.deposit != order.total
        is_deposit = is_first and is_part and order.status == Order.Status.PENDING
        return _("Deposit, to pay now") if is_deposit else _("To pay now")

    def _row_of_code(self) -> list[dict[str, Any]]:
        payment = self.payment
        if not (payment and payment.code):
            return []
        code = -payment.code_amount
        return [_row(self.order, _("Unique code of your transfer"), code, "minus")]


def sums_of(order: Order) -> list[dict[str, Any]]:
    """Goods to total as rows for components/summary_rows.html."""
    rows = [
        _row(order, _("Goods"), order.goods),
        _row(order, _("Shipping"), order.shipping),
    ]
    if order.discount:
        rows.append(_row(order, _("Discount"), -order.discount, "minus"))
    return [*rows, _row(order, _("Total"), order.total, "total")]


def _row(order: Order, label: str, amount: Decimal, kind: str = "") -> dict[str, Any]:
    return {"label": label, "value": format_money(amount, order.currency), "kind": kind}
