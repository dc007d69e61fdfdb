"""Mails about transfers: where to send what, and why a proof was not enough."""

from orders import emails
from orders.models import Order
from payments.models import Payment, TransferProof
from payments.transfers.words import parted


def instructions(payment: Payment) -> None:
    """All that is needed to transfer without opening the page again."""
    account = payment.bank_account
    if account is None:
        return
    head, tail = parted(payment)
    emails.payment_instructions(
        payment.order,
        payment_key=payment.reference,
        amount=payment.amount,
        amount_head=head,
        amount_tail=tail,
        bank=account.bank,
        number=account.number,
        holder=account.holder,
    )


def rejected(order: Order, proof: TransferProof) -> None:
    waits = order.status == Order.Status.PENDING
    emails.proof_rejected(
        order,
        proof_key=str(proof.pk),
        reason=proof.reason,
        waits=waits,
        asks=waits or order.status in Order.HOLDING,
    )
