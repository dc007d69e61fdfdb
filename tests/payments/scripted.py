"""Two gateways whose truth is a journal of the test's own, apart from the database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from payments.errors import BadSignature, Declined, Unavailable, Unknown
from payments.gateways.base import (
    Caps,
    DisputeSnapshot,
    Inbound,
    PaymentIn,
    RefundIn,
    RefundRule,
    RefundSnapshot,
    Snapshot,
    Started,
)
from payments.models import Dispute, Payment, Refund

State, Sent = Payment.State, Refund.State
NOTHING = Decimal(0)
COUNTED = (Sent.PENDING, Sent.SUCCEEDED)


@dataclass
class Record:
    """What the gateway holds of one payment."""

    gateway: str
    amount: Decimal
    currency: str
    state: Payment.State = State.PENDING
    received: Decimal = NOTHING
    fee: Decimal = NOTHING
    reversed: Decimal = NOTHING
    refunds: dict[str, RefundSnapshot] = field(default_factory=dict)
    disputes: dict[str, DisputeSnapshot] = field(default_factory=dict)

    @property
    def refunded(self) -> Decimal:
        return sum(
            (r.amount for r in self.refunds.values() if r.state in COUNTED), NOTHING
        )

    @property
    def taken_back(self) -> Decimal:
        disputed = (dispute.withdrawn for dispute in self.disputes.values())
        return self.reversed + sum(disputed, NOTHING)

    @property
    def held(self) -> Decimal:
        return self.received - self.taken_back - self.refunded

    def take(self, amount: Decimal) -> None:
        self.state = State.CONFIRMED
        self.received += amount

    def settle_refund(self, key: str, state: Refund.State) -> None:
        self.refunds[key] = replace(self.refunds[key], state=state)


class Journal:
    """All records by the shop's reference, and how the next refund will go."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.next_refund = "succeeded"
        self.is_down = False

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]

    def of(self, gateway: str) -> Iterator[tuple[str, Record]]:
        pairs = self.records.items()
        return (pair for pair in pairs if pair[1].gateway == gateway)


journal = Journal()


class ScriptedGateway:
    name = ""
    caps = Caps(lists=True)
    pays_back = True

    def start(self, payment: PaymentIn) -> Started:
        self._meet()
        record = Record(self.name, payment.amount, payment.currency)
        journal.records.setdefault(payment.reference, record)
        reference = f"{self.name}_{payment.reference}"
        return Started(gateway_reference=reference, redirect_url="/scripted/")

    def fetch(self, payment: PaymentIn) -> Snapshot:
        self._meet()
        record = journal.records.get(payment.reference)
        if record is None:
            return Snapshot(state=State.CANCELED, currency=payment.currency)
        return self._snapshot(payment.reference, record)

    def cancel(self, payment: PaymentIn) -> Snapshot:
        self._meet()
        record = journal.records.get(payment.reference)
        if record and record.state == State.PENDING:
            record.state = State.EXPIRED
        return self.fetch(payment)

    def refund(self, refund: RefundIn) -> RefundSnapshot:
        self._meet()
        record = journal.records[refund.payment_reference]
        key = refund.idempotency_key
        if key not in record.refunds:
            self._book(record, refund)
        if journal.next_refund == "lost":
            journal.next_refund = "succeeded"
            raise Unknown("the answer was lost")
        return record.refunds[key]

    def _book(self, record: Record, refund: RefundIn) -> None:
        if refund.amount > record.held:
            raise Declined("more than is held")
        told = {"pending": Sent.PENDING, "failed": Sent.FAILED}
        record.refunds[refund.idempotency_key] = RefundSnapshot(
            gateway_reference=f"re_{refund.reference}",
            reference=refund.reference,
            amount=refund.amount,
            state=told.get(journal.next_refund, Sent.SUCCEEDED),
        )

    def fetch_refund(self, refund: RefundIn) -> RefundSnapshot | None:
        self._meet()
        record = journal.records[refund.payment_reference]
        return record.refunds.get(refund.idempotency_key)

    def refund_rule(self, method: str) -> RefundRule:
        return RefundRule(by_api=self.pays_back)

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Inbound]:
        raise BadSignature(self.name)

    def history(self, since: datetime, until: datetime) -> Iterator[Snapshot]:
        self._meet()
        for reference, record in journal.of(self.name):
            yield self._snapshot(reference, record)

    def _meet(self) -> None:
        if journal.is_down:
            raise Unavailable("no route to host")

    def _snapshot(self, reference: str, record: Record) -> Snapshot:
        return Snapshot(
            state=record.state,
            currency=record.currency,
            reference=reference,
            gateway_reference=f"{self.name}_{reference}",
            asked=record.amount,
            received=record.received,
            fee=record.fee,
            reversed=record.reversed,
            refunds=tuple(record.refunds.values()),
            disputes=tuple(record.disputes.values()),
        )


class Alpha(ScriptedGateway):
    name = "alpha"


class Beta(ScriptedGateway):
    """Its rail pays nothing back: refunds are the seller's to pay by hand."""

    name = "beta"
    pays_back = False


def dispute(
    amount: Decimal, *, withdrawn: Decimal, state: Dispute.State
) -> DisputeSnapshot:
    return DisputeSnapshot(
        gateway_reference="dp_1", amount=amount, withdrawn=withdrawn, state=state
    )
