"""A Stripe to test against: localstripe with what it lacks and a shop relies on.

SPDX-License-Identifier: GPL-3.0-or-later

Extends localstripe, Copyright Adrien Vergé and contributors. This program is free
software: you can redistribute it and/or modify it under the terms of the GNU General
Public License as published by the Free Software Foundation, either version 3 of the
License, or (at your option) any later version. It comes WITHOUT ANY WARRANTY. The text
of the license is in COPYING beside this file.

    python server.py PORT        (loopback only, nothing is kept on disk)

Adds: Checkout Sessions, idempotency keys, disputes, strict refunds, lists by time, the
events localstripe never sends, and under /_test/ the hands of buyers, banks and bad
luck. Started by `tests/doubles/stripe_double.py`; never imported by the shop.
"""

import asyncio
import hashlib
import hmac
import json
import re
import sys
import time
from contextlib import suppress
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from localstripe import resources as r
from localstripe import server as s
from localstripe import webhooks
from localstripe.errors import UserError

HALF_AN_HOUR, A_DAY = 1800, 86400
IGNORED_BY_INTENTS = (
    *("automatic_payment_methods", "description", "receipt_email", "return_url"),
    *("setup_future_usage", "shipping", "statement_descriptor_suffix"),
)
# Status and body of the first answer under each key, with the request it belongs to.
answers = {}
# Bad luck to come: [{"method", "path", "mode", "status", "times"}].
faults = []
# What was asked: [(method, path, idempotency key)].
asked = []
# Signed notifications, oldest first, until they are fetched.
outbox = []
# Columns of the refunds to come, one dict for each.
coming_refunds = []

r.Store.dump_to_disk = lambda self: None


def notify(kind, subject):
    webhooks.schedule_webhook(r.Event(kind, subject))


async def send(event):
    """In place of localstripe's: at once, into the outbox, and over loopback."""
    body = json.dumps(event._export(), sort_keys=True)
    for webhook in list(webhooks._webhooks.values()):
        signature = sign(body, webhook.secret)
        outbox.append({"type": event.type, "body": body, "signature": signature})
        if urlsplit(webhook.url).hostname == "127.0.0.1":
            await deliver(webhook.url, body, signature)


def sign(body, secret):
    moment = int(time.time())
    signed = f"{moment}.{body}".encode()
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


async def deliver(url, body, signature):
    headers = {"Content-Type": "application/json", "Stripe-Signature": signature}
    async with aiohttp.ClientSession() as http:
        with suppress(aiohttp.ClientError):
            await http.post(url, data=body, headers=headers)


webhooks._send_webhook = send


def newest_first(cls, url, page, created=None, **columns):
    """A list as Stripe gives it: by time, and where the columns have these values."""
    found = [o for key, o in r.store.items() if key.startswith(f"{cls.object}:")]
    for name, value in columns.items():
        if value is not None:
            found = [o for o in found if getattr(o, name) == value]
    for test, limit in (created or {}).items():
        found = [o for o in found if COMPARE[test](o.created, int(limit))]
    listed = r.List(url, **page)
    listed._list = found[::-1]
    return listed


COMPARE = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


