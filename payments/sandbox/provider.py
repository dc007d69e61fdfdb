"""The sandbox provider: a hosted page's other side, with a button for every ending.

It knows nothing of the shop but the address of its webhook, and keeps its own truth in
`SandboxPayment`. Notifications leave after commit, as bytes with a signature.
"""

import hashlib
import hmac
import io
import json
import secrets
from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import HttpResponse
from django.urls import resolve, reverse
from django.utils.crypto import salted_hmac

from campaigns.money import smallest_unit
from payments.models import SandboxPayment

SIGNATURE_HEADER = "X-Sandbox-Signature"
SHORT_PAYMENT = Decimal("0.9")

Ending = Callable[[SandboxPayment], None]


class SessionOver(Exception):
    """The hosted page was paid, failed or expired before."""


def finish(reference: str, ending: str) -> SandboxPayment:
    """Let the buyer's visit end in this way; raises SessionOver."""
    with transaction.atomic():
        row = SandboxPayment.objects.select_for_update().get(reference=reference)
        if row.state != SandboxPayment.State.OPEN and ending not in AFTERWARDS:
            raise SessionOver(reference)
        ENDINGS[ending](row)
        row.save()
    return row


def refund(
    *, reference: str, key: str, our_reference: str, amount: Decimal
) -> dict[str, Any]:
    """Book a refund once for each key; the record as the provider answers it."""
    with transaction.atomic():
        row = SandboxPayment.objects.select_for_update().get(reference=reference)
        if key in row.refunds:
            return dict(row.refunds[key])
        record = _new_refund(amount, reference=our_reference)
        fails = row.next_refund_fails
        row.next_refund_fails = False
        row.refunds[key] = (
            record | {"state": "failed", "failure": "account closed"}
            if fails
            else record
        )
        _notify(row, "refund.failed" if fails else "refund.succeeded")
        row.save()
    return record


def sign(raw: bytes) -> str:
    """Hex HMAC-SHA256 over the exact bytes, with a key of this installation."""
    key = salted_hmac("payments.sandbox", "webhook", algorithm="sha256").digest()
    return hmac.new(key, raw, hashlib.sha256).hexdigest()


def _pay(row: SandboxPayment) -> None:
    _receive(row, row.amount)


def _fail(row: SandboxPayment) -> None:
    row.state = SandboxPayment.State.FAILED
    _notify(row, "payment.failed")


def _expire(row: SandboxPayment) -> None:
    row.state = SandboxPayment.State.EXPIRED
    _notify(row, "payment.expired")


def _pay_late(row: SandboxPayment) -> None:
    if row.state == SandboxPayment.State.OPEN:
        _expire(row)
    _receive(row, row.amount)


def _pay_twice(row: SandboxPayment) -> None:
    _receive(row, row.amount)
    _receive(row, row.amount)


def _pay_less(row: SandboxPayment) -> None:
    unit = smallest_unit(row.currency)
    _receive(row, (row.amount * SHORT_PAYMENT).quantize(unit, rounding=ROUND_DOWN))


def _resend(row: SandboxPayment) -> None:
    if row.notifications:
        _post(row.notifications[-1])


def _refund_first(row: SandboxPayment) -> None:
    row.refunds[secrets.token_hex(8)] = _new_refund(row.amount)
    _notify(row, "refund.succeeded")
    _receive(row, row.amount)


def _refund_fails_later(row: SandboxPayment) -> None:
    row.next_refund_fails = True
    _receive(row, row.amount)


def _unknown_order(row: SandboxPayment) -> None:
    _post(_notification("payment.paid", f"UNKNOWN-{secrets.token_hex(4).upper()}"))


def _forge(row: SandboxPayment) -> None:
    _post(_notification("payment.paid", row.reference), signature="0" * 64)


ENDINGS: dict[str, Ending] = {
    "pay": _pay,
    "fail": _fail,
    "expire": _expire,
    "pay_late": _pay_late,
    "pay_twice": _pay_twice,
    "pay_less": _pay_less,
    "resend": _resend,
    "refund_first": _refund_first,
    "refund_fails_later": _refund_fails_later,
    "unknown_order": _unknown_order,
    "forge": _forge,
}
# Possible after the page was paid, failed or expired. A buyer can pay late again: that
# is how a QR code behaves whose picture was kept.
AFTERWARDS = {"pay_late", "resend", "unknown_order", "forge"}


def _receive(row: SandboxPayment, amount: Decimal) -> None:
    row.state = SandboxPayment.State.PAID
    row.received += amount
    _notify(row, "payment.paid")


def _new_refund(amount: Decimal, *, reference: str = "") -> dict[str, Any]:
    return {
        "id": f"sbr_{secrets.token_hex(12)}",
        "reference": reference,
        "amount": str(amount),
        "state": "succeeded",
    }


def _notify(row: SandboxPayment, kind: str) -> None:
    body = _notification(kind, row.reference)
    row.notifications.append(body)
    _post(body)


def _notification(kind: str, reference: str) -> str:
    return json.dumps(
        {"id": f"evt_{secrets.token_hex(12)}", "type": kind, "reference": reference}
    )


def _post(body: str, *, signature: str | None = None) -> None:
    """Hand the bytes to the webhook view after commit, in process.

    No socket: one sync worker would wait for itself.
    """
    raw = body.encode()
    signature = signature or sign(raw)
    transaction.on_commit(lambda: _deliver(raw, signature))


def _deliver(raw: bytes, signature: str) -> HttpResponse:
    path = reverse("gateways:webhook", args=["sandbox"])
    match = resolve(path)
    request = WSGIRequest(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(raw)),
            "HTTP_X_SANDBOX_SIGNATURE": signature,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.input": io.BytesIO(raw),
        }
    )
    response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    return response
