"""Refund rows: written, withdrawn, and booked when a gateway answers."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from campaigns.clock import Clock, database_now
from orders import emails
from orders.models import Order
from payments import gateways
from payments.gateways.base import RefundSnapshot
from payments.ledger import books
from payments.models import LedgerEntry, Payment, PayoutAccount, Refund, RefundRun

LOOK_UP_EVERY = timedelta(minutes=10)


def request(
    order: Order,
    payments: list[Payment],
    amount: Decimal,
    *,
    source: Refund.Source,
    note: str = "",
) -> int:
    """Write refunds of this amount on the locked payments; how many they are."""
    requested = 0
    for payment in sorted(payments, key=_age):
        part = min(amount, payment.refundable)
        if part > 0:
            _request(order, payment, part, source=source, note=note)
            amount -= part
            requested += 1
    return requested


def _age(payment: Payment) -> tuple[float, int]:
    """Sorts the latest confirmed first, what was never confirmed last."""
    confirmed_at = payment.confirmed_at
    return (-confirmed_at.timestamp() if confirmed_at else 0, -payment.pk)


def _request(
    order: Order,
    payment: Payment,
    amount: Decimal,
    *,
    source: Refund.Source,
    note: str,
) -> None:
    failed = payment.refunds.filter(state=Refund.State.FAILED).last()
    is_by_hand = failed is not None or not rail_pays_back(payment)
    if failed and source == Refund.Source.DUPLICATE:
        # It takes the place of what was decided on before.
        source, note = Refund.Source(failed.source), failed.note
    is_approved = failed is not None or source != Refund.Source.DUPLICATE
    payment.claim_refund(amount)
    refund = Refund.objects.create(
        payment=payment,
        reference=payment.next_refund_reference(),
        amount=amount,
        # A refund that failed at the gateway is not tried there again by itself.
        state=Refund.State.MANUAL if is_by_hand else Refund.State.REQUESTED,
        source=source,
        note=note,
        run=_run_of(order, payment, source),
        payout_account=_account_of(order) if is_by_hand else None,
        # Money that came twice may be an order meant to be larger: the seller looks.
        approved_at=database_now() if is_approved else None,
    )
    tell_requested(order, refund, came_back=failed is not None)


def tell_requested(order: Order, refund: Refund, *, came_back: bool = False) -> None:
    """Mail what was not told by the mail about the order's end; unapproved: nothing."""
    told: dict[str, Any] = {
        "refund_key": refund.reference,
        "amount": refund.amount,
        "note": refund.note,
    }
    if refund.approved_at is None:
        return
    if refund.state == Refund.State.MANUAL:
        known = str(refund.payout_account or "")
        emails.payout_asked(order, **told, came_back=came_back, known=known)
    elif refund.run_id or refund.note:
        emails.refund_started(order, **told)


def _account_of(order: Order) -> PayoutAccount | None:
    return PayoutAccount.objects.filter(order=order).first()


def _run_of(order: Order, payment: Payment, source: Refund.Source) -> RefundRun | None:
    """The unfinished run of its batch; what replaces a failed refund is outside it."""
    if source != Refund.Source.MASS:
        return None
    runs = RefundRun.objects.unfinished().filter(batch=order.batch_id)
    return runs.exclude(refunds__payment=payment).first()


def rail_pays_back(payment: Payment) -> bool:
    """Whether the gateway can return this money by itself: its method, and in time."""
    rule = gateways.get(payment.gateway).refund_rule(payment.method)
    until = payment.refundable_until
    return rule.by_api and (until is None or until > database_now())


def withdraw(payment: Payment, unsent: Iterable[Refund], **columns: Any) -> None:
    """Give the claim of these back to their locked payment."""
    for refund in unsent:
        if refund.advance(Refund.State.CANCELED, **columns):
            payment.claim_refund(-refund.amount)


def book(
    order: Order,
    payment: Payment,
    refund: Refund,
    *,
    state: Refund.State,
    seen: RefundSnapshot | None = None,
    failure: str = "",
) -> None:
    """Move the refund with all that follows; order and payment are locked."""
    origin = Refund.State(refund.state)
    if state == origin and state in Refund.IN_FLIGHT:
        refund.look_again(database_now() + LOOK_UP_EVERY)
    if not refund.advance(state, **_columns(state, seen, failure)):
        return
    if state == Refund.State.SUCCEEDED:
        books.enter(
            order, payment, LedgerEntry.Kind.REFUND, refund.amount, cause=refund
        )
        _tell_sent(order, refund, by_hand=origin == Refund.State.MANUAL)
    if state == Refund.State.FAILED:
        payment.claim_refund(-refund.amount)
        if origin == Refund.State.SUCCEEDED:
            kind = LedgerEntry.Kind.REFUND_FAILED
            books.enter(order, payment, kind, refund.amount, cause=refund)


def hand_over(order: Order, refund: Refund) -> bool:
    """To the seller's list: its rail pays nothing back, or no more. Order is locked."""
    if not refund.advance(Refund.State.MANUAL, payout_account=_account_of(order)):
        return False
    tell_requested(order, refund)
    return True


def _tell_sent(order: Order, refund: Refund, *, by_hand: bool) -> None:
    key, amount = refund.reference, refund.amount
    emails.refund_sent(order, refund_key=key, amount=amount, by_hand=by_hand)


def _columns(
    state: Refund.State, seen: RefundSnapshot | None, failure: str
) -> dict[str, Any]:
    columns: dict[str, Any] = {"failure": (seen.failure if seen else failure)[:200]}
    if seen:
        columns["gateway_reference"] = seen.gateway_reference
    if state == Refund.State.SUCCEEDED:
        columns["succeeded_at"] = Clock()
    if state in Refund.IN_FLIGHT:
        columns["next_attempt_at"] = database_now() + LOOK_UP_EVERY
    return columns
