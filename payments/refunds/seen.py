"""What a gateway shows of refunds is booked here, whoever made them."""

from orders.models import Order
from payments.gateways.base import RefundSnapshot
from payments.models import Payment, Refund
from payments.refunds import rows as refund_rows


def record(order: Order, payment: Payment, seen: RefundSnapshot) -> None:
    """Book a refund found at the gateway: ours, or one made in its own dashboard."""
    refund = _find(payment, seen)
    if refund is None and seen.state == Refund.State.FAILED:
        # It never left, and nobody here had counted on it.
        return
    if refund is None and payment.has_foreign_suspense:
        # Flagged by the recording: its amount is in another currency than the books.
        return
    refund = refund or _external(payment, seen)
    refund_rows.book(order, payment, refund, state=seen.state, seen=seen)


def _find(payment: Payment, seen: RefundSnapshot) -> Refund | None:
    rows = list(payment.refunds.all())
    known = [row for row in rows if row.gateway_reference == seen.gateway_reference]
    ours = [row for row in rows if seen.reference and row.reference == seen.reference]
    return next(iter(known + ours), None)


def _external(payment: Payment, seen: RefundSnapshot) -> Refund:
    """A refund of the gateway's own; it takes the place of those not paid yet.

    Whatever is still owed after it is requested anew by the money rule.
    """
    if seen.amount > payment.refundable:
        refund_rows.withdraw(payment, payment.refunds.filter(state__in=Refund.NOT_SENT))
    payment.claim_refund(seen.amount)
    return Refund.objects.create(
        payment=payment,
        reference=payment.next_refund_reference(),
        amount=seen.amount,
        state=Refund.State.SENDING,
        source=Refund.Source.EXTERNAL,
        gateway_reference=seen.gateway_reference,
    )
