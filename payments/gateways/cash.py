"""Cash in the seller's hand. No provider: the row the staff wrote is the truth.

Never offered at checkout. A payment of this gateway exists only because its whole
amount was received (`payments.cash`), and is paid back only by hand.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from payments.errors import BadSignature, Rejected
from payments.gateways.base import (
    Caps,
    Inbound,
    PaymentIn,
    RefundIn,
    RefundRule,
    RefundSnapshot,
    Snapshot,
    Started,
)
from payments.models import Payment


class CashGateway:
    name = "cash"
    caps = Caps()

    def start(self, payment: PaymentIn) -> Started:
        raise Rejected("cash has no page to pay on")

    def fetch(self, payment: PaymentIn) -> Snapshot:
        return Snapshot(
            state=Payment.State.CONFIRMED,
            currency=payment.currency,
            received=payment.amount,
        )

    def cancel(self, payment: PaymentIn) -> Snapshot:
        return self.fetch(payment)

    def refund(self, refund: RefundIn) -> RefundSnapshot:
        raise Rejected("cash is paid back by hand")

    def fetch_refund(self, refund: RefundIn) -> RefundSnapshot | None:
        return None

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Inbound]:
        raise BadSignature(self.name)

    def refund_rule(self, method: str) -> RefundRule:
        return RefundRule(by_api=False)

    def history(self, since: datetime, until: datetime) -> Iterator[Snapshot]:
        return iter(())
