"""What must always be true of money. Each check names the rows that break it."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from django.db.models import Case, DecimalField, F, Q, QuerySet, Value, When

from campaigns.clock import database_now
from campaigns.invariants import Invariant
from orders.invariants import differs, sum_for_order
from orders.models import Order
from payments.dues import balance_of
from payments.models import LedgerEntry, Payment, Refund
from payments.refunds.owed import orders_owed_back

CHUNK = 5000
# A sweep period and a minute: what is younger is still being done.
PATIENCE = timedelta(minutes=2)
TO_THE_BUYERS_CREDIT = Q(credit__startswith="customer:")
FROM_THE_BUYERS_CREDIT = Q(debit__startswith="customer:")
LOOK_UP_PATIENCE = timedelta(minutes=15)


def holds_that_outlived_their_end() -> Iterable[str]:
    limit = database_now() - PATIENCE
    overdue = Order.objects.filter(status=Order.Status.PENDING, expires_at__lt=limit)
    waiting = Payment.objects.open().filter(hold_until__gte=limit)
    for order in overdue.exclude(payments__in=waiting):
        yield f"order {order.pk}: unpaid hold ended {order.expires_at}"


def money_kept_without_a_right() -> Iterable[str]:
    limit = database_now() - PATIENCE
    settled = Q(canceled_at__lt=limit) | Q(expired_at__lt=limit)
    for order in orders_owed_back().filter(settled):
        if owed := balance_of(order).owed_back:
            yield f"order {order.pk}: {owed} owed back without a refund"


def refunds_beyond_their_payment() -> Iterable[str]:
    counted = Refund.objects.counted()
    suspects = Payment.objects.filter(
        Q(amount_refunding__gt=0) | Q(pk__in=counted.values("payment"))
    )
    for payment in suspects.order_by().iterator(CHUNK):
        amounts = counted.filter(payment=payment).values_list("amount", flat=True)
        refunds, refunding = sum(amounts, start=Decimal(0)), payment.amount_refunding
        if refunds != refunding or refunding > payment.amount_received:
            yield (
                f"payment {payment.pk}: refunds {refunds}, "
                f"counted {refunding} of {payment.amount_received}"
            )


def sums_that_drifted() -> Iterable[str]:
    for order, says in drifted_sums():
        yield f"order {order.pk}: {says}"


def drifted_sums() -> Iterable[tuple[Order, str]]:
    for order in _drifted().iterator(CHUNK):
        paid, back = order.amount_paid, order.amount_refunded
        facts = (_received(order), _refunded(order))
        if (paid, back) != facts:
            yield order, f"paid {paid} refunded {back}, rows say {facts}"
        if (booked := _booked(order)) != paid - back:
            yield order, f"ledger {booked}, order {paid - back}"


def _drifted() -> QuerySet[Order]:
    """Candidates, decided again in Python: SQLite adds decimals as floats."""
    received = F("amount_received") - F("amount_reversed")
    succeeded = Refund.objects.filter(state=Refund.State.SUCCEEDED)
    booked = Case(
        When(TO_THE_BUYERS_CREDIT, then=F("amount")),
        When(FROM_THE_BUYERS_CREDIT, then=-F("amount")),
        default=Value(0),
        output_field=DecimalField(),
    )
    orders = Order.objects.order_by().annotate(
        in_payments=sum_for_order(Payment.objects.all(), received),
        in_refunds=sum_for_order(succeeded, F("amount"), "payment__order"),
        in_ledger=sum_for_order(LedgerEntry.objects.all(), booked),
    )
    return orders.filter(
        differs(F("in_payments"), F("amount_paid"))
        | differs(F("in_refunds"), F("amount_refunded"))
        | differs(F("in_ledger") + F("amount_refunded"), F("amount_paid"))
    )


def _received(order: Order) -> Decimal:
    payments = order.payments.all()
    amounts = (
        payment.amount_received - payment.amount_reversed for payment in payments
    )
    return sum(amounts, start=Decimal(0))


def _refunded(order: Order) -> Decimal:
    refunds = Refund.objects.filter(payment__order=order, state=Refund.State.SUCCEEDED)
    return sum(refunds.values_list("amount", flat=True), start=Decimal(0))


def _booked(order: Order) -> Decimal:
    """What the ledger holds for the buyer: credits minus debits of his account."""
    entries = order.ledger_entries.all()
    credits = entries.filter(TO_THE_BUYERS_CREDIT).values_list("amount", flat=True)
    debits = entries.filter(FROM_THE_BUYERS_CREDIT).values_list("amount", flat=True)
    return sum(credits, start=Decimal(0)) - sum(debits, start=Decimal(0))


def confirmed_without_money() -> Iterable[str]:
    suspects = Order.objects.filter(
        status__in=Order.PAID,
        amount_paid__lt=F("deposit"),
    )
    for order in suspects.iterator(CHUNK):
        if not _was_reversed(order):
            yield f"order {order.pk}: confirmed with {order.amount_paid}"


def _was_reversed(order: Order) -> bool:
    return order.payments.filter(amount_reversed__gt=0).exists()


def calls_nobody_looked_up() -> Iterable[str]:
    stuck = Refund.objects.filter(
        state__in=[Refund.State.SENDING, Refund.State.UNKNOWN],
        next_attempt_at__lt=database_now() - LOOK_UP_PATIENCE,
    )
    for refund in stuck:
        yield f"refund {refund.pk}: {refund.state} since {refund.next_attempt_at}"


INVARIANTS = (
    Invariant(4, "no unpaid hold outlives its end", holds_that_outlived_their_end),
    Invariant(13, "no money kept without a right", money_kept_without_a_right),
    Invariant(14, "refunds stay within their payment", refunds_beyond_their_payment),
    Invariant(15, "order, payments and ledger agree", sums_that_drifted),
    Invariant(15, "confirmed means paid", confirmed_without_money),
    Invariant(16, "no unknown call is left alone", calls_nobody_looked_up),
)
