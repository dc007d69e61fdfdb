"""Writes the ledger, and keeps the order's sums equal to its payments and refunds."""

from decimal import Decimal

from orders.models import Order
from payments.models import LedgerEntry, Payment, Refund

INTO_THE_SHOP = {LedgerEntry.Kind.PAYMENT, LedgerEntry.Kind.REFUND_FAILED}


def locked_payment(payment_id: int) -> Payment:
    """The payment, locked until commit; its order must be locked before."""
    return Payment.objects.select_for_update(no_key=True).get(pk=payment_id)


def locked_payments(order: Order) -> list[Payment]:
    """All payments of the locked order, the latest first, locked until commit.

    Read once for all that follows: whoever changes one changes it in this list too.
    """
    payments = order.payments.select_for_update(no_key=True)
    return list(payments.order_by("-confirmed_at", "-pk"))


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
    refunded = Refund.objects.filter(
        payment__order=order, state=Refund.State.SUCCEEDED
    ).values_list("amount", flat=True)
    received = (
        payment.amount_received - payment.amount_reversed for payment in payments
    )
    order.amount_paid = sum(received, start=Decimal(0))
    order.amount_refunded = sum(refunded, start=Decimal(0))
    order.save(update_fields=["amount_paid", "amount_refunded"])