class CheckoutSession(r.StripeObject):
    object = "checkout.session"
    _id_prefix = "cs_test_"

    def __init__(self, line_items=None, success_url=None, **given):
        ends = int(given.get("expires_at") or time.time() + A_DAY)
        if given.get("mode") != "payment" or not line_items or not success_url:
            raise UserError(400, "mode=payment, line_items and success_url are needed")
        if not HALF_AN_HOUR - 10 <= ends - time.time() <= A_DAY + 10:
            raise UserError(
                400,
                "expires_at must be between 30 minutes and 24 hours from now",
                {"param": "expires_at"},
            )
        super().__init__()
        prices = [(item["price_data"], int(item["quantity"])) for item in line_items]
        self.mode, self.success_url = "payment", success_url
        self.cancel_url = given.get("cancel_url")
        self.client_reference_id = given.get("client_reference_id")
        self.customer = given.get("customer")
        self.customer_creation = given.get("customer_creation", "if_required")
        self.customer_email = given.get("customer_email")
        self.locale = given.get("locale")
        self.metadata = given.get("metadata") or {}
        self.currency = prices[0][0]["currency"]
        self.amount_total = sum(int(p["unit_amount"]) * n for p, n in prices)
        self.expires_at, self.status, self.payment_status = ends, "open", "unpaid"
        self.payment_intent = None
        self.url = f"http://127.0.0.1/pay/{self.id}"
        self._for_intent = given.get("payment_intent_data") or {}

    @classmethod
    def _api_list_all(cls, url, limit=None, starting_after=None, created=None, **more):
        page = {"limit": limit, "starting_after": starting_after}
        return newest_first(cls, url, page, created, **more)

    @classmethod
    def _api_expire(cls, id, **_more):
        session = cls._api_retrieve(id)
        session._must_be_open()
        session._end("expired")
        notify("checkout.session.expired", session)
        return session

    def _must_be_open(self):
        if self.status != "open":
            raise UserError(400, 'Only a session with status "open" can be used so.')

    def _end(self, status):
        self.status, self.url = status, None

    def _pay(self, number):
        """The buyer types a card."""
        self._must_be_open()
        intent = self._intent(number)
        intent._confirm(on_failure_now=intent._report_failure)
        if intent.status == "succeeded":
            self.payment_status = "paid"
            self._end("complete")
            notify("checkout.session.completed", self)
        return self

    def _intent(self, number):
        method = new_card(number)
        if self.customer_creation == "always" and not self.customer:
            self.customer = r.Customer(email=self.customer_email).id
        intent = r.PaymentIntent(
            amount=self.amount_total,
            currency=self.currency,
            customer=self.customer,
            payment_method=method.id,
            metadata=dict(self._for_intent.get("metadata") or {}),
            setup_future_usage=self._for_intent.get("setup_future_usage"),
        )
        if intent.setup_future_usage:
            method.customer = self.customer
        self.payment_intent = intent.id
        return intent

    def _pay_later(self):
        """A method that takes days: the page is done, the money is not there."""
        self._must_be_open()
        self._intent("4242424242424242")._waits = True
        self._end("complete")
        notify("checkout.session.completed", self)
        return self

    def _arrive(self, succeeded):
        intent = r.PaymentIntent._api_retrieve(self.payment_intent)
        intent._waits = False
        if succeeded:
            intent._confirm(on_failure_now=intent._report_failure)
            self.payment_status = "paid"
            notify("checkout.session.async_payment_succeeded", self)
        else:
            intent.payment_method = None
            notify("checkout.session.async_payment_failed", self)
        return self


def new_card(number):
    card = {"number": number, "exp_month": 12, "exp_year": 2031, "cvc": "123"}
    return r.PaymentMethod(type="card", card=card)


class Dispute(r.StripeObject):
    object = "dispute"
    _id_prefix = "dp_"

    def __init__(self, charge, status):
        super().__init__()
        self.charge, self.payment_intent = charge.id, charge.payment_intent
        self.amount, self.currency = charge.amount, charge.currency
        self.status, self.reason = status, "product_not_received"
        self.balance_transactions = []
        due_by = int(time.time()) + 7 * A_DAY
        self.evidence_details = {"due_by": due_by, "has_evidence": False}
        notify("charge.dispute.created", self)

    @classmethod
    def _api_list_all(cls, url, limit=None, starting_after=None, **more):
        page = {"limit": limit, "starting_after": starting_after}
        return newest_first(cls, url, page, **more)

    def _move(self, sign, category, event):
        movement = {
            "object": "balance_transaction",
            "amount": sign * self.amount,
            "currency": self.currency,
            "created": int(time.time()),
            "reporting_category": category,
        }
        self.balance_transactions = [*self.balance_transactions, movement]
        notify(event, self)

    def _change(self, status=None, move=None):
        self.status = status or self.status
        if move == "withdraw":
            self._move(-1, "dispute", "charge.dispute.funds_withdrawn")
        if move == "reinstate":
            self._move(1, "dispute_reversal", "charge.dispute.funds_reinstated")
        is_over = self.status in ("won", "lost", "warning_closed")
        notify(f"charge.dispute.{'closed' if is_over else 'updated'}", self)
        return self


def is_disputed(charge):
    disputes = [o for key, o in r.store.items() if key.startswith("dispute:")]
    return any(dispute.charge == charge.id for dispute in disputes)


def card_of(charge):
    card = r.PaymentMethod._api_retrieve(charge.payment_method).card
    return {"type": "card", "card": {"brand": card["brand"], "last4": card["last4"]}}


r.Charge.disputed = property(is_disputed)
r.Charge.payment_method_details = property(card_of)
r.Charge.amount_refunded = property(
    lambda charge: sum(
        refund.amount
        for refund in charge.refunds._list
        if refund.status not in ("failed", "canceled")
    )
)

localstripes_refund = r.Refund.__init__


