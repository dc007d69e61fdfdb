"""A double of Xendit: invoices and refunds, as its documentation and SDK have them.

It is our reading of these, so it cannot prove us right about Xendit.
In a terminal: `python -m tests.doubles.xendit 8432 http://127.0.0.1:8000`, and the shop
with XENDIT_SECRET_KEY=xnd_development_double XENDIT_CALLBACK_TOKENS=double-token
XENDIT_API_BASE=http://127.0.0.1:8432
"""

import base64
import json
import re
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.doubles.server import Answer, Call, Double, Json, Refusal, deliver

KEY = "xnd_development_double"
TOKEN = "double-token"
ROUTES = {
    "create": ("POST", re.compile(r"/v2/invoices/")),
    "list": ("GET", re.compile(r"/v2/invoices")),
    "invoice": ("GET", re.compile(r"/v2/invoices/(?P<id>[^/]+)")),
    "expire": ("POST", re.compile(r"/invoices/(?P<id>[^/]+)/expire!")),
    "refund": ("POST", re.compile(r"/refunds")),
    "refunds": ("GET", re.compile(r"/refunds")),
    "get_refund": ("GET", re.compile(r"/refunds/(?P<id>[^/]+)")),
    "page": ("GET", re.compile(r"/web/(?P<id>[^/]+)")),
    "paid": ("POST", re.compile(r"/web/(?P<id>[^/]+)")),
}
BY_BROWSER = {"page", "paid"}
PAID = {"PAID", "SETTLED"}
NOT_REFUNDABLE = {"BANK_TRANSFER", "RETAIL_OUTLET"}
# Lists that an open invoice has, and that a paid one lacks.
CHANNELS = (
    *("available_banks", "available_retail_outlets", "available_ewallets"),
    *("available_qr_codes", "available_direct_debits", "available_paylaters"),
)
METHODS = ("QRIS", "EWALLET", "BANK_TRANSFER", "CREDIT_CARD")


