"""The same news from many sides at once has one effect."""

import socket
from contextlib import closing
from functools import partial

import pytest
from django.test import Client

from orders.models import Message, Order
from payments import gateways, inbox, settlement
from payments.models import GatewayEvent, LedgerEntry, Payment, SandboxPayment
from payments.reconciliation import rounds as reconciliation
from payments.sandbox import provider as sandbox
from tests.concurrency.racing import assert_invariants, race
from tests.drafts import make_offer, payment_of, place_order

pytestmark = pytest.mark.django_db(transaction=True)


def paid_at_the_gateway():
    """A payment the gateway has, of which the shop has not heard."""
    payment = payment_of(place_order(make_offer()))
    row = SandboxPayment.objects.get(reference=payment.reference)
    SandboxPayment.objects.update(state="paid", received=row.amount)
    return payment


def post(body):
    return Client().post(
        "/webhooks/sandbox/",
        body,
        content_type="application/json",
        headers={sandbox.SIGNATURE_HEADER: sandbox.sign(body.encode())},
    )


def test_ten_equal_webhooks_are_one_event_and_one_confirmation():
    payment = paid_at_the_gateway()
    body = (
        f'{{"id": "evt_1", "type": "payment.paid", "reference": "{payment.reference}"}}'
    )
    answers = []

    race([lambda: answers.append(post(body).status_code)] * 10)
    race([inbox.process_due] * 2)

    assert answers == [200] * 10
    event = GatewayEvent.objects.get()
    assert (event.state, event.duplicates) == ("done", 9)
    assert_paid_once()


def test_webhook_return_page_and_sweep_confirm_once():
    payment = paid_at_the_gateway()
    snapshot = gateways.get("sandbox").fetch(gateways.payment_in(payment))

    outcomes = race([partial(settlement.apply, payment, snapshot)] * 10)

    assert outcomes == {"ok": 10}
    assert_paid_once()


def test_control_without_the_locks_amounts_are_booked_twice(monkeypatch):
    payment = paid_at_the_gateway()
    snapshot = gateways.get("sandbox").fetch(gateways.payment_in(payment))
    stale = Payment.objects.get(pk=payment.pk)
    monkeypatch.setattr(settlement.books, "locked_payments", lambda _order: [stale])

    settlement.apply(payment, snapshot)
    stale.amount_received = stale.amount_seen = 0
    settlement.apply(payment, snapshot)

    assert LedgerEntry.objects.count() == 2


def test_a_real_server_takes_and_refuses_bodies_sent_in_chunks(server):
    small = b'{"id": "evt_1", "type": "payment.paid", "reference": "NOBODY-1"}'
    large = small + b" " * 256 * 1024

    assert [send_in_chunks(server.port, raw) for raw in (small, large)] == [200, 413]

    assert bytes(GatewayEvent.objects.get().body) == small


def send_in_chunks(port, raw):
    head = (
        "POST /webhooks/sandbox/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n"
        f"{sandbox.SIGNATURE_HEADER}: {sandbox.sign(raw)}\r\n\r\n"
    )
    body = f"{len(raw):x}\r\n".encode() + raw + b"\r\n0\r\n\r\n"
    with closing(socket.create_connection(("127.0.0.1", port), timeout=30)) as line:
        line.sendall(head.encode() + body)
        return int(line.recv(100).split()[1])


def assert_paid_once():
    order = Order.objects.get()
    assert order.status == Order.Status.CONFIRMED
    assert order.amount_paid == order.total
    assert LedgerEntry.objects.get().amount == order.total
    assert Message.objects.filter(kind="order_confirmed").count() == 1
    assert_invariants()


def test_notification_return_page_and_reconciliation_at_once_confirm_once():
    payment = paid_at_the_gateway()
    token = payment.order.token
    body = f'{{"id": "e", "type": "payment.paid", "reference": "{payment.reference}"}}'
    post(body)

    outcomes = race(
        [inbox.process_due] * 3
        + [lambda: Client().get(f"/o/{token}/pay/return/")] * 3
        + [partial(reconciliation.reconcile, mode=reconciliation.Mode.DAILY)] * 3
    )

    assert outcomes == {"ok": 9}
    assert Order.objects.get().events.filter(kind="confirmed").count() == 1
    assert_paid_once()
