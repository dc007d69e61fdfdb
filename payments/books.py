"""Writes the ledger, and keeps the order's sums equal to its payments and refunds."""

from collections.abc import Iterable
from decimal import Decimal

from orders.models import Order
from payments.models import LedgerEntry, Payment, Refund

INTO_THE_SHOP = {LedgerEntry.Kind.PAYMENT, LedgerEntry.Kind.REFUND_FAILED}


def locked_payments(order: Order) -> list[Payment]:
    """All payments of the locked order, locked until commit.

    Read once for all that follows: whoever changes one changes it in this list too.
    """
    return list(order.payments.select_for_update(no_key=True))


def one_of(payments: list[Payment], payment_id: int) -> Payment:
    return next(payment for payment in payments if payment.pk == payment_id)


def enter(
    order: Order,
    payment: Payment,
    kind: LedgerEntry.Kind,
    amount: Decimal,
    *,
    refund: Refund | None = None,
) -> None:
    """One balanced row: between the gateway's account and the buyer's."""
    gateway, customer = f"gateway:{payment.gateway}", f"customer:{order.number}"
    is_incoming = kind in INTO_THE_SHOP
    booked = LedgerEntry.objects.filter(kind=kind, payment=payment, refund=refund)
    LedgerEntry.objects.create(
        kind=kind,
        debit=gateway if is_incoming else customer,
        credit=customer if is_incoming else gateway,
        amount=amount,
        currency=payment.currency,
        order=order,
        payment=payment,
        refund=refund,
        sequence=booked.count() + 1,
    )


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
