"""Refund rows: requested by the money rule, booked when a gateway answers."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, ExpressionWrapper, F, Q, QuerySet, Sum

from campaigns.clock import Clock, database_now
from campaigns.models import Batch
from orders import emails
from orders.models import Order
from payments import books, gateways
from payments.dues import balance_of
from payments.gateways.base import RefundSnapshot
from payments.models import LedgerEntry, Payment, PayoutAccount, Refund, RefundRun

LOOK_UP_EVERY = timedelta(minutes=10)
ROUNDING_SLACK = Decimal("0.001")


def orders_owed_back() -> QuerySet[Order]:
    """Orders that hold more than they may keep: candidates, decided again under lock.

    SQL sums of decimals are inexact on SQLite, so no decision rests on this alone.
    """
    held = F("payments__amount_received") - F("payments__amount_reversed")
    net = ExpressionWrapper(
        held - F("payments__amount_refunding"), output_field=DecimalField()
    )
    ended = Order.objects.exclude(status__in=Order.HOLDING)
    return ended.annotate(net=Sum(net)).filter(
        net__gt=F("amount_kept") + ROUNDING_SLACK
    )


def orders_to_look_at() -> QuerySet[Order]:
    """Ended orders with money in suspense, or with a refund that waits for approval."""
    ended = Order.objects.exclude(status__in=Order.HOLDING)
    set_aside = Payment.objects.filter(
        amount_in_suspense__gt=0, suspense_currency=F("currency")
    )
    waiting = Refund.objects.unapproved()
    return ended.filter(
        Q(pk__in=set_aside.values("order")) | Q(pk__in=waiting.values("payment__order"))
    )


def request_owed(order: Order, payments: list[Payment]) -> int:
    """Refund what the money rule owes back on the locked order, latest payment first.

    Returns the number of refunds written; nothing owed writes none.
    """
    if order.status not in Order.HOLDING:
        _approve_all(order, payments)
    owed = balance_of(order, payments).owed_back
    owed -= credit_of(order) if owed else 0
    source = _source(order) if owed > 0 else Refund.Source.DUPLICATE
    return request(order, payments, max(owed, Decimal(0)), source=source)


def credit_of(order: Order) -> Decimal:
    """What came twice and the seller keeps for an order that goes on."""
    if order.status not in Order.HOLDING:
        return Decimal(0)
    declined = Refund.objects.declined().filter(payment__order=order)
    return sum(declined.values_list("amount", flat=True), start=Decimal(0))


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


def _approve_all(order: Order, payments: list[Payment]) -> None:
    """Of an order that ended all goes back: there is nothing left to look at."""
    for refund in Refund.objects.unapproved().filter(payment__in=payments):
        if refund.approve():
            tell_requested(order, refund)


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
    _claim(payment, amount)
    refund = Refund.objects.create(
        payment=payment,
        reference=_next_reference(payment),
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


def withdraw_unsent(order: Order, payments: list[Payment]) -> None:
    """Take back refunds no gateway has heard of when the order may keep more again."""
    if balance_of(order, payments).due <= 0:
        return
    for payment in payments:
        unsent = payment.refunds.filter(state=Refund.State.REQUESTED)
        if payment.refundable >= 0:
            # The seller's own decision stands while its money is there.
            unsent = unsent.exclude(source=Refund.Source.ADMIN)
        withdraw(payment, unsent)


def withdraw(payment: Payment, unsent: Iterable[Refund], **columns: Any) -> None:
    """Give the claim of these back to their locked payment."""
    for refund in unsent:
        if refund.advance(Refund.State.CANCELED, **columns):
            _claim(payment, -refund.amount)


def record_seen(order: Order, payment: Payment, seen: RefundSnapshot) -> None:
    """Book a refund found at the gateway: ours, or one made in its own dashboard."""
    refund = _find(payment, seen)
    if refund is None and seen.state == Refund.State.FAILED:
        # It never left, and nobody here had counted on it.
        return
    refund = refund or _external(payment, seen)
    book(order, payment, refund, state=seen.state, seen=seen)


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
        _claim(payment, -refund.amount)
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


def _find(payment: Payment, seen: RefundSnapshot) -> Refund | None:
    refunds = list(payment.refunds.all())
    known = [r for r in refunds if r.gateway_reference == seen.gateway_reference]
    ours = [r for r in refunds if seen.reference and r.reference == seen.reference]
    return next(iter(known + ours), None)


def _external(payment: Payment, seen: RefundSnapshot) -> Refund:
    """A refund of the gateway's own; it takes the place of those not paid yet.

    Whatever is still owed after it is requested anew by the money rule.
    """
    if seen.amount > payment.refundable:
        withdraw(payment, payment.refunds.filter(state__in=Refund.NOT_SENT))
    _claim(payment, seen.amount)
    return Refund.objects.create(
        payment=payment,
        reference=_next_reference(payment),
        amount=seen.amount,
        state=Refund.State.SENDING,
        source=Refund.Source.EXTERNAL,
        gateway_reference=seen.gateway_reference,
    )


def _claim(payment: Payment, amount: Decimal) -> None:
    """Count a refund against its locked payment before any gateway hears of it."""
    payment.amount_refunding += amount
    payment.save(update_fields=["amount_refunding"])


def _next_reference(payment: Payment) -> str:
    return f"{payment.reference}-R{payment.refunds.count() + 1}"


def _source(order: Order) -> Refund.Source:
    if order.status == Order.Status.EXPIRED:
        return Refund.Source.LATE
    if order.status == Order.Status.CANCELED:
        is_mass = order.batch.stage == Batch.Stage.CANCELED
        return Refund.Source.MASS if is_mass else _source_of_cancellation(order)
    return Refund.Source.DUPLICATE


def _source_of_cancellation(order: Order) -> Refund.Source:
    by_buyer = order.events.filter(kind=Order.Status.CANCELED, actor="buyer")
    return Refund.Source.BUYER if by_buyer.exists() else Refund.Source.ADMIN
