"""A buyer says "I have transferred"; the seller looks, and the money or a no follows.

A proof is a claim: it moves the end of the hold to the time by which the seller looks,
and nothing else. Whatever is decided, and however late, is booked by `settlement`.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from campaigns.actors import BUYER, Actor
from campaigns.clock import Clock
from campaigns.errors import CampaignError
from orders import lifecycle
from orders.models import Order
from payments.ledger import books
from payments.models import Payment, TransferProof
from payments.models.proof import TransferProofQuerySet
from payments.transfers import emails as transfer_emails
from payments.transfers import intake
from payments.transfers.proof_files import ProofFile

MOST_PER_ORDER = 5
Decision = TransferProof.Decision
Progress = Payment.Progress


class NoTransferAwaited(CampaignError):
    """The order waits for no transfer now."""


class TooManyProofs(CampaignError):
    """The order has as many proofs as it may have."""


class AlreadyDecided(CampaignError):
    """Somebody else decided on this proof, or booked money, in between."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What the buyer says of the transfer."""

    amount: Decimal
    on: date
    sender: str = ""

    def columns(self) -> dict[str, Any]:
        amount, on, sender = self.amount, self.on, self.sender
        return {"claimed_amount": amount, "claimed_on": on, "sender": sender}


def of_order(order: Order) -> TransferProofQuerySet:
    return TransferProof.objects.filter(payment__order=order)


def submit(order_id: int, *, file: ProofFile, claim: Claim) -> TransferProof:
    """Keep the proof and hold the place until it is looked at.

    The same file sent twice is one proof. Raises NoTransferAwaited or TooManyProofs.
    """
    proof = TransferProof(
        content_type=file.content_type, sha256=file.sha256, **claim.columns()
    )
    proof.file.save(str(file.content.name), file.content, save=False)
    stored = None
    try:
        with transaction.atomic():
            stored = _store(order_id, proof)
    finally:
        if stored is not proof:
            proof.file.delete(save=False)
    return stored


def _store(order_id: int, proof: TransferProof) -> TransferProof:
    order = lifecycle.locked(order_id)
    payment = awaited(order)
    if payment is None:
        raise NoTransferAwaited
    sent = of_order(order)
    same = sent.undecided().filter(sha256=proof.sha256).first()
    if same is not None:
        return same
    if sent.count() >= MOST_PER_ORDER:
        raise TooManyProofs
    proof.payment = payment
    proof.save(force_insert=True)
    order.record("proof_sent", actor=BUYER, data={"amount": proof.claimed_amount})
    _set_progress(payment, Progress.PROOF_UPLOADED)
    intake.prolong_by_grace(order, payment, why="proof")
    return proof


def awaited(order: Order) -> Payment | None:
    """The open transfer of the order; an expired or canceled one awaits nothing."""
    if order.status not in Order.HOLDING:
        return None
    return order.payments.open().filter(bank_account__isnull=False).first()


def accept(
    proof_id: int, *, amount: Decimal, seen_received: Decimal, actor: Actor
) -> Order:
    """Book what the bank took in; `seen_received` is what was booked when asked.

    Raises AlreadyDecided.
    """
    with transaction.atomic():
        proof, order, payment = _locked(proof_id)
        if payment.amount_received != seen_received:
            raise AlreadyDecided
        _decide(proof, Decision.ACCEPTED, actor=actor)
        order.record("proof_accepted", actor=actor, data={"amount": amount})
        order = intake.take_in(payment, amount=amount, actor=actor, line=None)
        close_answered(payment, actor=actor)
    return order


def close_answered(payment: Payment, *, actor: Actor) -> None:
    """Once all the money is there, other proofs of it ask for nothing any more."""
    if payment.amount_received < payment.amount:
        return
    for proof in payment.proofs.undecided():
        _decide(proof, Decision.ACCEPTED, actor=actor, reason="counted already")


def reject(proof_id: int, *, reason: str, actor: Actor) -> Order:
    """Tell the buyer why, and give time to transfer or prove; raises AlreadyDecided."""
    with transaction.atomic():
        proof, order, payment = _locked(proof_id)
        _decide(proof, Decision.REJECTED, actor=actor, reason=reason)
        if not payment.proofs.undecided().exists() and payment.is_open:
            _set_progress(payment, Progress.ACTION_REQUIRED)
        intake.prolong_by_grace(order, payment, why="rejected")
        order.record("proof_rejected", actor=actor, data={"reason": reason})
        transfer_emails.rejected(order, proof)
    return order


def _locked(proof_id: int) -> tuple[TransferProof, Order, Payment]:
    """The order first, as everywhere."""
    proof = TransferProof.objects.select_related("payment").get(pk=proof_id)
    order = lifecycle.locked(proof.payment.order_id)
    payment = books.locked_payment(proof.payment_id)
    payment.order = order
    proof.payment = payment
    return proof, order, payment


def _decide(
    proof: TransferProof, decision: Decision, *, actor: Actor, reason: str = ""
) -> None:
    """One of many who press at once."""
    rows = TransferProof.objects.undecided().filter(pk=proof.pk)
    decided = {"decision": decision, "reviewer": actor.user, "reason": reason}
    if not rows.update(decided_at=Clock(), **decided):
        raise AlreadyDecided
    proof.decision, proof.reason = decision, reason


def _set_progress(payment: Payment, progress: Progress) -> None:
    payment.progress = progress
    payment.save(update_fields=["progress"])
