"""Xendit's answers about an invoice and its refunds, read into snapshots."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from campaigns.money import quantize
from payments.gateways.base import RefundSnapshot, Snapshot
from payments.gateways.clocks import moment
from payments.gateways.xendit_rails import method_of, rule_of
from payments.models import Payment, Refund

State = Payment.State
Invoice = dict[str, Any]

STATES = {
    "PENDING": State.PENDING,
    # Settled is paid, some days later: the same money.
    "PAID": State.CONFIRMED,
    "SETTLED": State.CONFIRMED,
    "EXPIRED": State.EXPIRED,
}
REFUND_STATES = {
    "PENDING": Refund.State.PENDING,
    "SUCCEEDED": Refund.State.SUCCEEDED,
    "FAILED": Refund.State.FAILED,
    "CANCELLED": Refund.State.FAILED,
    "CANCELED": Refund.State.FAILED,
}
KEPT = (
    "id",
    "external_id",
    "status",
    "amount",
    "paid_amount",
    "currency",
    "payment_method",
    "payment_channel",
    "created",
    "updated",
    "paid_at",
    "expiry_date",
)


def is_paid(invoice: Invoice) -> bool:
    return STATES.get(str(invoice.get("status"))) == State.CONFIRMED


def read(invoice: Invoice, refunds: Iterable[Invoice] = ()) -> Snapshot:
    facts = _facts(invoice)
    state = STATES.get(str(invoice.get("status")))
    currency = str(invoice.get("currency") or "IDR")
    try:
        asked = money(invoice.get("amount"), currency)
        paid = money(invoice.get("paid_amount") or asked, currency)
        paid_back = tuple(read_refund(refund) for refund in refunds)
    except ValueError as error:
        return Snapshot(**facts, state=State.PENDING, currency="", doubt=str(error))
    if state is None:
        doubt = f"unknown status {invoice.get('status')!r}"
        return Snapshot(**facts, state=State.PENDING, currency=currency, doubt=doubt)
    return Snapshot(
        **facts,
        state=state,
        currency=currency,
        asked=asked,
        received=paid if state == State.CONFIRMED else Decimal(0),
        refunds=paid_back,
    )


def _facts(invoice: Invoice) -> dict[str, Any]:
    method = method_of(invoice)
    rule, paid_at = rule_of(method), moment(invoice.get("paid_at"))
    return {
        "reference": str(invoice.get("external_id") or "nobody"),
        "gateway_reference": str(invoice.get("id") or ""),
        "transaction_reference": str(invoice.get("payment_id") or ""),
        "method": method,
        "refundable_until": paid_at + rule.within if paid_at and rule.within else None,
        "details": {key: invoice[key] for key in KEPT if key in invoice},
    }


def read_refund(refund: Invoice) -> RefundSnapshot:
    """ValueError for what cannot be believed."""
    word = str(refund.get("status"))
    if word not in REFUND_STATES:
        raise ValueError(f"unknown status {word!r} of a refund")
    return RefundSnapshot(
        gateway_reference=str(refund.get("id", "")),
        reference=str(refund.get("reference_id") or ""),
        amount=money(refund.get("amount"), str(refund.get("currency") or "IDR")),
        state=REFUND_STATES[word],
        failure=str(refund.get("failure_code") or ""),
    )


def money(number: object, currency: str) -> Decimal:
    """Exact, or ValueError: what is finer than a rupiah is not rounded away."""
    try:
        return quantize(Decimal(str(number)), currency)
    except InvalidOperation as error:
        raise ValueError(f"{number!r} is no amount") from error
