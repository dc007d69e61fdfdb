"""Transfer to the seller's own account: its truth is what the seller's bank says.

No provider is asked. Money is booked by the seller's review or by a statement line; the
answer here is what the shop's row says.
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


class BankTransferGateway:
    name = "bank_transfer"
    # Banks book transfers late: a hold outlasts its end by a working day.
    caps = Caps(grace_workdays=1, waits_out_grace=True)

    def start(self, payment: PaymentIn) -> Started:
        """There is no page that could end: the shop's own page instructs."""
        return Started(gateway_reference="", redirect_url="")

    def fetch(self, payment: PaymentIn) -> Snapshot:
        state = Payment.State.PENDING if payment.is_open else Payment.State.CANCELED
        if payment.received:
            state = Payment.State.CONFIRMED
        return Snapshot(
            state=state, currency=payment.currency, received=payment.received
        )

    def cancel(self, payment: PaymentIn) -> Snapshot:
        """Nothing is closed while a proof says that the money is under way."""
        if payment.received or payment.is_under_review:
            return self.fetch(payment)
        return Snapshot(state=Payment.State.CANCELED, currency=payment.currency)

    def refund(self, refund: RefundIn) -> RefundSnapshot:
        raise Rejected("a transfer is paid back by hand")

    def fetch_refund(self, refund: RefundIn) -> RefundSnapshot | None:
        return None

    def refund_rule(self, method: str) -> RefundRule:
        return RefundRule(by_api=False)

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Inbound]:
        raise BadSignature(self.name)

    def history(self, since: datetime, until: datetime) -> Iterator[Snapshot]:
        return iter(())