def strict_refund(self, charge=None, payment_intent=None, amount=None, **more):
    """Within what is left of the charge, of the status that is coming."""
    if payment_intent:
        latest = r.PaymentIntent._api_retrieve(payment_intent).latest_charge
        if latest is None:
            raise UserError(400, "This PaymentIntent has no successful charge.")
        charge = latest.id
    paid = r.Charge._api_retrieve(charge)
    left = paid.amount - paid.amount_refunded
    if left <= 0:
        code = {"code": "charge_already_refunded"}
        raise UserError(400, f"Charge {charge} has already been refunded.", code)
    if int(amount or left) > left:
        raise UserError(400, f"Refund ({amount}) is greater than what is left ({left})")
    columns = {"amount": int(amount or left), "metadata": more.get("metadata")}
    localstripes_refund(self, charge, None, **columns)
    self.payment_intent, self.reason = paid.payment_intent, more.get("reason")
    self.failure_reason = self.pending_reason = None
    for name, value in (coming_refunds.pop(0) if coming_refunds else {}).items():
        setattr(self, name, value)
    notify("refund.created", self)
    notify("charge.refunded", paid)


r.Refund.__init__ = strict_refund

localstripes_intent = r.PaymentIntent.__init__
localstripes_status = r.PaymentIntent.status.fget


def tolerant_intent(self, **given):
    ignored = {name: given.pop(name, None) for name in IGNORED_BY_INTENTS}
    localstripes_intent(self, **given)
    self.description = ignored["description"]
    self.setup_future_usage = ignored["setup_future_usage"]
    self._waits = False


def status_of(intent):
    return "processing" if intent._waits else localstripes_status(intent)


def received_of(intent):
    return intent.latest_charge.amount if intent.status == "succeeded" else 0


def list_intents(url, limit=None, starting_after=None, created=None, customer=None):
    page = {"limit": limit, "starting_after": starting_after}
    return newest_first(r.PaymentIntent, url, page, created, customer=customer)


def create_intent(confirm=None, off_session=None, **given):
    """Off session, a bank that wants its customer refuses at once, as Stripe does."""
    method = r.PaymentMethod._api_retrieve(given["payment_method"])
    if off_session and method._requires_authentication():
        intent = r.PaymentIntent(**given)
        intent.payment_method = None
        error = {"code": "authentication_required", "decline_code": None}
        error["payment_intent"] = intent._export()
        raise UserError(402, "The card requires authentication.", error)
    intent = r.PaymentIntent(**given)
    if confirm:
        intent._confirm(on_failure_now=intent._report_failure)
    return intent


r.PaymentIntent.__init__ = tolerant_intent
r.PaymentIntent.status = property(status_of)
r.PaymentIntent.amount_received = property(received_of)
r.PaymentIntent._api_list_all = staticmethod(list_intents)
r.PaymentIntent._api_create = staticmethod(create_intent)


@web.middleware
async def with_bad_luck(request, handler):
    if not request.path.startswith("/v1/"):
        return await handler(request)
    asked.append((request.method, request.path, key_of(request)))
    fault = next((f for f in faults if is_struck(f, request)), None)
    if fault is None:
        return await handler(request)
    fault["times"] -= 1
    if fault["times"] <= 0:
        faults.remove(fault)
    return await strike(fault, request, handler)


def is_struck(fault, request):
    return fault["method"] == request.method and re.search(fault["path"], request.path)


async def strike(fault, request, handler):
    """hang, hang_after, error, error_after (a stored 500), or a plain status."""
    mode = fault["mode"]
    if mode == "status":
        error = {"error": {"type": "api_error", "message": "Bad luck."}}
        return web.json_response(error, status=fault["status"])
    if mode.endswith("after"):
        await remember(request, await handler(request))
    if mode.startswith("hang"):
        await asyncio.sleep(A_DAY)
    error = {"error": {"type": "api_error", "message": "An unknown error occurred."}}
    answer = web.json_response(error, status=500)
    await remember(request, answer)
    return answer


def key_of(request):
    return request.headers.get("Idempotency-Key", "")


async def remember(request, answer):
    if request.method == "POST" and key_of(request):
        first = (request.path, await request.read())
        answers[key_of(request)] = (first, answer.status, answer.body)


