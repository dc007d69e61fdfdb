"""What must always be true of money. Each check names the rows that break it."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from django.db.models import Q

from campaigns.clock import database_now
from campaigns.invariants import Invariant
from orders.models import Order
from payments.dues import balance_of
from payments.models import LedgerEntry, Payment, Refund
from payments.refunds import orders_owed_back

CHUNK = 5000
# A sweep period and a minute: what is younger is still being done.
PATIENCE = timedelta(minutes=2)
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
    refunds = _sums(
        Refund.objects.counted().order_by().values_list("payment_id", "amount")
    )
    payments = Payment.objects.order_by().values_list(
        "pk", "amount_received", "amount_refunding"
    )
    for pk, received, refunding in payments.iterator(CHUNK):
        counted = refunds[pk]
        if counted != refunding or refunding > received:
            yield f"payment {pk}: refunds {counted}, counted {refunding} of {received}"


def sums_that_drifted() -> Iterable[str]:
    received = _sums(
        (order_id, received - reversed_)
        for order_id, received, reversed_ in Payment.objects.order_by().values_list(
            "order_id", "amount_received", "amount_reversed"
        )
    )
    refunded = _sums(
        Refund.objects.filter(state=Refund.State.SUCCEEDED)
        .order_by()
        .values_list("payment__order_id", "amount")
    )
    booked = _booked_by_order()
    orders = Order.objects.order_by().values_list(
        "pk", "amount_paid", "amount_refunded"
    )
    for pk, paid, back in orders.iterator(CHUNK):
        facts = (received[pk], refunded[pk])
        if (paid, back) != facts:
            yield f"order {pk}: paid {paid} refunded {back}, rows say {facts}"
        if booked[pk] != paid - back:
            yield f"order {pk}: ledger {booked[pk]}, order {paid - back}"


def _sums(rows: Iterable[tuple[int, Decimal]]) -> defaultdict[int, Decimal]:
    """The amounts by the id they belong to."""
    sums: defaultdict[int, Decimal] = defaultdict(Decimal)
    for row_id, amount in rows:
        sums[row_id] += amount
    return sums


def _booked_by_order() -> defaultdict[int, Decimal]:
    """What the ledger holds for each buyer: credits minus debits of his account."""
    entries = LedgerEntry.objects.exclude(order=None).order_by()
    rows = entries.values_list("order_id", "credit", "amount").iterator(CHUNK)
    return _sums(
        (order_id or 0, amount if credit.startswith("customer:") else -amount)
        for order_id, credit, amount in rows
    )


def confirmed_without_money() -> Iterable[str]:
    suspects = Order.objects.filter(
        status__in=[Order.Status.CONFIRMED, Order.Status.FULFILLED], deposit__gt=0
    ).only("status", "deposit", "amount_paid")
    for order in suspects.iterator(CHUNK):
        if order.amount_paid < order.deposit and not _was_reversed(order):
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
