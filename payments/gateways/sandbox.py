"""The adapter of the sandbox provider: no account, no network, every ending."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.crypto import constant_time_compare

from campaigns.prepared import Prepared, given
from payments.errors import BadSignature
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
from payments.models import Payment, Refund, SandboxPayment
from payments.sandbox import provider as sandbox

STATES = {
    SandboxPayment.State.OPEN: Payment.State.PENDING,
    SandboxPayment.State.PAID: Payment.State.CONFIRMED,
    SandboxPayment.State.FAILED: Payment.State.FAILED,
    SandboxPayment.State.EXPIRED: Payment.State.EXPIRED,
}

SANDBOX_PAYMENT = Prepared(
    lambda: SandboxPayment.objects.filter(reference=given("reference"))
)


class SandboxGateway:
    name = "sandbox"
    caps = Caps(lists=True)

    def start(self, payment: PaymentIn) -> Started:
        session = f"sbx_{payment.idempotency_key}"
        row = SandboxPayment(
            reference=payment.reference,
            session=session,
            amount=payment.amount,
            currency=payment.currency,
            description=payment.description,
            return_url=payment.return_url,
        )
        # A repeated start with the same key finds the session it made before.
        SandboxPayment.objects.bulk_create([row], ignore_conflicts=True)
        page = reverse("gateways:sandbox", args=[payment.reference])
        return Started(gateway_reference=session, redirect_url=page)

    def fetch(self, payment: PaymentIn) -> Snapshot:
        row = SANDBOX_PAYMENT.first(reference=payment.reference)
        if row is None:
            # Nothing was ever started, so nothing can have been paid.
            return Snapshot(state=Payment.State.CANCELED, currency=payment.currency)
        return _snapshot(row)

    def cancel(self, payment: PaymentIn) -> Snapshot:
        SandboxPayment.objects.filter(
            reference=payment.reference, state=SandboxPayment.State.OPEN
        ).update(state=SandboxPayment.State.EXPIRED)
        return self.fetch(payment)

    def refund(self, refund: RefundIn) -> RefundSnapshot:
        return _refund_snapshot(
            sandbox.refund(
                reference=refund.payment_reference,
                key=refund.idempotency_key,
                our_reference=refund.reference,
                amount=refund.amount,
            )
        )

    def fetch_refund(self, refund: RefundIn) -> RefundSnapshot | None:
        row = SandboxPayment.objects.get(reference=refund.payment_reference)
        record = row.refunds.get(refund.idempotency_key)
        return _refund_snapshot(record) if record else None

    def refund_rule(self, method: str) -> RefundRule:
        return RefundRule(by_api=True)

    def history(self, since: datetime, until: datetime) -> Iterator[Snapshot]:
        rows = SandboxPayment.objects.filter(created_at__range=(since, until))
        return (_snapshot(row) for row in rows.order_by("pk").iterator())

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Inbound]:
        given = headers.get(sandbox.SIGNATURE_HEADER, "")
        if not constant_time_compare(given, sandbox.sign(raw)):
            raise BadSignature(self.name)
        return [_inbound(raw)]


def _inbound(raw: bytes) -> Inbound:
    """What the notice says; one without an id is known by its bytes."""
    try:
        notice = dict(json.loads(raw))
    except (ValueError, TypeError) as error:
        raise BadSignature("not a notification") from error
    return Inbound(
        dedupe_key=str(notice.get("id") or hashlib.sha256(raw).hexdigest())[:128],
        type=str(notice.get("type", "")),
        reference=str(notice.get("reference", "")),
    )


def _snapshot(row: SandboxPayment) -> Snapshot:
    return Snapshot(
        state=STATES[SandboxPayment.State(row.state)],
        currency=row.currency,
        reference=row.reference,
        gateway_reference=row.session,
        asked=row.amount,
        received=row.received,
        refunds=tuple(_refund_snapshot(record) for record in row.refunds.values()),
        details={"session": row.session, "state": row.state},
    )


def _refund_snapshot(record: dict[str, Any]) -> RefundSnapshot:
    return RefundSnapshot(
        gateway_reference=record["id"],
        reference=record["reference"],
        amount=Decimal(record["amount"]),
        state=Refund.State(record["state"]),
        failure=record.get("failure", ""),
    )
