"""The one protocol all gateways speak. Adapters know no ORM and open no transaction.

The sandbox is the exception: its table stands in for the provider's own database.
Every call ends within a timeout, and raises one of the classes of `payments.errors`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from campaigns.money import CURRENCIES
from payments.errors import Rejected
from payments.models import Dispute, Payment, Refund, StatementLine


@dataclass(frozen=True, kw_only=True)
class PaymentIn:
    """What a gateway is told about one attempt to pay.

    `expires_at` is the end of the hold; the gateway's page must end no later where the
    gateway allows it.
    """

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
    gateway_transaction_reference: str = ""
    method: str = ""
    name: str = ""
    phone: str = ""
    started_at: datetime | None = None
    # Until when the gateway keeps its page open; empty before it has one.
    page_ends_at: datetime | None = None
    # The buyer agreed to have the balance charged to the same card.
    saves_method: bool = False
    # What this shop has booked so far; for gateways whose truth is the shop's own row.
    received: Decimal = Decimal(0)
    is_open: bool = True
    is_under_review: bool = False


@dataclass(frozen=True, kw_only=True)
class RefundIn:
    reference: str
    payment_reference: str
    gateway_reference: str
    payment_gateway_reference: str
    amount: Decimal
    currency: str
    idempotency_key: str
    payment_transaction_reference: str = ""
    method: str = ""


@dataclass(frozen=True, kw_only=True)
class Started:
    """The hosted page the buyer is sent to; without one, our own page instructs."""

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
class DisputeSnapshot:
    """`withdrawn` is what left the account and has not come back."""

    gateway_reference: str
    amount: Decimal
    state: Dispute.State
    withdrawn: Decimal = Decimal(0)
    status: str = ""
    reason: str = ""
    answer_by: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The truth about one payment, fetched from the gateway.

    `received` is what it took for us so far, without `fee`, in `currency`; `asked` is
    the amount of its own record where it tells one. What a gateway does not tell stays
    empty, and changes nothing here.
    """

    state: Payment.State
    currency: str
    received: Decimal = Decimal(0)
    reversed: Decimal = Decimal(0)
    refunds: tuple[RefundSnapshot, ...] = ()
    disputes: tuple[DisputeSnapshot, ...] = ()
    # Only what may be kept and shown: never card data, never a secret.
    details: dict[str, Any] = field(default_factory=dict)
    reference: str = ""
    gateway_reference: str = ""
    transaction_reference: str = ""
    method: str = ""
    asked: Decimal | None = None
    fee: Decimal = Decimal(0)
    progress: Payment.Progress | None = None
    # Why this record cannot be believed (another account, test mode, a status the
    # adapter does not know): nothing is changed then, and a human looks.
    doubt: str = ""
    refundable_until: datetime | None = None
    # The card a buyer agreed to have charged again, as the gateway names it.
    saved_customer: str = ""
    saved_method: str = ""
    saved_label: str = ""
    # The line of a bank's statement that tells of the new money.
    line: StatementLine | None = None


@dataclass(frozen=True, kw_only=True)
class Inbound:
    """A verified notification: a hint where to look, nothing more.

    It may be found by the gateway's reference, its transaction's, or ours.
    """

    dedupe_key: str
    type: str
    reference: str
    transaction_reference: str = ""
    our_reference: str = ""


@dataclass(frozen=True, kw_only=True)
class RefundRule:
    """What the rail of one method can pay back, and for how long."""

    by_api: bool
    within: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Caps:
    """What a gateway can do, known without asking it."""

    currencies: frozenset[str] = frozenset(CURRENCIES)
    minimum: Mapping[str, Decimal] = field(default_factory=dict)
    maximum: Mapping[str, Decimal] = field(default_factory=dict)
    # How long its page can be kept open.
    shortest_page: timedelta = timedelta(0)
    longest_page: timedelta | None = None
    # How long a hold waits for this gateway when it does not answer.
    grace: timedelta = timedelta(minutes=60)
    # In place of it, where banks work on weekdays only.
    grace_workdays: int = 0
    # Its money is told late by nature: a hold lasts for the whole grace.
    waits_out_grace: bool = False
    # Whether `history` can tell all it holds.
    lists: bool = False
    # Whether a card can be charged without its owner (`charge_saved`).
    off_session: bool = False

    def takes(self, amount: Decimal, currency: str) -> bool:
        least = self.minimum.get(currency, Decimal(0))
        most = self.maximum.get(currency)
        fits = amount >= least and (most is None or amount <= most)
        return currency in self.currencies and fits

    def refuse_others(self, amount: Decimal, currency: str) -> None:
        if not self.takes(amount, currency):
            raise Rejected(f"{amount} {currency} is not taken")


class Gateway(Protocol):
    name: str
    caps: Caps

    def start(self, payment: PaymentIn) -> Started: ...

    def fetch(self, payment: PaymentIn) -> Snapshot: ...

    def cancel(self, payment: PaymentIn) -> Snapshot:
        """Close the page; the answer may be that it was paid already."""
        ...

    def refund(self, refund: RefundIn) -> RefundSnapshot: ...

    def fetch_refund(self, refund: RefundIn) -> RefundSnapshot | None:
        """None when the gateway has never heard of it."""
        ...

    def refund_rule(self, method: str) -> RefundRule:
        """Per method: many rails pay nothing back, or only for days."""
        ...

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Inbound]:
        """Pure; raises BadSignature."""
        ...

    def history(self, since: datetime, until: datetime) -> Iterator[Snapshot]:
        """All payments it took in that time; only where `caps.lists`."""
        ...


class ChargesSavedCards(Protocol):
    """A gateway with `caps.off_session`."""

    def charge_saved(
        self, payment: PaymentIn, *, customer: str, method: str
    ) -> Snapshot:
        """Charge without the buyer; Declined when the bank wants its owner, or no."""
        ...

    def forget_saved(self, method: str) -> None:
        """The buyer takes the consent back: the card is not kept there either."""
        ...
