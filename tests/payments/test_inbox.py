"""A notification is verified, stored once, answered at once, and applied later."""

import json
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client

from campaigns.clock import database_now
from payments import inbox
from payments.errors import Unavailable
from payments.gateways.sandbox import SandboxGateway
from payments.models import GatewayEvent, Payment, SandboxPayment
from payments.sandbox import provider as sandbox
from tests.drafts import (
    TOTAL,
    finish,
    ledger_of,
    make_offer,
    notify,
    payment_of,
    place_order,
    press,
    rows_of_orders,
    sums_of,
)
from tests.moments import is_since

pytestmark = pytest.mark.django_db

SECONDS = timedelta(seconds=1)
UNKNOWN = {"id": "evt_1", "type": "payment.paid", "reference": "NOBODY-1"}


def post(raw, **headers):
    return Client().post(
        "/webhooks/sandbox/", raw, content_type="application/json", headers=headers
    )


def signed(raw):
    return {"X-Sandbox-Signature": sandbox.sign(raw)}


def make_due():
    GatewayEvent.objects.update(next_attempt_at=database_now() - SECONDS)


def test_it_is_stored_as_it_came_and_nothing_else_happens():
    order = place_order(make_offer())
    before = rows_of_orders()
    raw = json.dumps(UNKNOWN | {"reference": payment_of(order).reference}).encode()

    assert post(raw, **signed(raw)).status_code == 200

    event = GatewayEvent.objects.get()
    assert (event.gateway, event.dedupe_key) == ("sandbox", "evt_1")
    assert (event.state, event.attempts, event.duplicates) == ("received", 0, 0)
    assert bytes(event.body) == raw
    assert rows_of_orders() == before


def test_five_equal_ones_are_one_event():
    answers = [notify(UNKNOWN).status_code for _n in range(5)]

    assert answers == [200] * 5
    assert GatewayEvent.objects.get().duplicates == 4


RAW = json.dumps(UNKNOWN).encode()


@pytest.mark.parametrize(
    ("raw", "headers"),
    [
        (RAW, {}),
        (RAW, {"X-Sandbox-Signature": ""}),
        (RAW, {"X-Sandbox-Signature": "0" * 64}),
        (RAW, {"X-Sandbox-Signature": "tanda-tangan-é"}),
        (RAW.replace(b"NOBODY", b"SOMEBODY"), signed(RAW)),
        (RAW.replace(b": ", b":"), signed(RAW)),
        (RAW, {"X-Sandbox-Signature": sandbox.sign(RAW).upper()}),
        (b"", {}),
        (b"\x00\xff", {"X-Sandbox-Signature": "0" * 64}),
    ],
    ids=[
        *("missing", "empty", "wrong", "not ASCII", "changed body", "spaces"),
        *("upper case", "no body", "no text"),
    ],
)
def test_what_is_not_signed_is_refused_and_not_stored(raw, headers):
    before = rows_of_orders()

    answer = post(raw, **headers)

    assert (answer.status_code, answer.content) == (400, b"bad signature")
    assert not GatewayEvent.objects.exists()
    assert rows_of_orders() == before


def test_the_largest_body_is_read_and_a_larger_one_is_not():
    padding = " " * (256 * 1024 - len(RAW))
    raw = RAW + padding.encode()

    assert post(raw, **signed(raw)).status_code == 200
    assert post(raw + b" ", **signed(raw + b" ")).status_code == 413

    assert GatewayEvent.objects.get().duplicates == 0


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_it_is_a_door_for_posts(method):
    assert getattr(Client(), method)("/webhooks/sandbox/").status_code == 405


@pytest.mark.parametrize("name", ["nobody", "stripe", "SANDBOX", "sandbox-2"])
def test_a_gateway_the_shop_does_not_know_is_not_found(name):
    raw = RAW
    answer = Client().post(
        f"/webhooks/{name}/",
        raw,
        content_type="application/json",
        headers=signed(raw),
    )

    assert answer.status_code == 404
    assert not GatewayEvent.objects.exists()


def test_a_busy_database_asks_the_gateway_to_come_again(monkeypatch):
    def busy(*_args):
        raise OperationalError("database is locked")

    monkeypatch.setattr(inbox, "receive", busy)

    assert notify(UNKNOWN).status_code == 503