@dataclass
class Xendit(Double):
    key: str = KEY
    token: str = TOKEN
    shop: str = ""
    invoices: dict[str, Json] = field(default_factory=dict)
    made_refunds: dict[str, Json] = field(default_factory=dict)
    keys: dict[str, Json] = field(default_factory=dict)
    # SUCCEEDED, PENDING or FAILED: what becomes of refunds that are asked for.
    refunds_are: str = "SUCCEEDED"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._numbers = count(1)

    def name_of(self, call: Call) -> str:
        found = (
            name
            for name, (method, route) in ROUTES.items()
            if method == call.method and route.fullmatch(call.path)
        )
        return next(found, "")

    def serve(self, call: Call) -> Answer:
        name = self.name_of(call)
        if not name:
            return _refused(404, "NOT_FOUND", "no route")
        match = ROUTES[name][1].fullmatch(call.path)
        number = match["id"] if match and "id" in match.groupdict() else ""
        is_known = call.headers.get("authorization") == _basic(self.key)
        if not is_known and name not in BY_BROWSER:
            return _refused(401, "INVALID_API_KEY", "the key is not valid")
        return getattr(self, f"_{name}")(call, number)

    # --- its API ---------------------------------------------------------------------

    def _create(self, call: Call, _number: str) -> Answer:
        asked = call.body
        if not isinstance(asked["amount"], float | int) or asked["amount"] < 1:
            return _refused(400, "API_VALIDATION_ERROR", "amount is not valid")
        number = f"inv{next(self._numbers):021}"
        now = datetime.now(UTC)
        length = timedelta(seconds=asked.get("invoice_duration", 86400))
        invoice = {
            **asked,
            "id": number,
            "user_id": "merchant",
            "merchant_name": "Double",
            "merchant_profile_picture_url": "",
            # IDR has no decimals here.
            "amount": int(asked["amount"]),
            "status": "PENDING",
            "invoice_url": f"{self.base}/web/{number}",
            "created": _text(now),
            "updated": _text(now),
            "expiry_date": _text(now + length),
            # Told by older accounts; must never be kept or shown.
            "callback_token": self.token,
            **{channel: [] for channel in CHANNELS},
        }
        self.invoices[number] = invoice
        return Answer(200, invoice)

    def _invoice(self, _call: Call, number: str) -> Answer:
        return Answer(200, self._known(number))

    def _list(self, call: Call, _number: str) -> Answer:
        found = list(self.invoices.values())
        if ours := call.query.get("external_id"):
            found = [row for row in found if row["external_id"] == ours]
        if since := call.query.get("paid_after"):
            until = call.query["paid_before"]
            found = [row for row in found if since <= row.get("paid_at", "") < until]
        return Answer(200, _slice(found, call, "last_invoice"))

    def _expire(self, _call: Call, number: str) -> Answer:
        invoice = self._known(number)
        if invoice["status"] != "PENDING":
            return _refused(400, "INVALID_INVOICE_STATUS", "it is not pending")
        self._change(invoice, status="EXPIRED")
        return Answer(200, invoice)

    def _refund(self, call: Call, _number: str) -> Answer:
        asked, key = call.body, call.headers.get("idempotency-key", "")
        if before := self.keys.get(key):
            if before["asked"] == asked:
                return Answer(200, before["refund"])
            return _refused(409, "IDEMPOTENCY_ERROR", "the key was used before")
        invoice = self._known(asked["invoice_id"])
        self._demand_refundable(invoice, asked["amount"])
        refund = self._made_refund(invoice, asked["amount"], asked["reference_id"])
        self.keys[key] = {"asked": asked, "refund": refund}
        return Answer(200, refund)

    def _demand_refundable(self, invoice: Json, amount: float) -> None:
        if invoice["status"] not in PAID:
            raise Refusal(400, _error("INELIGIBLE_TRANSACTION", "it is not paid"))
        if invoice["payment_method"] in NOT_REFUNDABLE:
            raise Refusal(400, _error("REFUND_NOT_SUPPORTED", "not by this channel"))
        counted = (
            refund["amount"]
            for refund in self.made_refunds.values()
            if refund["invoice_id"] == invoice["id"] and refund["status"] != "FAILED"
        )
        if sum(counted) + amount > invoice["paid_amount"]:
            raise Refusal(400, _error("MAXIMUM_REFUND_AMOUNT_REACHED", "too much"))

    def _made_refund(self, invoice: Json, amount: float, reference: str | None) -> Json:
        number = f"rfd-{next(self._numbers)}"
        refund = {
            "id": number,
            "invoice_id": invoice["id"],
            "payment_id": invoice["payment_id"],
            "reference_id": reference,
            "amount": int(amount),
            "currency": invoice["currency"],
            "status": self.refunds_are,
            "failure_code": None if self.refunds_are != "FAILED" else "ISSUER_REFUSED",
            "created": _text(datetime.now(UTC)),
            "updated": _text(datetime.now(UTC)),
        }
        self.made_refunds[number] = refund
        return refund

    def _get_refund(self, _call: Call, number: str) -> Answer:
        if number not in self.made_refunds:
            return _refused(404, "DATA_NOT_FOUND", "no such refund")
        return Answer(200, self.made_refunds[number])

    def _refunds(self, call: Call, _number: str) -> Answer:
        wanted = call.query["invoice_id"]
        found = [r for r in self.made_refunds.values() if r["invoice_id"] == wanted]
        page = _slice(found, call, "after_id")
        return Answer(200, {"data": page, "has_more": page[-1:] != found[-1:]})

    def _known(self, number: str) -> Json:
        if number not in self.invoices:
            raise Refusal(404, _error("INVOICE_NOT_FOUND_ERROR", "no such invoice"))
        return self.invoices[number]

    def _change(self, row: Json, **facts: Any) -> None:
        row |= facts
        row["updated"] = _text(datetime.now(UTC))

    # --- what buyers, banks and the dashboard do -------------------------------------

    def of(self, external_id: str) -> Json:
        """The invoice of this reference of the shop's."""
        rows = [r for r in self.invoices.values() if r["external_id"] == external_id]
        return rows[-1]

    def pay(self, external_id: str, /, method: str = "QRIS", **facts: Any) -> Json:
        """The buyer pays; `facts` replace what the invoice then says."""
        invoice = self.of(external_id)
        for channel in CHANNELS:
            invoice.pop(channel, None)
        channel = {"EWALLET": "DANA", "BANK_TRANSFER": "BCA"}.get(method, method)
        number = f"pay-{next(self._numbers)}"
        paid = {
            "status": "PAID",
            "paid_amount": invoice["amount"],
            "paid_at": _text(datetime.now(UTC)),
            "payment_method": method,
            "payment_channel": channel,
            "payment_id": number,
        }
        self._change(invoice, **paid | facts)
        return invoice

    def settle(self, external_id: str) -> None:
        """Days later the money reaches the merchant's balance."""
        self._change(self.of(external_id), status="SETTLED")

    def refund_by_hand(self, external_id: str, amount: int) -> Json:
        """Somebody uses Xendit's own dashboard."""
        return self._made_refund(self.of(external_id), amount, None)

    def finish_refund(self, number: str, status: str) -> None:
        """A refund that was under way ends."""
        self._change(self.made_refunds[number], status=status)

    def notification(self, external_id: str, /, **facts: Any) -> bytes:
        """The bytes Xendit posts about the invoice now."""
        hidden = {"callback_token", *CHANNELS}
        invoice = self.of(external_id)
        shown = {key: value for key, value in invoice.items() if key not in hidden}
        return json.dumps(shown | facts).encode()

    def refund_notification(self, number: str) -> bytes:
        """Nested twice, as in Xendit's own example."""
        refund = self.made_refunds[number]
        event = f"refund.{refund['status'].lower()}"
        notice = {"event": event, "business_id": "merchant", "data": {"data": refund}}
        return json.dumps(notice).encode()

    # --- its hosted page, for a person at a browser ----------------------------------

    def _page(self, _call: Call, number: str) -> Answer:
        buttons = "".join(
            f'<button name="method" value="{method}">{method}</button> '
            for method in METHODS
        )
        amount = self._known(number)["amount"]
        form = f'<form method="post"><h1>Rp {amount}</h1>{buttons}</form>'
        return Answer(200, form, is_html=True)

    def _paid(self, call: Call, number: str) -> Answer:
        invoice = self._known(number)
        self.pay(invoice["external_id"], call.body["method"])
        if self.shop:
            raw = self.notification(invoice["external_id"])
            url = f"{self.shop}/webhooks/xendit/"
            deliver(url, raw, {"X-Callback-Token": self.token})
        return Answer(303, invoice["success_redirect_url"])


def _slice(rows: list[Json], call: Call, cursor: str) -> list[Json]:
    numbers = [row["id"] for row in rows]
    after = call.query.get(cursor)
    start = numbers.index(after) + 1 if after in numbers else 0
    return rows[start : start + int(float(call.query.get("limit", 10)))]


def _basic(key: str) -> str:
    return f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"


def _error(code: str, message: str) -> Json:
    return {"error_code": code, "message": message}


def _refused(status: int, code: str, message: str) -> Answer:
    return Answer(status, _error(code, message))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


if __name__ == "__main__":
    Xendit(shop=sys.argv[2]).run_until_stopped(int(sys.argv[1]))
