"""Writes the ledger, and keeps the order's sums equal to its payments and refunds."""

from collections.abc import Iterable
from decimal import Decimal

from campaigns.prepared import Prepared, given
from orders.models import Order
from payments.models import Dispute, LedgerEntry, Payment, Refund, StatementLine

Kind = LedgerEntry.Kind
OWN_BANK = "bank"
PAYMENTS_TO_LOCK = Prepared(
    lambda: Payment.objects.select_for_update(no_key=True).filter(order=given("order"))
)
ENTRIES_OF_PAYMENT = Prepared(
    lambda: LedgerEntry.objects.filter(payment=given("payment")).only(
        "kind", "refund", "dispute"
    )
)
# From which account to which, in words that `_account` turns into names.
ROADS = {
    Kind.PAYMENT: ("gateway", "customer"),
    Kind.REVERSAL: ("customer", "gateway"),
    Kind.REFUND: ("customer", "gateway"),
    Kind.REFUND_FAILED: ("gateway", "customer"),
    Kind.FEE: ("gateway", "fees"),
    Kind.SUSPENSE: ("gateway", "suspense"),
    Kind.ASSIGNED: ("suspense", "customer"),
    Kind.RETURNED: ("suspense", "gateway"),
    Kind.DISPUTE: ("customer", "disputes"),
    Kind.DISPUTE_WON: ("disputes", "customer"),
}


def locked_payment(payment_id: int) -> Payment:
    """The payment, locked until commit; its order must be locked before."""
    return Payment.objects.select_for_update(no_key=True).get(pk=payment_id)


def locked_payments(order: Order) -> list[Payment]:
    """All payments of the locked order, locked until commit.

    Read once for all that follows: whoever changes one changes it in this list too.
    """
    payments = PAYMENTS_TO_LOCK.all(order=order.pk)
    for payment in payments:
        payment.order = order
    return payments


def one_of(payments: list[Payment], payment_id: int) -> Payment:
    return next(payment for payment in payments if payment.pk == payment_id)


def enter(
    order: Order,
    payment: Payment,
    kind: Kind,
    amount: Decimal,
    *,
    cause: Refund | Dispute | StatementLine | None = None,
    currency: str = "",
) -> None:
    """One balanced row between two accounts; `cause` is what moved the money."""
    source, target = ROADS[kind]
    refund = cause if isinstance(cause, Refund) else None
    dispute = cause if isinstance(cause, Dispute) else None
    LedgerEntry.objects.create(
        kind=kind,
        debit=_account(source, order, payment),
        credit=_account(target, order, payment),
        amount=amount,
        currency=currency or payment.currency,
        order=order,
        payment=payment,
        refund=refund,
        dispute=dispute,
        statement_line=cause if isinstance(cause, StatementLine) else None,
        sequence=_times_entered(payment, kind, refund, dispute) + 1,
    )


def _times_entered(
    payment: Payment, kind: Kind, refund: Refund | None, dispute: Dispute | None
) -> int:
    """How often this cause was booked as this kind already."""
    causes = [
        (entry.kind, entry.refund_id, entry.dispute_id)
        for entry in ENTRIES_OF_PAYMENT.all(payment=payment.pk)
    ]
    return causes.count((kind, refund and refund.pk, dispute and dispute.pk))


def enter_line(line: StatementLine, kind: Kind) -> None:
    """Money of a bank's statement that belongs to no payment, in or out of suspense."""
    words = ROADS[kind]
    source, target = (OWN_BANK if word == "gateway" else word for word in words)
    LedgerEntry.objects.create(
        kind=kind,
        debit=source,
        credit=target,
        amount=line.amount,
        currency=line.account.currency,
        statement_line=line,
    )


def _account(word: str, order: Order, payment: Payment) -> str:
    if word == "customer":
        return f"customer:{order.number}"
    if word == "gateway":
        return OWN_BANK if payment.bank_account_id else f"gateway:{payment.gateway}"
    return word


def update_sums(order: Order, payments: list[Payment]) -> None:
    """Copy what the rows add up to onto the locked order."""
    received = (
        payment.amount_received - payment.amount_reversed for payment in payments
    )
    order.amount_paid = sum(received, start=Decimal(0))
    order.amount_refunded = sum(_refunded(payments), start=Decimal(0))
    order.save(update_fields=["amount_paid", "amount_refunded"])


def _refunded(payments: list[Payment]) -> Iterable[Decimal]:
    """What was sent back; a payment on which no refund counts is not asked for any."""
    counted = [payment for payment in payments if payment.amount_refunding]
    if not counted:
        return []
    refunds = Refund.objects.filter(payment__in=counted, state=Refund.State.SUCCEEDED)
    return refunds.values_list("amount", flat=True)