def test_an_unknown_reference_waits_for_its_payment():
    order = place_order(make_offer())
    reference = payment_of(order).reference
    Payment.objects.update(reference="HIDDEN-1", gateway_reference="")
    press(Payment(reference=reference), "pay")
    inbox.process_due()
    assert sums_of(order)[0] == "pending"
    assert GatewayEvent.objects.get().state == "retry"

    Payment.objects.update(reference=reference)
    make_due()
    inbox.process_due()

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert GatewayEvent.objects.get().state == "done"


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(0, 30), (1, 60), (2, 120), (6, 1920), (7, 3600), (30, 3600), (2000, 3600)],
)
def test_pauses_grow_to_an_hour(attempts, seconds):
    notify(UNKNOWN)
    GatewayEvent.objects.update(attempts=attempts)
    began = database_now()

    assert inbox.process_due() == 1

    event = GatewayEvent.objects.get()
    assert (event.state, event.attempts) == ("retry", attempts + 1)
    assert event.error == "no payment has the reference 'NOBODY-1'"
    assert is_since(began, event.next_attempt_at - timedelta(seconds=seconds))


def test_between_two_attempts_it_rests():
    notify(UNKNOWN)

    assert [inbox.process_due(), inbox.process_due()] == [1, 0]


def test_after_a_day_it_is_given_up_for_good():
    notify(UNKNOWN)
    day = timedelta(hours=24)
    GatewayEvent.objects.update(received_at=database_now() - day + 60 * SECONDS)
    inbox.process_due()
    assert GatewayEvent.objects.get().state == "retry"

    GatewayEvent.objects.update(received_at=database_now() - day - SECONDS)
    make_due()
    inbox.process_due()

    assert GatewayEvent.objects.get().state == "dead"
    make_due()
    assert inbox.process_due() == 0
    assert notify(UNKNOWN).status_code == 200


def test_a_gateway_that_is_down_is_asked_later(monkeypatch):
    order = place_order(make_offer())
    press(payment_of(order), "pay")

    def fetch(_gateway, _payment):
        raise Unavailable("no route to host")

    with monkeypatch.context() as patch:
        patch.setattr(SandboxGateway, "fetch", fetch)
        inbox.process_due()
    event = GatewayEvent.objects.get()
    assert (event.state, event.error) == ("retry", "no route to host")
    assert sums_of(order) == ("pending", 0, 0, 0)

    make_due()
    inbox.process_due()

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)


def test_one_poisoned_event_stops_no_other(caplog):
    batch = make_offer()
    poisoned, order = place_order(batch), place_order(batch)
    press(payment_of(poisoned), "pay")
    rows = SandboxPayment.objects.filter(reference=payment_of(poisoned).reference)
    rows.update(state="odd")

    finish(order, "pay")

    assert sums_of(poisoned) == ("pending", 0, 0, 0)
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    states = GatewayEvent.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["retry", "done"]
    assert "'odd' is not a valid" in caplog.text

    rows.update(state="paid")
    make_due()
    inbox.process_due()

    assert ledger_of(poisoned) == [("payment", TOTAL)]


def test_an_event_left_by_a_worker_that_died_is_taken_up_again():
    order = place_order(make_offer())
    press(payment_of(order), "pay")
    event, began = GatewayEvent.objects.get(), database_now()
    assert inbox._lease(event)

    assert not inbox._lease(GatewayEvent.objects.get())
    assert inbox.process_due() == 0
    leased_until = GatewayEvent.objects.get().next_attempt_at
    assert is_since(began, leased_until - inbox.LEASE)

    make_due()
    assert inbox.process_due() == 1
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)


def test_a_notification_without_an_id_is_known_by_its_bytes():
    notice = {"type": "payment.paid", "reference": "UNKNOWN-1"}

    answers = [notify(notice).status_code for _ in range(2)]

    assert answers == [200, 200]
    assert GatewayEvent.objects.get().duplicates == 1


def test_signed_bytes_that_are_no_notification_are_refused():
    raw = b"[1, 2"

    answer = post(raw, **{sandbox.SIGNATURE_HEADER: sandbox.sign(raw)})

    assert answer.status_code == 400
    assert not GatewayEvent.objects.exists()


def test_a_notification_without_the_slash_is_taken_without_a_redirect():
    raw = json.dumps(UNKNOWN).encode()

    answer = Client().post(
        "/webhooks/sandbox", raw, content_type="application/json", headers=signed(raw)
    )

    assert answer.status_code == 200
    assert GatewayEvent.objects.count() == 1
