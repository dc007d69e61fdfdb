"""Stripe's records as snapshots: what counts as paid, paid back and disputed."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from campaigns.money import from_minor_units, to_minor_units
from payments.gateways.base import DisputeSnapshot, RefundSnapshot, Snapshot
from payments.gateways.stripe_calls import Record
from payments.models import Dispute, Payment, Refund

State = Payment.State
# Stripe counts hundredths in all currencies the shop takes, rupiah too.
PLACES: Final = 2
SESSION: Final = "checkout.session"
# Who made a payment intent, in its metadata: the hosted page, or a saved card.
BY_PAGE, BY_SAVED_CARD = "checkout", "saved_card"

INTENTS = {
    "succeeded": State.CONFIRMED,
    "processing": State.PENDING,
    "requires_action": State.PENDING,
    "requires_confirmation": State.PENDING,
    "requires_capture": State.PENDING,
    "requires_payment_method": State.FAILED,
    "canceled": State.CANCELED,
}
REFUNDS = {
    "pending": Refund.State.PENDING,
    "requires_action": Refund.State.PENDING,
    "succeeded": Refund.State.SUCCEEDED,
    "failed": Refund.State.FAILED,
    # Nothing left the account, or it came back.
    "canceled": Refund.State.FAILED,
}
DISPUTES_OVER = {
    "won": Dispute.State.WON,
    "lost": Dispute.State.LOST,
    "warning_closed": Dispute.State.CLOSED,
    "prevented": Dispute.State.CLOSED,
}


def to_minor(amount: Decimal, currency: str) -> int:
    return to_minor_units(amount, currency, places=PLACES)


def from_minor(minor: int, currency: str) -> Decimal:
    """ValueError for what our currency cannot hold; nothing is rounded."""
    return from_minor_units(minor, currency.upper(), places=PLACES)


def reference_of(record: Record) -> str:
    """Ours, as it was sent; empty in what others made on the same account."""
    told = record.get("client_reference_id") or metadata_of(record).get("reference")
    return str(told or "")


def metadata_of(record: Record) -> Record:
    return record.get("metadata") or {}


def asked_of(record: Record) -> int:
    """Minor units of the page, or of an intent made without one."""
    return int(record["amount_total" if record["object"] == SESSION else "amount"])


def intent_of(record: Record) -> Record:
    """The payment intent itself; nothing where Stripe has none, or only its id."""
    intent = record if record["object"] != SESSION else record.get("payment_intent")
    return intent if isinstance(intent, dict) else {}


def charge_of(record: Record) -> Record:
    charge = intent_of(record).get("latest_charge")
    return charge if isinstance(charge, dict) else {}


def snapshot_of(
    record: Record,
    *,
    refunds: Iterable[Record] = (),
    disputes: Iterable[Record] = (),
    is_live: bool,
) -> Snapshot:
    """Of a Checkout Session, or of a payment intent made without one."""
    currency = str(record["currency"] or "").upper()
    if doubt := _doubt(record, is_live):
        return Snapshot(state=State.PENDING, currency=currency, doubt=doubt)
    try:
        return Snapshot(
            state=state_of(record),
            refunds=tuple(refund_snapshot(refund) for refund in refunds),
            disputes=tuple(_dispute(dispute) for dispute in disputes),
            **_money(record, currency),
            **_names(record),
            **_saved(record),
        )
    except ValueError as error:
        # Never guessed: an amount with half a rupiah, or a currency we do not take.
        return Snapshot(state=State.PENDING, currency=currency, doubt=str(error))


def _doubt(record: Record, is_live: bool) -> str:
    if bool(record.get("livemode")) != is_live:
        return "the record is of test mode" if is_live else "the record is of live mode"
    told = (record["status"], record.get("payment_status"))
    if record["object"] == SESSION:
        intent = intent_of(record).get("status")
        is_known = told in SESSIONS and (intent is None or intent in INTENTS)
        lacks_money = told == ("complete", "paid") and not intent
        return "" if is_known and not lacks_money else f"unknown status {told}"
    return "" if told[0] in INTENTS else f"unknown status {told[0]}"


# Paid is what Stripe calls paid: a page can be complete days before the money is there.
SESSIONS = {
    ("open", "unpaid"): State.PENDING,
    ("complete", "paid"): State.CONFIRMED,
    ("complete", "unpaid"): None,
    ("expired", "unpaid"): State.EXPIRED,
}


def state_of(record: Record) -> Payment.State:
    intent = INTENTS.get(intent_of(record).get("status", ""), State.PENDING)
    if record["object"] != SESSION:
        return intent
    known = SESSIONS[record["status"], record["payment_status"]]
    if known is not None:
        return known
    # Complete, not paid: on its way, or over.
    return State.PENDING if intent == State.CONFIRMED else intent


def _progress(record: Record) -> Payment.Progress | None:
    if state_of(record) != State.PENDING:
        return None
    if intent_of(record).get("status") == "requires_action":
        return Payment.Progress.ACTION_REQUIRED
    is_open = record["status"] == "open"
    return None if is_open else Payment.Progress.PROCESSING


def _money(record: Record, currency: str) -> dict[str, Any]:
    intent = intent_of(record)
    asked = from_minor(asked_of(record), currency)
    money: dict[str, Any] = {"currency": currency, "asked": asked}
    if state_of(record) == State.CONFIRMED:
        # What was taken may be of another currency than what was asked for.
        money["currency"] = str(intent["currency"]).upper()
        money["received"] = from_minor(intent["amount_received"], intent["currency"])
    return money


def _names(record: Record) -> dict[str, Any]:
    intent, charge = intent_of(record), charge_of(record)
    session = record if record["object"] == SESSION else {}
    return {
        "reference": reference_of(record),
        "gateway_reference": record["id"],
        "transaction_reference": intent.get("id", ""),
        "method": (charge.get("payment_method_details") or {}).get("type") or "",
        "progress": _progress(record),
        "details": {
            "session": session.get("id", ""),
            "session_status": session.get("status", ""),
            "payment_status": session.get("payment_status", ""),
            "payment_intent": intent.get("id", ""),
            "intent_status": intent.get("status", ""),
            "charge": charge.get("id", ""),
            "livemode": bool(record.get("livemode")),
            "error": (intent.get("last_payment_error") or {}).get("code") or "",
        },
    }


def _saved(record: Record) -> dict[str, Any]:
    """The card Stripe keeps for us, when its owner was asked for that."""
    intent, charge = intent_of(record), charge_of(record)
    card = (charge.get("payment_method_details") or {}).get("card")
    customer, method = (
        id_of(intent.get("customer")),
        id_of(intent.get("payment_method")),
    )
    is_kept = intent.get("setup_future_usage") == "off_session" and customer and method
    if not (is_kept and card):
        return {}
    label = f"{str(card.get('brand', '')).title()} •••• {card.get('last4', '')}"
    return {"saved_customer": customer, "saved_method": method, "saved_label": label}


def id_of(value: Any) -> str:
    """Of a field that holds an id, the whole object, or nothing."""
    return str((value.get("id") if isinstance(value, dict) else value) or "")


def refund_snapshot(refund: Record) -> RefundSnapshot:
    reason = refund.get("failure_reason") or refund.get("pending_reason")
    is_canceled = refund["status"] == "canceled"
    return RefundSnapshot(
        gateway_reference=refund["id"],
        reference=reference_of(refund),
        amount=from_minor(refund["amount"], refund["currency"]),
        state=REFUNDS.get(refund["status"], Refund.State.PENDING),
        failure=str(reason or ("canceled" if is_canceled else "")),
    )


def _dispute(dispute: Record) -> DisputeSnapshot:
    due_by = (dispute.get("evidence_details") or {}).get("due_by")
    return DisputeSnapshot(
        gateway_reference=dispute["id"],
        amount=from_minor(dispute["amount"], dispute["currency"]),
        state=DISPUTES_OVER.get(dispute["status"], Dispute.State.OPEN),
        withdrawn=from_minor(_withdrawn(dispute), dispute["currency"]),
        status=dispute["status"],
        reason=str(dispute.get("reason") or ""),
        answer_by=datetime.fromtimestamp(due_by, tz=UTC) if due_by else None,
    )


def _withdrawn(dispute: Record) -> int:
    """What Stripe's balance lost by it, without the fee, in the charge's currency.

    An account paid out in another currency books it in that one, at the rate of the
    day: then the dispute's own amount is out or back as a whole.
    """
    moved = dispute.get("balance_transactions") or []
    if not moved:
        return 0
    if all(movement["currency"] == dispute["currency"] for movement in moved):
        return max(0, -sum(int(movement["amount"]) for movement in moved))
    latest = max(moved, key=lambda movement: int(movement["created"]))
    return int(dispute["amount"]) if latest["amount"] < 0 else 0
