"""Writes what a gateway says of one payment: its state, its amounts, the ledger.

Order and payment are locked. Money in another amount or currency than was asked for is
set aside in suspense, where it advances nothing and is never lost.
"""

from decimal import Decimal
from typing import Any

from campaigns.clock import database_now
from orders.models import Order
from payments import gateways
from payments.dispute_records import record_disputes
from payments.dues import balance_of
from payments.gateways.base import Snapshot
from payments.ledger import books
from payments.models import (
    LedgerEntry,
    Payment,
    Refund,
    SavedMethod,
    StatementLine,
)

Kind = LedgerEntry.Kind
# Their amount is typed by the buyer's hand: what comes short is part of the due.
TAKES_ANY_AMOUNT = {gateways.BANK_TRANSFER, *gateways.BY_HAND}


def record(order: Order, payment: Payment, snapshot: Snapshot) -> bool:
    """True when new money arrived, credited or not."""
    if doubt := _doubt(payment, snapshot):
        flag(payment, doubt)
        return False
    new = snapshot.received - payment.amount_seen
    changes = _facts(payment, snapshot)
    if new > 0:
        changes |= _take_in(order, payment, snapshot, new)
    _write(payment, changes)
    if _leaves_again(snapshot):
        # What goes back is counted first: nothing can be taken off what never came.
        release_suspense(order, payment)
    _write(payment, _take_back(order, payment, snapshot))
    if snapshot.saved_method:
        _remember_card(payment, snapshot)
    if new > 0 and _fits(payment, snapshot):
        # What came short before is made up by what came now.
        release_suspense(order, payment)
    if new > 0 and not _is_as_asked(payment, snapshot):
        flag(payment, _odd_amount(payment, snapshot))
    return new > 0


def _leaves_again(snapshot: Snapshot) -> bool:
    """Whether the gateway took any of it back, or sent some to the buyer."""
    is_refunded = any(seen.state != Refund.State.FAILED for seen in snapshot.refunds)
    is_withdrawn = any(seen.withdrawn for seen in snapshot.disputes)
    return bool(is_refunded or is_withdrawn or snapshot.reversed)


def _remember_card(payment: Payment, snapshot: Snapshot) -> None:
    SavedMethod.objects.remember(
        payment,
        customer=snapshot.saved_customer,
        method=snapshot.saved_method,
        label=snapshot.saved_label,
    )


def _doubt(payment: Payment, snapshot: Snapshot) -> str:
    """Why this is not the record of this payment; empty when it is."""
    told = snapshot.reference
    if told and told != payment.reference:
        return f"the gateway's record is of {told}"
    return snapshot.doubt


def _is_as_asked(payment: Payment, snapshot: Snapshot) -> bool:
    came = (snapshot.received, snapshot.currency)
    return came == (payment.amount, payment.currency)


def _odd_amount(payment: Payment, snapshot: Snapshot) -> str:
    came = f"{snapshot.received} {snapshot.currency}"
    return f"received {came} of {payment.amount} {payment.currency}"


def _facts(payment: Payment, snapshot: Snapshot) -> dict[str, Any]:
    changes: dict[str, Any] = {"last_snapshot": snapshot.details}
    if snapshot.state in Payment.TRANSITIONS.get(Payment.State(payment.state), ()):
        changes["state"] = snapshot.state
        if snapshot.state == Payment.State.CONFIRMED:
            changes["confirmed_at"] = database_now()
    state = changes.get("state", payment.state)
    if snapshot.progress or state not in Payment.OPEN:
        is_waiting = state in Payment.OPEN
        changes["progress"] = (snapshot.progress or "") if is_waiting else ""
    told = {
        "method": snapshot.method[:30],
        "gateway_reference": snapshot.gateway_reference,
        "gateway_transaction_reference": snapshot.transaction_reference,
        "refundable_until": snapshot.refundable_until,
    }
    return changes | {column: value for column, value in told.items() if value}


def _take_in(
    order: Order, payment: Payment, snapshot: Snapshot, new: Decimal
) -> dict[str, Any]:
    changes: dict[str, Any] = {"amount_seen": snapshot.received}
    changes |= _refund_window(payment, snapshot)
    if fee := snapshot.fee - payment.fee:
        books.enter(order, payment, Kind.FEE, fee)
        changes["fee"] = snapshot.fee
    if _fits(payment, snapshot):
        books.enter(order, payment, _kind_of(snapshot), new, cause=snapshot.line)
        _grant_code(order, payment, snapshot)
        return changes | {"amount_received": payment.amount_received + new}
    books.enter(order, payment, Kind.SUSPENSE, new, currency=snapshot.currency)
    return changes | {
        "amount_in_suspense": payment.amount_in_suspense + new,
        "suspense_currency": snapshot.currency,
    }


