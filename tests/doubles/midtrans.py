"""A double of Midtrans: Snap pages and the status API, as its documentation has them.

It is our reading of that documentation, so it cannot prove us right about Midtrans.
In a terminal: `python -m tests.doubles.midtrans 8431`, and the shop with
MIDTRANS_SERVER_KEYS=SB-Mid-server-double MIDTRANS_API_BASE=http://127.0.0.1:8431
MIDTRANS_SNAP_BASE=http://127.0.0.1:8431/snap/v1
"""

import base64
import json
import re
import sys
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha512
from typing import Any
from zoneinfo import ZoneInfo

from tests.doubles.server import Answer, Call, Double, Json, Refusal, deliver

KEY = "SB-Mid-server-double"
JAKARTA = ZoneInfo("Asia/Jakarta")
ORDER_ID = re.compile(r"[A-Za-z0-9_.~-]{1,50}")
ROUTES = {
    "create": re.compile(r"/snap/v1/transactions"),
    "page": re.compile(r"/snap/v4/redirection/(?P<id>[^/]+)"),
    "status": re.compile(r"/v2/(?P<id>[^/]+)/status"),
    "expire": re.compile(r"/v2/(?P<id>[^/]+)/expire"),
    "cancel": re.compile(r"/v2/(?P<id>[^/]+)/cancel"),
    "refund": re.compile(r"/v2/(?P<id>[^/]+)/refund(/online/direct)?"),
}
REFUNDABLE = {
    *("credit_card", "gopay", "shopeepay", "dana", "ovo", "qris", "kredivo"),
    "akulaku",
}
SETTLED = {"settlement", "partial_refund"}
METHODS = ("gopay", "qris", "shopeepay", "dana", "credit_card", "bank_transfer")


