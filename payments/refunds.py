"""Refund rows: requested by the money rule, booked when a gateway answers."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, ExpressionWrapper, F, QuerySet, Sum

from campaigns.clock import Clock, database_now
from campaigns.models import Batch
from orders import emails
from orders.models import Order
from payments import books, gateways
from payments.dues import balance_of
from payments.gateways.base import RefundSnapshot
from payments.models import LedgerEntry, Payment, Refund

LOOK_UP_EVERY = timedelta(minutes=10)
ROUNDING_SLACK = Decimal("0.001")
NOT_PAID_YET = (Refund.State.REQUESTED, Refund.State.MANUAL)


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


def request_owed(order: Order, payments: list[Payment]) -> int:
    """Refund what the money rule owes back on the locked order, latest payment first.

    Returns the number of refunds written; nothing owed writes none.
    """
    owed = balance_of(order, payments).owed_back
    requested = 0
    for payment in sorted(payments, key=_age):
        amount = min(owed, payment.refundable)
        if amount > 0:
            _request(order, payment, amount)
            owed -= amount
            requested += 1
    return requested


def _age(payment: Payment) -> tuple[float, int]:
    """Sorts the latest confirmed first, what was never confirmed last."""
    confirmed_at = payment.confirmed_at
    return (-confirmed_at.timestamp() if confirmed_at else 0, -payment.pk)


def _request(order: Order, payment: Payment, amount: Decimal) -> None:
    came_back = payment.refunds.filter(state=Refund.State.FAILED).exists()
    is_by_hand = came_back or payment.gateway in gateways.BY_HAND
    _claim(payment, amount)
    refund = Refund.objects.create(
        payment=payment,
        reference=_next_reference(payment),
        amount=amount,
        # A refund that failed at the gateway is not tried there again by itself.
        state=Refund.State.MANUAL if is_by_hand else Refund.State.REQUESTED,
        source=_source(order),
    )
    if came_back:
        emails.refund_by_hand(order, refund_key=refund.reference, amount=amount)


def withdraw_unsent(order: Order, payments: list[Payment]) -> None:
    """Take back refunds no gateway has heard of when the order may keep more again."""
    if balance_of(order, payments).due <= 0:
        return
    for payment in payments:
        _withdraw(payment, payment.refunds.filter(state=Refund.State.REQUESTED))


def _withdraw(payment: Payment, unsent: Iterable[Refund]) -> None:
    for refund in unsent:
        if refund.advance(Refund.State.CANCELED):
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
            order, payment, LedgerEntry.Kind.REFUND, refund.amount, refund=refund
        )
        emails.refund_sent(order, refund_key=refund.reference, amount=refund.amount)
    if state == Refund.State.FAILED:
        _claim(payment, -refund.amount)
        if origin == Refund.State.SUCCEEDED:
            kind = LedgerEntry.Kind.REFUND_FAILED
            books.enter(order, payment, kind, refund.amount, refund=refund)


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
        _withdraw(payment, payment.refunds.filter(state__in=NOT_PAID_YET))
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
    by_staff = order.events.filter(kind=Order.Status.CANCELED, actor="staff")
    return Refund.Source.ADMIN if by_staff.exists() else Refund.Source.BUYER