def _refund_window(payment: Payment, snapshot: Snapshot) -> dict[str, Any]:
    """By the gateway's rule, counted from the first money, where it names no end."""
    if payment.refundable_until or snapshot.refundable_until:
        return {}
    method = snapshot.method or payment.method
    rule = gateways.get(payment.gateway).refund_rule(method)
    return {"refundable_until": database_now() + rule.within} if rule.within else {}


def _kind_of(snapshot: Snapshot) -> Kind:
    """A statement's line may have been put aside before it was known whose it is."""
    line = snapshot.line
    is_aside = line is not None and line.state == StatementLine.State.SUSPENSE
    return Kind.ASSIGNED if is_aside else Kind.PAYMENT


def _fits(payment: Payment, snapshot: Snapshot) -> bool:
    """Enough, and in the right currency; an API gateway never takes less by itself."""
    if snapshot.currency != payment.currency:
        return False
    is_enough = snapshot.received >= payment.amount
    return is_enough or payment.gateway in TAKES_ANY_AMOUNT


def _grant_code(order: Order, payment: Payment, snapshot: Snapshot) -> None:
    """A transfer's unique code becomes a discount once its exact amount has come.

    Never more than is due then: who pays the same due again gets no second discount.
    """
    code = _code_due(order, payment) if payment.code else Decimal(0)
    is_first = payment.amount_received < payment.amount <= snapshot.received
    is_canceled = order.status == Order.Status.CANCELED
    if code <= 0 or not is_first or is_canceled:
        return
    order.discount += code
    order.total -= code
    if order.status in (Order.Status.PENDING, Order.Status.EXPIRED):
        # The deposit stands once it was reached; late money has still to reach it.
        order.deposit = max(Decimal(0), order.deposit - code)
    order.deposit = min(order.deposit, order.total)
    order.save(update_fields=["discount", "total", "deposit"])


def _code_due(order: Order, payment: Payment) -> Decimal:
    """Of its code, what the amount that was asked for leaves due."""
    asked = payment.amount - payment.amount_received
    return min(payment.code_amount, order.total - balance_of(order).net - asked)


def _take_back(order: Order, payment: Payment, snapshot: Snapshot) -> dict[str, Any]:
    """Reversals by the gateway, and what disputes withdrew or brought back."""
    if payment.has_foreign_suspense:
        # Of money in another currency nothing was counted, so a human looks.
        if _leaves_again(snapshot):
            flag(payment, "money in another currency went back at the gateway")
        return {}
    disputed = record_disputes(order, payment, snapshot.disputes)
    reversed_before = payment.amount_reversed - disputed.before
    taken_back = snapshot.reversed - reversed_before
    if taken_back > 0:
        books.enter(order, payment, Kind.REVERSAL, taken_back)
        flag(payment, f"taken back by the gateway: {taken_back}")
    total = max(snapshot.reversed, reversed_before) + disputed.now
    return {} if total == payment.amount_reversed else {"amount_reversed": total}


def release_suspense(order: Order, payment: Payment) -> Decimal:
    """Credit what is set aside to the buyer; the money rule decides on it then.

    Money of another currency stays, for a human. Returns what was credited.
    """
    amount = payment.amount_in_suspense
    if not payment.has_own_suspense:
        return Decimal(0)
    books.enter(order, payment, Kind.ASSIGNED, amount)
    _write(
        payment,
        {
            "amount_received": payment.amount_received + amount,
            "amount_in_suspense": Decimal(0),
            "suspense_currency": "",
        },
    )
    return amount


def return_suspense(order: Order, payment: Payment) -> Decimal:
    """Book that what is set aside was sent back by hand; what that was."""
    amount, currency = payment.amount_in_suspense, payment.suspense_currency
    books.enter(order, payment, Kind.RETURNED, amount, currency=currency)
    _write(payment, {"amount_in_suspense": Decimal(0), "suspense_currency": ""})
    return amount


def flag(payment: Payment, reason: str) -> None:
    """Show the payment to a human; what the money rule does is not delayed by it."""
    rows = Payment.objects.filter(pk=payment.pk)
    rows.update(needs_review=True, review_reason=reason[:200])


def unflag(payment: Payment) -> None:
    _write(payment, {"needs_review": False, "review_reason": ""})


def _write(payment: Payment, changes: dict[str, Any]) -> None:
    Payment.objects.filter(pk=payment.pk).update(**changes)
    for column, value in changes.items():
        setattr(payment, column, value)