@dataclass
class Midtrans(Double):
    key: str = KEY
    pages: dict[str, Json] = field(default_factory=dict)
    transactions: dict[str, Json] = field(default_factory=dict)
    # Refunds under way, which no list shows yet.
    under_way: dict[str, Json] = field(default_factory=dict)
    # succeeded, pending or failed: what becomes of refunds that are asked for.
    refunds_are: str = "succeeded"

    def name_of(self, call: Call) -> str:
        return next((n for n, r in ROUTES.items() if r.fullmatch(call.path)), "")

    def serve(self, call: Call) -> Answer:
        name = self.name_of(call)
        if not name:
            return Answer(404, {"status_code": "404", "status_message": "no route"})
        match = ROUTES[name].fullmatch(call.path)
        number = match["id"] if match and "id" in match.groupdict() else ""
        if name == "page":
            return self._page(call, number)
        if call.headers.get("authorization") != _basic(self.key):
            return Answer(
                401, {"status_code": "401", "status_message": "Access denied"}
            )
        if name == "create":
            return self._create(call)
        return getattr(self, f"_{name}")(call, number)

    # --- its API ---------------------------------------------------------------------

    def _create(self, call: Call) -> Answer:
        details = call.body["transaction_details"]
        order_id, gross = details["order_id"], details["gross_amount"]
        items = call.body.get("item_details") or []
        total = sum(item["price"] * item["quantity"] for item in items)
        if not ORDER_ID.fullmatch(order_id) or type(gross) is not int or gross < 1:
            return _errors(400, "transaction_details is not valid")
        if items and total != gross:
            return _errors(400, "gross_amount is not the sum of item_details")
        if order_id in self.transactions:
            return _errors(406, "order_id has already been taken")
        token = str(uuid.uuid4())
        notify = call.headers.get("x-override-notification", "")
        page = call.body | {"token": token, "notify": notify}
        self.pages[order_id] = page
        return Answer(201, {"token": token, "redirect_url": self.url_of(order_id)})

    def url_of(self, order_id: str) -> str:
        return f"{self.base}/snap/v4/redirection/{self.pages[order_id]['token']}"

    def _status(self, _call: Call, order_id: str) -> Answer:
        return Answer(200, self._transaction(order_id))

    def _expire(self, _call: Call, order_id: str) -> Answer:
        found = self._transaction(order_id)
        self._demand(found, {"pending"})
        found |= {"transaction_status": "expire", "status_code": "407"}
        return Answer(200, dict(found))

    def _cancel(self, _call: Call, order_id: str) -> Answer:
        found = self._transaction(order_id)
        self._demand(found, {"pending", "capture", "authorize"})
        found |= {"transaction_status": "cancel", "status_code": "200"}
        return Answer(200, dict(found))

    def _refund(self, call: Call, order_id: str) -> Answer:
        found, asked = self._transaction(order_id), call.body
        made = found.setdefault("refunds", [])
        key = asked["refund_key"]
        if any(refund["refund_key"] == key for refund in made):
            return Answer(200, found | {"status_code": "200", "refund_key": key})
        if key in self.under_way:
            return Answer(200, found | {"status_code": "201", "refund_key": key})
        self._demand(found, SETTLED)
        self._demand_refundable(found, asked["amount"])
        if self.refunds_are == "failed":
            raise Refusal(200, _body(418, "refund rejected by the provider"))
        entry = {
            "refund_key": key,
            "refund_chargeback_id": len(made) + 1,
            "refund_amount": f"{asked['amount']}.00",
            "reason": asked["reason"],
        }
        if self.refunds_are == "pending":
            self.under_way[key] = (order_id, entry)
            return Answer(200, found | {"status_code": "201", "refund_key": key})
        self._book_refund(order_id, entry)
        return Answer(200, found | {"status_code": "200", "refund_key": key})

    def _demand_refundable(self, found: Json, amount: int) -> None:
        back = sum(float(refund["refund_amount"]) for refund in found["refunds"])
        if found["payment_type"] not in REFUNDABLE:
            raise Refusal(200, _body(412, "payment type is not refundable"))
        if back + amount > float(found["gross_amount"]):
            raise Refusal(200, _body(414, "refund exceeds the transaction"))

    def _book_refund(self, order_id: str, entry: Json) -> None:
        found = self.transactions[order_id]
        found.setdefault("refunds", []).append(entry)
        back = sum(float(refund["refund_amount"]) for refund in found["refunds"])
        is_full = back >= float(found["gross_amount"])
        found["transaction_status"] = "refund" if is_full else "partial_refund"
        found["refund_amount"] = f"{back:.2f}"

    def _transaction(self, order_id: str) -> Json:
        """By either id; what does not exist is a 404 inside a 200."""
        for known, found in self.transactions.items():
            if order_id in (known, found["transaction_id"]):
                return found
        raise Refusal(200, _body(404, "Transaction doesn't exist."))

    def _demand(self, found: Json, states: set[str]) -> None:
        if found["transaction_status"] not in states:
            raise Refusal(200, _body(412, "Merchant cannot modify the status"))

    # --- what buyers, banks and the dashboard do -------------------------------------

    def choose(self, order_id: str, /, method: str = "qris", **facts: Any) -> Json:
        """The buyer picks a way to pay: only now there is a transaction."""
        page = self.pages[order_id]
        amount = page["transaction_details"]["gross_amount"]
        self.transactions[order_id] = {
            "status_code": "201",
            "status_message": "Success, transaction is found",
            "transaction_id": str(uuid.uuid4()),
            "order_id": order_id,
            "gross_amount": f"{amount}.00",
            "currency": "IDR",
            "payment_type": method,
            "transaction_status": "pending",
            "fraud_status": "accept",
            "transaction_time": _now(),
            # What must never be kept or shown.
            "masked_card": "48111111-1114",
            **facts,
        }
        return self.transactions[order_id]

    def pay(self, order_id: str, /, method: str = "qris", **facts: Any) -> Json:
        """The buyer pays; `facts` replace what the transaction then says."""
        if order_id not in self.transactions:
            self.choose(order_id, method)
        found = self.transactions[order_id]
        is_card = found["payment_type"] == "credit_card"
        found |= {
            "status_code": "200",
            "transaction_status": "capture" if is_card else "settlement",
            "settlement_time": _now(),
        }
        found |= facts
        return found

    def pay_with_fee(self, order_id: str, fee: int, method: str = "qris") -> Json:
        """With "customer-imposed fee" on, the buyer pays more than the price."""
        price = self.pages[order_id]["transaction_details"]["gross_amount"]
        amounts = {"original_amount": price, "gross_amount": price + fee}
        extra = {"extra_info": {"gross_amount_info": amounts}}
        gross = f"{price + fee}.00"
        return self.pay(order_id, method, gross_amount=gross, metadata=extra)

    def refund_by_hand(self, order_id: str, amount: int) -> None:
        """Somebody uses Midtrans' own dashboard."""
        made = len(self.transactions[order_id].get("refunds", []))
        entry = {
            "refund_key": f"dashboard-{made + 1}",
            "refund_chargeback_id": made + 1,
            "refund_amount": f"{amount}.00",
            "reason": "by hand",
        }
        self._book_refund(order_id, entry)

    def finish_refund(self, key: str, *, succeeds: bool = True) -> None:
        """A refund that was under way ends."""
        order_id, entry = self.under_way.pop(key)
        if succeeds:
            self._book_refund(order_id, entry)
        else:
            self.refunds_are = "failed"

    def notification(self, order_id: str, /, **facts: Any) -> bytes:
        """The bytes Midtrans posts about it now, rightly signed whatever they say."""
        notice = {**self.transactions[order_id], **facts}
        return signed(notice, self.key)

    def _page(self, call: Call, token: str) -> Answer:
        """The hosted page, for a person at a browser."""
        order_id = next(k for k, page in self.pages.items() if page["token"] == token)
        page = self.pages[order_id]
        if call.method == "POST":
            self.pay(order_id, call.body["method"])
            if page["notify"]:
                deliver(page["notify"], self.notification(order_id), {})
            return Answer(303, page["callbacks"]["finish"])
        buttons = "".join(
            f'<button name="method" value="{method}">{method}</button> '
            for method in METHODS
        )
        amount = page["transaction_details"]["gross_amount"]
        form = f'<form method="post"><h1>Rp {amount}</h1>{buttons}</form>'
        return Answer(200, form, is_html=True)


def signed(notice: Json, key: str) -> bytes:
    text = "".join(notice[f] for f in ("order_id", "status_code", "gross_amount"))
    signature = sha512((text + key).encode()).hexdigest()
    return json.dumps(notice | {"signature_key": signature}).encode()


def _basic(key: str) -> str:
    return f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"


def _body(status: int, message: str) -> Json:
    return {"status_code": str(status), "status_message": message}


def _errors(status: int, message: str) -> Answer:
    return Answer(status, {"error_messages": [message]})


def _now() -> str:
    return datetime.now(JAKARTA).strftime("%Y-%m-%d %H:%M:%S")


if __name__ == "__main__":
    Midtrans().run_until_stopped(int(sys.argv[1]))
