"""What a buyer reads of an open transfer: where to, how much, what was proved."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from campaigns import dates
from payments import grace
from payments.amounts import plain
from payments.models import BankAccount, Payment, TransferProof
from payments.transfers import proofs
from payments.transfers.words import parted

TONES = {"": "info", "accepted": "ok", "rejected": "bad"}


@dataclass(frozen=True)
class TransferPanel:
    payment: Payment
    account: BankAccount

    @property
    def amount_head(self) -> str:
        return parted(self.payment)[0]

    @property
    def amount_tail(self) -> str:
        return parted(self.payment)[1]

    @property
    def amount_to_copy(self) -> str:
        return plain(self.payment.amount, self.payment.currency)

    @cached_property
    def proofs(self) -> list[TransferProof]:
        return list(proofs.of_order(self.payment.order))

    @property
    def proof_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "at": dates.moment_short(proof.uploaded_at),
                "state": _state_of(proof),
                "tone": TONES[proof.decision],
                "reason": proof.reason if proof.decision == "rejected" else "",
            }
            for proof in self.proofs
        ]

    @property
    def is_under_review(self) -> bool:
        return self.payment.is_under_review

    @property
    def can_send_proof(self) -> bool:
        return len(self.proofs) < proofs.MOST_PER_ORDER

    @property
    def held_until(self) -> datetime:
        """By when the place is given back if nothing arrives."""
        if self.payment.hold_until:
            return self.payment.hold_until
        ends = self.payment.order.expires_at
        if ends and not grace.must_pass(self.payment):
            return ends
        return grace.end_of(self.payment)


def of(payment: Payment | None) -> TransferPanel | None:
    if payment is None or payment.bank_account is None:
        return None
    return TransferPanel(payment, payment.bank_account)


def _state_of(proof: TransferProof) -> str:
    if not proof.decision:
        return _("Waits for the seller")
    return proof.get_decision_display()