@web.middleware
async def with_keys(request, handler):
    """The first answer under a key is the answer, 500s too; plain refusals are not."""
    key = key_of(request)
    if request.method != "POST" or not key or not request.path.startswith("/v1/"):
        return await handler(request)
    if key not in answers:
        answer = await handler(request)
        if answer.status < 400 or answer.status in (402, 500):
            await remember(request, answer)
        return answer
    first, status, body = answers[key]
    if first != (request.path, await request.read()):
        error = {"type": "idempotency_error", "message": "Same key, other parameters."}
        return web.json_response({"error": error}, status=400)
    headers = {"Idempotent-Replayed": "true"}
    kind = "application/json"
    return web.Response(body=body, status=status, content_type=kind, headers=headers)


async def pay(request):
    session = CheckoutSession._api_retrieve(request.match_info["id"])
    given = await request.json()
    return s.json_response(session._pay(given["card"])._export())


async def pay_later(request):
    session = CheckoutSession._api_retrieve(request.match_info["id"])
    return s.json_response(session._pay_later()._export())


async def arrive(request):
    session = CheckoutSession._api_retrieve(request.match_info["id"])
    given = await request.json()
    return s.json_response(session._arrive(given["succeeded"])._export())


async def dispute(request):
    """Of a payment intent: {"intent", "status"}; later changes by its own address."""
    given = await request.json()
    charge = r.PaymentIntent._api_retrieve(given["intent"]).latest_charge
    return s.json_response(Dispute(charge, given["status"])._export())


async def change_dispute(request):
    found = Dispute._api_retrieve(request.match_info["id"])
    return s.json_response(found._change(**await request.json())._export())


async def change_refund(request):
    refund = r.Refund._api_retrieve(request.match_info["id"])
    for name, value in (await request.json()).items():
        setattr(refund, name, value)
    notify(f"refund.{'failed' if refund.status == 'failed' else 'updated'}", refund)
    return s.json_response(refund._export())


async def next_refund(request):
    coming_refunds.append(await request.json())
    return web.Response()


async def put_column(request):
    """Let Stripe's record say something else: {"name": value}."""
    id = request.match_info["id"]
    [found] = [o for key, o in r.store.items() if key.endswith(f":{id}")]
    for name, value in (await request.json()).items():
        setattr(found, name, value)
    return web.Response()


async def add_fault(request):
    faults.append({"times": 1, "status": 500} | await request.json())
    return web.Response()


async def forget_keys(_request):
    """A day later."""
    answers.clear()
    return web.Response()


async def take_events(_request):
    """Once all have reached where they are sent."""
    under_way = [t for t in asyncio.all_tasks() if t.get_coro().__name__ == "send"]
    await asyncio.gather(*under_way)
    taken = list(outbox)
    outbox.clear()
    return web.json_response(taken)


async def tell_asked(_request):
    return web.json_response(asked)


async def start_anew(_request):
    for kept in (answers, faults, asked, outbox, coming_refunds, r.store):
        kept.clear()
    return web.Response()


def application():
    middlewares = [s.error_middleware, with_keys, with_bad_luck, s.error_middleware]
    app = web.Application(middlewares=middlewares)
    sessions, disputes = "/v1/checkout/sessions", "/v1/disputes"
    app.router.add_routes(
        [
            web.post("/_test/checkout/{id}/pay", pay),
            web.post("/_test/checkout/{id}/pay_later", pay_later),
            web.post("/_test/checkout/{id}/arrive", arrive),
            web.post("/_test/disputes", dispute),
            web.post("/_test/disputes/{id}", change_dispute),
            web.post("/_test/refunds/{id}", change_refund),
            web.post("/_test/next_refund", next_refund),
            web.post("/_test/objects/{id}", put_column),
            web.post("/_test/faults", add_fault),
            web.delete("/_test/keys", forget_keys),
            web.post("/_test/events", take_events),
            web.get("/_test/asked", tell_asked),
            web.delete("/_test/everything", start_anew),
            web.post(
                sessions + "/{id}/expire",
                s.api_extra(CheckoutSession._api_expire, sessions),
            ),
            web.post(sessions, s.api_create(CheckoutSession, sessions)),
            web.get(sessions + "/{id}", s.api_retrieve(CheckoutSession, sessions)),
            web.get(sessions, s.api_list_all(CheckoutSession, sessions)),
            web.get(disputes + "/{id}", s.api_retrieve(Dispute, disputes)),
            web.get(disputes, s.api_list_all(Dispute, disputes)),
        ]
    )
    for route in s.app.router.routes():
        if route.method != "HEAD":
            path = route.resource.canonical
            app.router.add_route(route.method, path, route.handler)
    return app


if __name__ == "__main__":
    port = int(sys.argv[1])
    web.run_app(
        application(), host="127.0.0.1", port=port, print=None, shutdown_timeout=0.1
    )
