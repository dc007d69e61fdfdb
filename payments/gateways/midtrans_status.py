"""Midtrans' answer about one transaction, read into a snapshot."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from campaigns.money import quantize
from payments.gateways.base import (
    DisputeSnapshot,
    PaymentIn,
    RefundIn,
    RefundSnapshot,
    Snapshot,
)
from payments.gateways.clocks import JAKARTA, moment
from payments.gateways.midtrans_rails import method_of, rule_of
from payments.models import Dispute, Payment, Refund

State = Payment.State
Progress = Payment.Progress
Status = dict[str, Any]

# Of a part charged back the status does not tell how much: a human looks.
CHARGED = {"capture", "settlement", "refund", "partial_refund", "chargeback"}
WAITING = {"pending": Progress.ACTION_REQUIRED, "authorize": Progress.PROCESSING}
ENDED = {
    "deny": State.FAILED,
    "failure": State.FAILED,
    "cancel": State.CANCELED,
    "expire": State.EXPIRED,
}
KEPT = (
    "transaction_id",
    "transaction_status",
    "fraud_status",
    "status_code",
    "payment_type",
    "gross_amount",
    "currency",
    "acquirer",
    "issuer",
    "transaction_time",
    "settlement_time",
)


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """`paid` is what the buyer gave for us, without a fee put on top."""

    paid: Decimal
    fee: Decimal
    currency: str


def read(status: Status, payment: PaymentIn) -> Snapshot:
    facts = _facts(status, payment)
    try:
        amounts = _amounts(status)
        paid_back = refunds(status)
    except ValueError as error:
        return Snapshot(**facts, state=State.PENDING, currency="", doubt=str(error))
    return Snapshot(
        **facts,
        **_standing(status, amounts, payment),
        currency=amounts.currency,
        asked=amounts.paid,
        refunds=paid_back,
    )


def _facts(status: Status, payment: PaymentIn) -> dict[str, Any]:
    method = method_of(status)
    rule, paid_at = rule_of(method), _paid_at(status)
    return {
        "reference": _our_reference(status, payment),
        "transaction_reference": str(status.get("transaction_id", "")),
        "method": method,
        "refundable_until": paid_at + rule.within if paid_at and rule.within else None,
        "details": {key: status[key] for key in KEPT if key in status},
    }


def _paid_at(status: Status) -> Any:
    told = status.get("settlement_time") or status.get("transaction_time")
    return moment(told, JAKARTA)


def _our_reference(status: Status, payment: PaymentIn) -> str:
    """DANA answers with an id of its own; its transaction is known by then."""
    known = payment.gateway_transaction_reference
    if known and status.get("transaction_id") == known:
        return payment.reference
    return str(status.get("order_id") or "nobody")


def _amounts(status: Status) -> Amounts:
    currency = str(status.get("currency") or "IDR")
    gross = _money(status.get("gross_amount"), currency)
    asked = _original(status)
    paid = _money(asked, currency) if asked else gross
    if paid > gross:
        raise ValueError(f"{paid} asked, only {gross} charged")
    return Amounts(paid=paid, fee=gross - paid, currency=currency)


def _original(status: Status) -> object:
    """The price, where the buyer was charged a fee on top of it."""
    at: Any = status
    for key in ("metadata", "extra_info", "gross_amount_info", "original_amount"):
        at = at.get(key) if isinstance(at, dict) else None
    return at


def _money(text: object, currency: str) -> Decimal:
    """Exact, or ValueError: a rupiah with decimals is not rounded away."""
    try:
        return quantize(Decimal(str(text)), currency)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no amount") from error


def _standing(status: Status, amounts: Amounts, payment: PaymentIn) -> dict[str, Any]:
    """State and money, by the status of the transaction."""
    word = str(status.get("transaction_status", ""))
    fraud = str(status.get("fraud_status") or "accept")
    if word in WAITING or (word in CHARGED and fraud == "challenge"):
        under_review = fraud == "challenge"
        progress = Progress.FRAUD_REVIEW if under_review else WAITING[word]
        return {"state": State.PENDING, "progress": progress}
    if word in ENDED or (word in CHARGED and fraud == "deny"):
        return _ended(ENDED.get(word, State.FAILED), payment)
    if word in CHARGED and str(status.get("status_code")) == "200":
        return _paid(word, status, amounts)
    return {"state": State.PENDING, "doubt": f"unknown status {word!r}"}


def _paid(word: str, status: Status, amounts: Amounts) -> dict[str, Any]:
    taken: dict[str, Any] = {
        "state": State.CONFIRMED,
        "received": amounts.paid,
        "fee": amounts.fee,
    }
    if word == "chargeback":
        taken["disputes"] = (_chargeback(status, amounts),)
    return taken


def _ended(state: State, payment: PaymentIn) -> dict[str, Any]:
    """A charge taken back before it settled is a reversal of what was booked."""
    if not payment.received:
        return {"state": state}
    return {
        "state": State.REVERSED,
        "received": payment.received,
        "reversed": payment.received,
    }


def _chargeback(status: Status, amounts: Amounts) -> DisputeSnapshot:
    """Midtrans tells of it when the bank has the money."""
    return DisputeSnapshot(
        gateway_reference=f"chargeback-{status.get('transaction_id', '')}",
        amount=amounts.paid,
        state=Dispute.State.LOST,
        withdrawn=amounts.paid,
        status="chargeback",
    )


def refunds(status: Status) -> tuple[RefundSnapshot, ...]:
    """Those that went through; one under way is told by no list."""
    currency = str(status.get("currency") or "IDR")
    made = status.get("refunds")
    entries = made if isinstance(made, list) else []
    return tuple(_refund(entry, currency) for entry in entries)


def _refund(made: Status, currency: str) -> RefundSnapshot:
    key = str(made.get("refund_key") or made.get("refund_chargeback_id", ""))
    return RefundSnapshot(
        gateway_reference=key,
        reference=key,
        amount=_money(made.get("refund_amount"), currency),
        state=Refund.State.SUCCEEDED,
    )


def refund_answer(answer: Status, refund: RefundIn) -> RefundSnapshot:
    """201 is on its way; it is asked for again under the same key."""
    is_done = str(answer.get("status_code")) == "200"
    return RefundSnapshot(
        gateway_reference=refund.reference,
        reference=refund.reference,
        amount=refund.amount,
        state=Refund.State.SUCCEEDED if is_done else Refund.State.PENDING,
    )
