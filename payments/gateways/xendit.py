"""Xendit Invoice: a hosted page for QRIS, wallets, virtual accounts and cards.

Our reference is its `external_id`, which Xendit does not keep unique: an invoice is
looked for before one is made. Notifications carry one static token for everybody, so
nothing in them is believed.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from campaigns.money import to_minor_units
from payments.errors import BadSignature, GatewayError, Rejected
from payments.gateways import calls, notices, xendit_status
from payments.gateways import xendit_api as api
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
from payments.gateways.clocks import moment, page_length
from payments.gateways.xendit_rails import rule_of
from payments.models import Payment

HEADER = "X-Callback-Token"
# The SDK takes no whole numbers, here and for amounts; up to 2**53 a float is exact.
PAGE_SIZE = 100.0
# Each way to pay has a minimum of its own; none takes less than this.
LEAST = Decimal(1_000)


class XenditGateway:
    name = api.NAME
    caps = Caps(
        currencies=frozenset({"IDR"}),
        minimum={"IDR": LEAST},
        shortest_page=timedelta(minutes=1),
        lists=True,
    )

    def start(self, payment: PaymentIn) -> Started:
        self.caps.refuse_others(payment.amount, payment.currency)
        # Xendit takes no idempotency key here: what a lost answer made is adopted.
        invoice = _found(payment) or api.create_invoice(**_fields(payment, self.caps))
        if invoice.get("amount") != payment.amount:
            raise Rejected(f"an invoice of {invoice.get('amount')} was made before")
        return Started(
            gateway_reference=_number_of(invoice),
            redirect_url=calls.page_address(self.name, invoice.get("invoice_url")),
            expires_at=moment(invoice.get("expiry_date")),
        )

    def fetch(self, payment: PaymentIn) -> Snapshot:
        invoice = self._invoice(payment)
        if invoice is None:
            # Nothing was ever started, so nothing can have been paid.
            return Snapshot(state=Payment.State.CANCELED, currency=payment.currency)
        return xendit_status.read(invoice, _refunds_seen(payment, invoice))

    def _invoice(self, payment: PaymentIn) -> dict[str, Any] | None:
        if payment.gateway_reference:
            return api.invoice(payment.gateway_reference)
        return _found(payment)

    def cancel(self, payment: PaymentIn) -> Snapshot:
        """What cannot expire any more has been paid, or has expired before."""
        invoice = self._invoice(payment)
        if invoice and invoice.get("status") == "PENDING":
            # Refused when it was paid or has expired since: the truth tells.
            with suppress(Rejected):
                api.expire_invoice(_number_of(invoice))
        return self.fetch(payment)

    def refund(self, refund: RefundIn) -> RefundSnapshot:
        answer = api.create_refund(
            key=refund.idempotency_key,
            invoice_id=refund.payment_gateway_reference,
            reference_id=refund.reference,
            amount=float(to_minor_units(refund.amount, refund.currency)),
            currency=refund.currency,
            reason="CANCELLATION",
        )
        return self._refund(answer)

    def fetch_refund(self, refund: RefundIn) -> RefundSnapshot | None:
        if refund.gateway_reference:
            with suppress(api.NotFound):
                return self._refund(api.refund(refund.gateway_reference))
            return None
        made = _refunds_of(refund.payment_gateway_reference)
        ours = (row for row in made if row.get("reference_id") == refund.reference)
        return next(map(self._refund, ours), None)

    def _refund(self, answer: dict[str, Any]) -> RefundSnapshot:
        try:
            return xendit_status.read_refund(answer)
        except ValueError as error:
            raise calls.nonsense(self.name) from error

    def refund_rule(self, method: str) -> RefundRule:
        return rule_of(method)

    def history(self, since: datetime, until: datetime) -> Iterator[Snapshot]:
        """All invoices paid in that time; their refunds cost a call each."""

        def ask(last: str) -> tuple[list[dict[str, Any]], bool]:
            after = {"last_invoice": last} if last else {}
            rows = api.invoices(
                paid_after=since, paid_before=until, limit=PAGE_SIZE, **after
            )
            return rows, bool(rows)

        for invoice in _row_by_row(ask):
            yield xendit_status.read(invoice, _refunds_of(_number_of(invoice)))

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Inbound]:
        given = headers.get(HEADER, "")
        if not notices.is_one_of(given, settings.XENDIT_CALLBACK_TOKENS):
            raise BadSignature(self.name)
        notice = notices.read(self.name, raw)
        news = _refund_news if "event" in notice else _invoice_news
        return [news(notice, raw)]


def _fields(payment: PaymentIn, caps: Caps) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "external_id": payment.reference,
        "amount": float(to_minor_units(payment.amount, payment.currency)),
        "currency": payment.currency,
        "description": payment.description,
        "invoice_duration": float(page_length(payment, caps) // timedelta(seconds=1)),
        "success_redirect_url": payment.return_url,
        "failure_redirect_url": payment.return_url,
        "locale": payment.locale,
        # Our own mails tell the buyer where to pay.
        "should_send_email": False,
    }
    return fields | ({"payer_email": payment.email} if payment.email else {})


def _found(payment: PaymentIn) -> dict[str, Any] | None:
    """The invoice made for this attempt before, if any; the first of several."""
    found = api.invoices(external_id=payment.reference)
    ours = (row for row in found if row.get("external_id") == payment.reference)
    return next(ours, None)


def _refunds_seen(payment: PaymentIn, invoice: dict[str, Any]) -> list[dict[str, Any]]:
    """Money that is new is booked even while its refunds cannot be told."""
    if not xendit_status.is_paid(invoice):
        return []
    try:
        return _refunds_of(_number_of(invoice))
    except GatewayError:
        if payment.received:
            raise
        return []


def _refunds_of(invoice_id: str) -> list[dict[str, Any]]:
    def ask(last: str) -> tuple[list[dict[str, Any]], bool]:
        after = {"after_id": last} if last else {}
        return api.refunds(invoice_id=invoice_id, limit=PAGE_SIZE, **after)

    return list(_row_by_row(ask))


def _row_by_row(
    ask: Callable[[str], tuple[list[dict[str, Any]], bool]],
) -> Iterator[dict[str, Any]]:
    """`ask` is told the id of the last row, and says whether there may be more.

    A list that begins anew, because the id means nothing to it, ends.
    """
    last, has_more = "", True
    while has_more:
        rows, has_more = ask(last)
        yield from rows
        before, last = last, _number_of(rows[-1]) if rows else ""
        has_more = has_more and last not in ("", before)


def _number_of(row: dict[str, Any]) -> str:
    if not row.get("id"):
        raise calls.nonsense(api.NAME)
    return str(row["id"])


def _invoice_news(notice: notices.Notice, raw: bytes) -> Inbound:
    invoice, status = notices.text(notice, "id"), notices.text(notice, "status")
    updated = notices.text(notice, "updated")
    return Inbound(
        dedupe_key=_key(raw, invoice, status, updated),
        type=status,
        reference=invoice,
        transaction_reference=notices.text(notice, "payment_id"),
        our_reference=notices.text(notice, "external_id"),
    )


def _refund_news(notice: notices.Notice, raw: bytes) -> Inbound:
    """Xendit's own example holds the refund one level deeper than its text says."""
    outer = notices.part(notice, "data")
    refund = notices.part(outer, "data") or outer
    number, status = notices.text(refund, "id"), notices.text(refund, "status")
    ours, _dash, _number = notices.text(refund, "reference_id").rpartition("-R")
    return Inbound(
        dedupe_key=_key(raw, number, status, notices.text(refund, "updated")),
        type=notices.text(notice, "event"),
        reference=notices.text(refund, "invoice_id"),
        transaction_reference=notices.text(refund, "payment_id"),
        our_reference=ours,
    )


def _key(raw: bytes, number: str, *rest: str) -> str:
    """One without an id is known by its bytes."""
    if number:
        return notices.fingerprint(number, *rest)
    return hashlib.sha256(raw).hexdigest()
