"""What the money rule owes back becomes refunds, or is withdrawn before it is sent."""

from decimal import Decimal

from django.db.models import DecimalField, ExpressionWrapper, F, Q, QuerySet, Sum

from campaigns.models import Batch
from orders.models import Order
from payments.dues import balance_of
from payments.models import Payment, Refund
from payments.refunds import rows as refund_rows

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


def request(order: Order, payments: list[Payment]) -> int:
    """Refund what the money rule owes back on the locked order, latest payment first.

    Returns the number of refunds written; nothing owed writes none.
    """
    if order.status not in Order.HOLDING:
        _approve_all(order, payments)
    owed = balance_of(order, payments).owed_back
    owed -= credit_of(order) if owed else 0
    source = _source(order) if owed > 0 else Refund.Source.DUPLICATE
    return refund_rows.request(order, payments, max(owed, Decimal(0)), source=source)


def credit_of(order: Order) -> Decimal:
    """What came twice and the seller keeps for an order that goes on."""
    if order.status not in Order.HOLDING:
        return Decimal(0)
    declined = Refund.objects.declined().filter(payment__order=order)
    return sum(declined.values_list("amount", flat=True), start=Decimal(0))


def _approve_all(order: Order, payments: list[Payment]) -> None:
    """Of an order that ended all goes back: there is nothing left to look at."""
    for refund in Refund.objects.unapproved().filter(payment__in=payments):
        if refund.approve():
            refund_rows.tell_requested(order, refund)


def withdraw_unsent(order: Order, payments: list[Payment]) -> None:
    """Take back refunds no gateway has heard of when the order may keep more again."""
    if balance_of(order, payments).due <= 0:
        return
    for payment in payments:
        unsent = payment.refunds.filter(state=Refund.State.REQUESTED)
        if payment.refundable >= 0:
            # The seller's own decision stands while its money is there.
            unsent = unsent.exclude(source=Refund.Source.ADMIN)
        refund_rows.withdraw(payment, unsent)


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
