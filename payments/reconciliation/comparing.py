"""What a gateway's record and the shop's row of one payment say differently."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from payments.gateways.base import RefundSnapshot, Snapshot
from payments.models import Payment, Refund
from payments.reconciliation.discrepancies import Finding, Kind

# Found by asking a gateway, so settled by itself when its next answer agrees.
FOUND_BY_ASKING = (Kind.PAID_THERE, Kind.NOT_THERE, Kind.REFUND)
NEVER_LEFT = (Refund.State.FAILED, Refund.State.CANCELED)


def has_news(payment: Payment, snapshot: Snapshot) -> bool:
    """Whether settlement has anything to do; saying the same again writes nothing."""
    state = Payment.State(payment.state)
    return bool(
        snapshot.state in Payment.TRANSITIONS.get(state, ())
        or (snapshot.doubt and not payment.needs_review)
        or (snapshot.progress and payment.progress != snapshot.progress)
        or snapshot.fee > payment.fee
        or _disputes_moved(payment, snapshot)
        or differences(payment, snapshot)
    )


def differences(payment: Payment, snapshot: Snapshot) -> list[Finding]:
    return [*_of_money(payment, snapshot), *_of_refunds(payment, snapshot)]


def _of_money(payment: Payment, snapshot: Snapshot) -> Iterator[Finding]:
    here = payment.amount_seen - payment.amount_reversed
    there = snapshot.received - snapshot.reversed - _withdrawn(payment, snapshot)
    is_paid_there = snapshot.state == Payment.State.CONFIRMED and payment.is_open
    if there == here and not is_paid_there:
        return
    yield Finding(
        kind=Kind.PAID_THERE if there >= here else Kind.NOT_THERE,
        gateway=payment.gateway,
        reference=payment.reference,
        payment=payment,
        details=_details(
            here=f"{payment.state} {here} {payment.currency}",
            there=f"{snapshot.state} {there} {snapshot.currency}",
            doubt=snapshot.doubt[:200],
        ),
    )


def _withdrawn(payment: Payment, snapshot: Snapshot) -> Decimal:
    """By disputes: as told, and of those not told of as they are known here."""
    if not snapshot.disputes and not payment.amount_reversed:
        return Decimal(0)
    known = {d.gateway_reference: d.amount_withdrawn for d in payment.disputes.all()}
    known |= {seen.gateway_reference: seen.withdrawn for seen in snapshot.disputes}
    return sum(known.values(), start=Decimal(0))


def _disputes_moved(payment: Payment, snapshot: Snapshot) -> bool:
    if not snapshot.disputes:
        return False
    known = {row.gateway_reference: row.state for row in payment.disputes.all()}
    return any(
        known.get(seen.gateway_reference) != seen.state for seen in snapshot.disputes
    )


def _of_refunds(payment: Payment, snapshot: Snapshot) -> Iterator[Finding]:
    if not snapshot.refunds:
        return
    rows = list(payment.refunds.all())
    for seen in snapshot.refunds:
        refund = match(rows, seen)
        if refund is None and seen.state in NEVER_LEFT:
            continue
        if refund is None or not _is_same(refund, seen):
            yield of_refund(payment, refund, seen)


def match(rows: list[Refund], seen: RefundSnapshot) -> Refund | None:
    """By the gateway's reference, then by ours."""
    known = [r for r in rows if r.gateway_reference == seen.gateway_reference]
    ours = [r for r in rows if seen.reference and r.reference == seen.reference]
    return next(iter(known + ours), None)


def _is_same(refund: Refund, seen: RefundSnapshot) -> bool:
    on_their_way = refund.state in Refund.IN_FLIGHT and seen.state in Refund.IN_FLIGHT
    is_told = bool(refund.gateway_reference) or not seen.gateway_reference
    same_state = refund.state == seen.state or (on_their_way and is_told)
    return same_state and refund.amount == seen.amount


def of_refund(
    payment: Payment, refund: Refund | None, seen: RefundSnapshot | None
) -> Finding:
    """One side may not know of it at all."""
    reference = refund.reference if refund else seen.gateway_reference if seen else ""
    return Finding(
        kind=Kind.REFUND,
        gateway=payment.gateway,
        reference=reference,
        payment=payment,
        refund=refund,
        details=_details(
            here=f"{refund.state} {refund.amount}" if refund else "unknown",
            there=f"{seen.state} {seen.amount}" if seen else "unknown",
        ),
    )


def of_unknown(gateway: str, snapshot: Snapshot) -> Finding | None:
    """Money at the gateway that no payment asked for; None once it holds none."""
    back = (refund.amount for refund in snapshot.refunds if _has_left(refund))
    held = snapshot.received - snapshot.reversed - sum(back, start=Decimal(0))
    if held <= 0:
        return None
    return Finding(
        kind=Kind.UNKNOWN_OBJECT,
        gateway=gateway,
        reference=name_of(snapshot),
        details=_details(here="unknown", there=f"{held} {snapshot.currency}"),
    )


def name_of(snapshot: Snapshot) -> str:
    names = (
        *(snapshot.gateway_reference, snapshot.transaction_reference),
        snapshot.reference,
    )
    return next(filter(None, names), "")[:120]


def _has_left(seen: RefundSnapshot) -> bool:
    return seen.state not in NEVER_LEFT


def _details(**told: str) -> dict[str, Any]:
    return {name: text for name, text in told.items() if text}
