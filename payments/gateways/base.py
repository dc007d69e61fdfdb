"""The one protocol all gateways speak. Adapters know no ORM and open no transaction.

The sandbox is the exception: its table stands in for the provider's own database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from payments.models import Payment, Refund


@dataclass(frozen=True, kw_only=True)
class PaymentIn:
    """What a gateway is told about one attempt to pay."""

    reference: str
    amount: Decimal
    currency: str
    gateway_reference: str
    idempotency_key: str
    description: str
    email: str
    locale: str
    return_url: str
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class RefundIn:
    reference: str
    payment_reference: str
    gateway_reference: str
    payment_gateway_reference: str
    amount: Decimal
    currency: str
    idempotency_key: str


@dataclass(frozen=True, kw_only=True)
class Started:
    """The hosted page the buyer is sent to."""

    gateway_reference: str
    redirect_url: str
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RefundSnapshot:
    """One refund as the gateway knows it; `reference` is ours, empty if it made it."""

    gateway_reference: str
    amount: Decimal
    state: Refund.State
    reference: str = ""
    failure: str = ""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The truth about one payment, fetched from the gateway."""

    state: Payment.State
    currency: str
    received: Decimal = Decimal(0)
    reversed: Decimal = Decimal(0)
    refunds: tuple[RefundSnapshot, ...] = ()
    # Only what may be kept and shown: never card data, never a secret.
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Inbound:
    """A verified notification: a hint where to look, nothing more."""

    dedupe_key: str
    type: str
    reference: str


class Gateway(Protocol):
    name: str

    def start(self, payment: PaymentIn) -> Started: ...

    def fetch(self, payment: PaymentIn) -> Snapshot: ...

    def cancel(self, payment: PaymentIn) -> Snapshot:
        """Close the page; the answer may be that it was paid already."""
        ...

    def refund(self, refund: RefundIn) -> RefundSnapshot: ...

    def fetch_refund(self, refund: RefundIn) -> RefundSnapshot | None:
        """None when the gateway has never heard of it."""
        ...

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Inbound]:
        """Pure; raises BadSignature."""
        ...
