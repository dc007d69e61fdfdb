"""What the door for notifications bears: floods, broken bodies, full disks."""

import io
import json

import pytest
from django.contrib.auth.models import User
from django.db import DataError, connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from payments import gateways, inbox
from payments.gateways.sandbox import SandboxGateway
from payments.models import Discrepancy, GatewayEvent, SandboxPayment
from payments.reconciliation import discrepancies
from tests.drafts import (
    TOTAL,
    make_offer,
    notify,
    payment_of,
    place_order,
    press,
    rows_of_orders,
    sums_of,
)
from tests.payments.test_inbox import RAW, UNKNOWN, make_due, post, signed

pytestmark = pytest.mark.django_db

LARGEST = 256 * 1024


def post_in_chunks(raw):
    """As gunicorn hands on a body whose length nobody announced."""
    request = RequestFactory().post("/webhooks/sandbox/", headers=signed(raw))
    request.environ.pop("CONTENT_LENGTH", None)
    request.META["wsgi.input_terminated"] = True
    request.META["wsgi.input"] = io.BytesIO(raw)
    match = resolve("/webhooks/sandbox/")
    return match.func(request, *match.args, **match.kwargs)


def test_it_is_stored_in_few_queries_and_without_a_call(monkeypatch):
    def call(*_args):
        raise AssertionError("the gateway was called")

    for name in ("start", "fetch", "cancel", "refund", "fetch_refund", "history"):
        monkeypatch.setattr(SandboxGateway, name, call)

    with CaptureQueriesContext(connection) as first:
        notify(UNKNOWN)
    with CaptureQueriesContext(connection) as again:
        notify(UNKNOWN)

    assert (len(first), len(again)) == (4, 1)
    assert GatewayEvent.objects.get().duplicates == 1


def test_a_twin_that_was_quicker_is_counted(monkeypatch):
    notify(UNKNOWN)
    [notice] = gateways.get("sandbox").verify(signed(RAW), RAW)
    rows = type(GatewayEvent.objects.all())
    monkeypatch.setattr(rows, "update", missing_once(rows.update))

    assert inbox.receive("sandbox", notice, RAW) is False

    assert GatewayEvent.objects.get().duplicates == 1


def missing_once(update):
    """The first look finds nothing, as before the twin's commit."""
    calls = []

    def looked(rows, **changes):
        calls.append(changes)
        return 0 if len(calls) == 1 else update(rows, **changes)

    return looked


@pytest.mark.parametrize(("size", "status"), [(LARGEST, 200), (LARGEST + 1, 413)])
def test_a_body_in_chunks_is_read_to_the_same_limit(size, status):
    raw = RAW + b" " * (size - len(RAW))

    assert post_in_chunks(raw).status_code == status

    assert GatewayEvent.objects.count() == (status == 200)


@pytest.mark.parametrize(
    "kind",
    [
        *("application/json", "text/plain", "application/x-www-form-urlencoded"),
        *("multipart/form-data; boundary=x", "application/pdf", "", "no type at all"),
    ],
)
def test_the_signature_counts_and_not_the_kind_of_body(kind):
    answer = Client().post(
        "/webhooks/sandbox/", RAW, content_type=kind, headers=signed(RAW)
    )

    assert answer.status_code == 200
    assert bytes(GatewayEvent.objects.get().body) == RAW


def test_what_cannot_be_stored_is_asked_for_again_and_quotes_nothing(
    monkeypatch, caplog
):
    def fail(_event):
        raise DataError("value too long\nDETAIL: Failing row contains (Sri Wahyuni)")

    monkeypatch.setattr(inbox, "_store", fail)

    assert notify(UNKNOWN).status_code == 503

    assert "notification not stored: value too long" in caplog.text
    assert "Sri Wahyuni" not in caplog.text


def test_forgers_are_slowed_down_and_the_gateway_is_not(settings, caplog):
    settings.RATE_LIMITS = True
    forged = {"X-Sandbox-Signature": "0" * 64}

    answers = [post(RAW, **forged).status_code for _n in range(32)]

    assert answers == [400] * 30 + [429] * 2
    assert caplog.text.count("bad signature refused") == 30
    assert post(RAW, **signed(RAW)).status_code == 200


def test_a_replay_after_a_month_changes_nothing():
    order = place_order(make_offer())
    press(payment_of(order), "pay")
    inbox.process_due()
    body = json.loads(bytes(GatewayEvent.objects.get().body))
    before = rows_of_orders()

    assert notify(body).status_code == 200
    inbox.process_due()

    assert rows_of_orders() == before
    assert GatewayEvent.objects.get().duplicates == 1


def test_what_is_given_up_is_listed_for_a_human(monkeypatch):
    monkeypatch.setattr(inbox, "GIVE_UP_AFTER", inbox.FIRST_PAUSE * 0)
    notify(UNKNOWN)

    inbox.process_due()

    found = Discrepancy.objects.get()
    assert (found.kind, found.gateway, found.reference) == (
        *("event_dead", "sandbox"),
        "NOBODY-1",
    )
    assert found.details["error"] == "no payment has the reference 'NOBODY-1'"
    assert GatewayEvent.objects.get().state == "dead"


def test_a_poisoned_event_is_given_up_while_others_flow():
    batch = make_offer()
    poisoned, order = place_order(batch), place_order(batch)
    press(payment_of(poisoned), "pay")
    rows = SandboxPayment.objects.filter(reference=payment_of(poisoned).reference)
    rows.update(state="odd")
    press(payment_of(order), "pay")

    for _attempt in range(inbox.POISONED_AFTER):
        inbox.process_due()
        make_due()

    states = GatewayEvent.objects.order_by("pk").values_list("state", "attempts")
    assert list(states) == [("dead", inbox.POISONED_AFTER), ("done", 1)]
    assert Discrepancy.objects.get().payment == payment_of(poisoned)
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)


def test_settled_by_hand_it_is_not_listed_again_until_it_changes():
    found = discrepancies.Finding(
        kind=Discrepancy.Kind.UNKNOWN_OBJECT,
        gateway="sandbox",
        reference="X-1",
        details={"received": "1"},
    )
    assert discrepancies.note(found)
    assert not discrepancies.note(found)
    user = User.objects.create_user("looked")
    listed = Discrepancy.objects.get()
    Discrepancy.objects.update(resolved_by=user, resolved_at=listed.found_at)

    assert not discrepancies.note(found)
    changed = discrepancies.Finding(**vars(found) | {"details": {"received": "2"}})
    assert discrepancies.note(changed)
    assert Discrepancy.objects.open().count() == 1
