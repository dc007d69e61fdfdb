"""Midtrans Snap: a hosted page for QRIS, wallets, virtual accounts and cards.

Our reference is its `order_id`. Until the buyer chooses a way to pay on the page there
is no transaction, and nothing that could be closed: the page ends by its own clock.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha512
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from campaigns.money import to_minor_units
from campaigns.web_addresses import absolute
from payments.errors import BadSignature, Unavailable
from payments.gateways import calls, midtrans_status, notices
from payments.gateways import midtrans_api as api
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
from payments.gateways.clocks import JAKARTA, page_length
from payments.gateways.midtrans_rails import is_direct, rests, rule_of
from payments.models import Payment

# Each way to pay has a minimum of its own; no virtual account takes less than ten times
# this.
LEAST = Decimal(1_000)
MINUTE = timedelta(minutes=1)
SIGNED = ("order_id", "status_code", "gross_amount")
TOLD_APART_BY = (
    "transaction_id",
    "transaction_status",
    "status_code",
    "fraud_status",
    "gross_amount",
)


class MidtransGateway:
    name = api.NAME
    caps = Caps(
        currencies=frozenset({"IDR"}),
        minimum={"IDR": LEAST},
        shortest_page=5 * MINUTE,
        longest_page=timedelta(days=7),
    )

    def start(self, payment: PaymentIn) -> Started:
        self.caps.refuse_others(payment.amount, payment.currency)
        minutes = page_length(payment, self.caps) // MINUTE
        notify = absolute(reverse("gateways:webhook", args=[self.name]))
        page = api.create(_parameters(payment, minutes), notify=notify)
        return Started(
            gateway_reference=payment.reference,
            redirect_url=calls.page_address(self.name, page.get("redirect_url")),
            expires_at=timezone.now() + minutes * MINUTE,
        )

    def fetch(self, payment: PaymentIn) -> Snapshot:
        try:
            status = api.status(payment.reference)
        except api.NotFound:
            return self._without_transaction(payment)
        return midtrans_status.read(status, payment)

    def _without_transaction(self, payment: PaymentIn) -> Snapshot:
        """The page may still be paid on until it ends; without a page, nothing can."""
        ends = payment.page_ends_at
        if ends is None:
            state = Payment.State.CANCELED
        else:
            is_over = ends <= timezone.now()
            state = Payment.State.EXPIRED if is_over else Payment.State.PENDING
        return Snapshot(state=state, currency=payment.currency)

    def cancel(self, payment: PaymentIn) -> Snapshot:
        """Ends what waits for money; never voids a card that was charged."""
        with suppress(api.NotFound, api.WrongState):
            api.expire(payment.reference)
        return self.fetch(payment)

    def refund(self, refund: RefundIn) -> RefundSnapshot:
        if rests(refund.method, timezone.now()):
            raise Unavailable("ShopeePay takes no refunds until 06:00 WIB")
        parameters = {
            "refund_key": refund.reference,
            "amount": to_minor_units(refund.amount, refund.currency),
            "reason": "order canceled",
        }
        try:
            answer = api.refund(
                refund.payment_reference,
                parameters,
                directly=is_direct(refund.method),
            )
        except api.WrongState:
            self._wait_for_settlement(refund)
            raise
        return midtrans_status.refund_answer(answer, refund)

    def _wait_for_settlement(self, refund: RefundIn) -> None:
        """A charged card can be paid back once it is settled, a day later."""
        status = api.status(refund.payment_reference)
        if status.get("transaction_status") == "capture":
            raise Unavailable("the card payment is not settled yet")

    def fetch_refund(self, refund: RefundIn) -> RefundSnapshot | None:
        status = api.status(refund.payment_reference)
        try:
            made = midtrans_status.refunds(status)
        except ValueError as error:
            raise calls.nonsense(self.name) from error
        return next((r for r in made if r.reference == refund.reference), None)

    def refund_rule(self, method: str) -> RefundRule:
        return rule_of(method)

    def history(self, since: datetime, until: datetime) -> Iterator[Snapshot]:
        """Midtrans lists nothing: each payment is asked for by itself."""
        return iter(())

    def verify(self, headers: Mapping[str, str], raw: bytes) -> list[Inbound]:
        """The signature covers no status, which is why the truth is fetched."""
        notice = notices.read(self.name, raw)
        signed = [notices.text(notice, field) for field in SIGNED]
        expected = [
            sha512("".join([*signed, key]).encode()).hexdigest()
            for key in settings.MIDTRANS_SERVER_KEYS
            if key
        ]
        given = notices.text(notice, "signature_key")
        if not all(signed) or not notices.is_one_of(given, expected):
            raise BadSignature(self.name)
        return [_inbound(notice)]


def _parameters(payment: PaymentIn, minutes: int) -> dict[str, Any]:
    """Both of its clocks are set: the page's, and the chosen way to pay's."""
    amount = to_minor_units(payment.amount, payment.currency)
    length = {"duration": minutes, "unit": "minutes"}
    start = timezone.now().astimezone(JAKARTA)
    item = {
        "id": payment.description,
        "name": payment.description[:50],
        "price": amount,
        "quantity": 1,
    }
    buyer = {
        "first_name": payment.name[:50],
        "email": payment.email,
        "phone": payment.phone,
    }
    return {
        "transaction_details": {
            "order_id": api.path_safe(payment.reference),
            "gross_amount": amount,
        },
        "item_details": [item],
        "customer_details": {key: value for key, value in buyer.items() if value},
        "callbacks": {"finish": payment.return_url, "error": payment.return_url},
        "page_expiry": length,
        "expiry": length | {"start_time": start.strftime("%Y-%m-%d %H:%M:%S %z")},
    }


def _inbound(notice: notices.Notice) -> Inbound:
    """DANA changes the order's id, some accounts reuse one: both ids are kept."""
    order_id = notices.text(notice, "order_id")
    values = [notices.text(notice, field) for field in TOLD_APART_BY]
    return Inbound(
        dedupe_key=notices.fingerprint(*values, str(notice.get("refunds", ""))),
        type=notices.text(notice, "transaction_status"),
        reference=order_id,
        transaction_reference=notices.text(notice, "transaction_id"),
        our_reference=order_id,
    )
