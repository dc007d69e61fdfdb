"""The adapter of Stripe: its hosted Checkout, by its official SDK.

No card ever reaches the shop. What is paid is read from Stripe, never from a
notification. Facts, and what to set up at Stripe, are in docs/payments-stripe.md.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from payments.errors import Declined, Rejected, Unknown
from payments.gateways import stripe_notices as notices
from payments.gateways import stripe_records as records
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
from payments.gateways.stripe_calls import (
    Record,
    asking,
    client,
    create_once,
    is_live,
    listed,
)
from payments.gateways.stripe_pages import LONGEST, SHORTEST, marks, page_params
from payments.models import Payment

# After this a start may be a repeated one: Stripe is asked whether it has it already.
FRESH: Final = timedelta(minutes=1)
CLOCK_SKEW: Final = timedelta(minutes=5)
MOST_LOOKED_THROUGH: Final = 2000
WITH_CHARGE: Final = "payment_intent.latest_charge"
IN_LISTS: Final = "data.payment_intent.latest_charge"
# Cards have no end that Stripe names; these rails pay back for so many days.
DAYS_OF_REFUND = {"alipay": 90, "fpx": 60, "grabpay": 90, "paynow": 90}


class StripeGateway:
    name = "stripe"
    caps = Caps(
        currencies=frozenset({"IDR", "USD", "SGD", "MYR", "EUR"}),
        # Half a dollar or its like; for rupiah rounded up, as its rate moves.
        minimum={
            "IDR": Decimal(10_000),
            "USD": Decimal("0.50"),
            "SGD": Decimal("0.50"),
            "MYR": Decimal("2.00"),
            "EUR": Decimal("0.50"),
        },
        # Twelve digits of hundredths in rupiah, eight in the others.
        maximum={
            "IDR": Decimal(9_999_999_999),
            **dict.fromkeys(("USD", "SGD", "MYR", "EUR"), Decimal("999999.99")),
        },
        shortest_page=SHORTEST,
        longest_page=LONGEST,
        grace=timedelta(minutes=5),
        lists=True,
        off_session=True,
    )

    def start(self, payment: PaymentIn) -> Started:
        self.caps.refuse_others(payment.amount, payment.currency)
        is_fresh = payment.started_at and _now() - payment.started_at < FRESH
        record = None if is_fresh else self._find(payment)
        record = record or self._open_page(payment)
        asked = records.to_minor(payment.amount, payment.currency)
        if records.asked_of(record) != asked:
            raise Rejected("Stripe has another amount under this reference")
        ends = record.get("expires_at")
        return Started(
            gateway_reference=record["id"],
            redirect_url=record.get("url") or "",
            expires_at=datetime.fromtimestamp(ends, tz=UTC) if ends else None,
        )

    def fetch(self, payment: PaymentIn) -> Snapshot:
        record = self._record(payment)
        if record is None:
            # Perhaps not there yet: nothing is known, and nothing changes.
            return Snapshot(state=Payment.State.CREATED, currency=payment.currency)
        return self._snapshot(record)

    def cancel(self, payment: PaymentIn) -> Snapshot:
        record = self._record(payment)
        if record is None:
            # Should its start still arrive, nobody has the address of that page.
            return Snapshot(state=Payment.State.CANCELED, currency=payment.currency)
        return self._snapshot(self._closed(record))

    def refund(self, refund: RefundIn) -> RefundSnapshot:
        intent = self._intent_id(refund)
        params: Any = {
            "payment_intent": intent,
            "amount": records.to_minor(refund.amount, refund.currency),
            "reason": "requested_by_customer",
            "metadata": {
                "reference": refund.reference,
                "payment": refund.payment_reference,
            },
        }
        made = create_once(
            lambda key: client().v1.refunds.create(
                params, options={"idempotency_key": key}
            ),
            key=refund.idempotency_key,
            find=lambda: self._find_refund(intent, refund.reference),
        )
        return records.refund_snapshot(made)

    def fetch_refund(self, refund: RefundIn) -> RefundSnapshot | None:
        if refund.gateway_reference:
            with asking():
                found = client().v1.refunds.retrieve(refund.gateway_reference)
            return records.refund_snapshot(found.to_dict())
        record = self._find_refund(self._intent_id(refund), refund.reference)
        return records.refund_snapshot(record) if record else None

    def refund_rule(self, method: str) -> RefundRule:
        days = DAYS_OF_REFUND.get(method)
        return RefundRule(by_api=True, within=timedelta(days=days) if days else None)

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Inbound]:
        return notices.read(headers, raw)

    def history(self, since: datetime, until: datetime) -> Iterator[Snapshot]:
        """All pages, then what was paid without one: saved cards, and others' work."""
        created = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
        v1 = client().v1
        pages = listed(v1.checkout.sessions.list, created=created, expand=[IN_LISTS])
        for page in pages:
            yield self._snapshot(page, is_listed=True)
        expand = ["data.latest_charge"]
        for intent in listed(v1.payment_intents.list, created=created, expand=expand):
            if records.metadata_of(intent).get("source") != records.BY_PAGE:
                yield self._snapshot(intent, is_listed=True)

    def charge_saved(
        self, payment: PaymentIn, *, customer: str, method: str
    ) -> Snapshot:
        self.caps.refuse_others(payment.amount, payment.currency)
        params: Any = {
            "amount": records.to_minor(payment.amount, payment.currency),
            "currency": payment.currency.lower(),
            "customer": customer,
            "payment_method": method,
            "payment_method_types": ["card"],
            "off_session": True,
            "confirm": True,
            "description": payment.description,
            "metadata": marks(payment, records.BY_SAVED_CARD),
            "expand": ["latest_charge"],
        }
        record = create_once(
            lambda key: client().v1.payment_intents.create(
                params, options={"idempotency_key": key}
            ),
            key=payment.idempotency_key,
            find=lambda: self._find(payment),
        )
        if record["status"] == "requires_action":
            self._closed(record)
            raise Declined("authentication_required")
        return self._snapshot(record)

    def forget_saved(self, method: str) -> None:
        with asking():
            client().v1.payment_methods.detach(method)

    def _open_page(self, payment: PaymentIn) -> Record:
        params: Any = page_params(payment, _now())
        return create_once(
            lambda key: client().v1.checkout.sessions.create(
                params, options={"idempotency_key": key}
            ),
            key=payment.idempotency_key,
            find=lambda: self._find(payment),
        )

    def _record(self, payment: PaymentIn) -> Record | None:
        """By Stripe's id; by our reference when the answer with the id was lost."""
        known = payment.gateway_reference
        return self._retrieve(known) if known else self._find(payment)

    def _retrieve(self, record_id: str) -> Record:
        v1 = client().v1
        with asking():
            if record_id.startswith("pi_"):
                intent = v1.payment_intents.retrieve(
                    record_id, {"expand": ["latest_charge"]}
                )
                return intent.to_dict()
            page = v1.checkout.sessions.retrieve(record_id, {"expand": [WITH_CHARGE]})
            return page.to_dict()

    def _find(self, payment: PaymentIn) -> Record | None:
        """Pages first; intents of saved cards carry our reference as well."""
        since = (payment.started_at or _now() - LONGEST) - CLOCK_SKEW
        created, v1 = {"gte": int(since.timestamp())}, client().v1
        pages = listed(v1.checkout.sessions.list, created=created, expand=[IN_LISTS])
        if found := _first(pages, payment.reference):
            return found
        expand = ["data.latest_charge"]
        intents = listed(v1.payment_intents.list, created=created, expand=expand)
        return _first(intents, payment.reference)

    def _closed(self, record: Record) -> Record:
        """The record once nobody can pay it any more, or as it went otherwise."""
        v1 = client().v1
        try:
            with asking():
                if record["status"] == "open":
                    return v1.checkout.sessions.expire(record["id"]).to_dict()
                if record["status"] in ("requires_action", "requires_confirmation"):
                    return v1.payment_intents.cancel(record["id"]).to_dict()
        except Rejected:
            # It was paid or ended since it was read.
            return self._retrieve(record["id"])
        return record

    def _snapshot(self, record: Record, *, is_listed: bool = False) -> Snapshot:
        """With refunds and disputes; in a list, of charges that tell of some."""
        charge, intent = records.charge_of(record), records.intent_of(record)
        tells = charge.get("amount_refunded") or charge.get("disputed")
        more: dict[str, Any] = {}
        if charge and (tells or not is_listed):
            v1, of_it = client().v1, {"payment_intent": intent["id"]}
            more["refunds"] = list(listed(v1.refunds.list, **of_it))
            more["disputes"] = list(listed(v1.disputes.list, **of_it))
        return records.snapshot_of(record, is_live=is_live(), **more)

    def _intent_id(self, refund: RefundIn) -> str:
        known = refund.payment_transaction_reference
        if known or not refund.payment_gateway_reference:
            return known
        intent = records.intent_of(self._retrieve(refund.payment_gateway_reference))
        if not intent:
            raise Rejected("nothing was paid that could be paid back")
        return str(intent["id"])

    def _find_refund(self, intent: str, reference: str) -> Record | None:
        return _first(
            listed(client().v1.refunds.list, payment_intent=intent), reference
        )


def _now() -> datetime:
    return datetime.now(tz=UTC)


def _first(found: Iterator[Record], reference: str) -> Record | None:
    for n, record in enumerate(found):
        if records.reference_of(record) == reference:
            return record
        if n >= MOST_LOOKED_THROUGH:
            raise Unknown(f"not among the last {MOST_LOOKED_THROUGH} records")
    return None
