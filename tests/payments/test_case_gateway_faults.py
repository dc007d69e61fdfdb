"""What becomes of a call that does not end as hoped, and of the payment behind it."""

import logging
import socket
from time import monotonic

import pytest
from django.db import connection, transaction
from django.test import Client

from campaigns.clock import database_now
from orders.models import Order
from payments import attempts, expiry, gateways, inbox
from payments.errors import Declined, Unavailable, Unknown
from payments.gateways import midtrans_api, xendit_api
from payments.models import GatewayEvent, Payment, Refund
from payments.refunds import sending as refund_sending
from tests.drafts import (
    TOTAL,
    ledger_of,
    refunds_of,
    run_out,
    send_refunds,
    sums_of,
)
from tests.payments.rails import (
    look,
    order_by,
    payment_of,
    post_midtrans,
    post_xendit,
    reference_of,
    work_off,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PAID = ("confirmed", TOTAL, 0, 0)
NOTIFY = {"midtrans": post_midtrans, "xendit": post_xendit}
# What each call of an adapter is at its gateway, and the way to pay that it needs.
FETCH = {"midtrans": "status", "xendit": "invoice"}
WALLET = {"midtrans": "gopay", "xendit": "EWALLET"}
# Longer than the impatient timeouts of a call or two, far shorter than a hang.
SOON = 5.0


@pytest.fixture(params=["midtrans", "xendit"])
def rail(request):
    """Name and double of each gateway in turn."""
    return request.param, request.getfixturevalue(request.param)


def paid(name, double):
    order = order_by(name)
    double.pay(reference_of(order), WALLET[name])
    return look(order)


def canceled(name, double):
    order = paid(name, double)
    Order.objects.filter(pk=order.pk).update(status="canceled")
    return order


def ask_again(order):
    Refund.objects.filter(payment__order=order).update(next_attempt_at=database_now())
    refund_sending.send_due()


def adapter_calls(name, order):
    """Each call an adapter makes, by the name the double knows it under."""
    gateway = gateways.get(name)
    payment = gateways.payment_in(payment_of(order))
    refund = gateways.refund_in(Refund(payment=payment_of(order), amount=TOTAL))
    fetch = FETCH[name]
    return {
        "create": lambda: gateway.start(payment),
        fetch: lambda: gateway.fetch(payment),
        "expire": lambda: gateway.cancel(payment),
        "refund": lambda: gateway.refund(refund),
        fetch if name == "midtrans" else "refunds": lambda: gateway.fetch_refund(
            refund
        ),
    }


@pytest.mark.parametrize("fault", ["error", "html", "garbled", "hang"])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        *[("midtrans", call) for call in ("create", "status", "expire", "refund")],
        *[("xendit", call) for call in ("create", "invoice", "expire", "refund")],
        ("xendit", "refunds"),
    ],
)
def test_a_lost_answer_is_looked_up_never_taken_for_a_no(
    request, impatient, name, call, fault
):
    double = request.getfixturevalue(name)
    order = order_by(name)
    if (name, call) == ("xendit", "create"):
        double.invoices.clear()
    double.fail(call, fault)

    with pytest.raises(Unknown):
        adapter_calls(name, order)[call]()

    assert double.called(call) >= 1


def test_a_gateway_that_cannot_be_reached_may_be_called_again(rail, settings):
    name, _double = rail
    order = order_by(name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    settings.MIDTRANS_API_BASE = settings.XENDIT_API_BASE = nobody
    settings.MIDTRANS_SNAP_BASE = nobody

    for make in adapter_calls(name, order).values():
        with pytest.raises(Unavailable):
            make()


def test_a_key_that_is_refused_says_nothing_about_the_payment(rail):
    name, double = rail
    order = canceled(name, double)
    double.key = "another"

    for make in adapter_calls(name, order).values():
        with pytest.raises(Unavailable):
            make()

    send_refunds()
    assert refunds_of(order)[0][0] == "sending"
    double.key = type(double)().key
    ask_again(order)
    assert refunds_of(order)[0][:2] == ("succeeded", TOTAL)


def test_a_final_no_is_told_from_a_lost_answer(rail):
    name, double = rail
    order = order_by(name)
    if name == "midtrans":
        double.choose(reference_of(order))
    refund = gateways.refund_in(Refund(payment=payment_of(order), amount=TOTAL))

    with pytest.raises(Declined):
        gateways.get(name).refund(refund)


@pytest.mark.parametrize("fault", ["error", "html"])
def test_a_notification_is_applied_once_the_gateway_answers_again(rail, fault):
    name, double = rail
    order = order_by(name)
    double.pay(reference_of(order))
    double.fail(FETCH[name], fault)

    NOTIFY[name](double, order)
    inbox.process_due()
    assert GatewayEvent.objects.get().state == "retry"
    work_off()

    assert sums_of(order) == PAID
    assert ledger_of(order) == [("payment", TOTAL)]


def test_the_return_page_survives_a_gateway_that_talks_nonsense(rail):
    name, double = rail
    order = order_by(name)
    double.fail(FETCH[name], "html")

    answer = Client().get(f"/o/{order.token}/pay/return/")

    assert answer.status_code == 303
    assert answer["Location"].endswith(f"/o/{order.token}/pay/")


@pytest.mark.parametrize("fault", ["error", "html"])
def test_a_page_that_could_not_be_made_is_made_at_the_next_press(rail, fault):
    name, double = rail
    double.fail("create", fault)
    order = order_by(name)
    assert payment_of(order).state == "created"

    payment = attempts.begin(order, wanted="")

    assert payment.state == "pending"
    assert payment.redirect_url
    assert payment.reference == reference_of(order)


def test_a_refund_whose_answer_was_lost_is_sent_once(rail, impatient):
    name, double = rail
    order = canceled(name, double)
    double.fail("refund", "lost")
    send_refunds()
    assert refunds_of(order)[0][0] == "unknown"

    ask_again(order)

    assert refunds_of(order)[0][:2] == ("succeeded", TOTAL)
    assert ledger_of(order) == [("payment", TOTAL), ("refund", TOTAL)]
    made = (
        double.transactions[reference_of(order)]["refunds"]
        if name == "midtrans"
        else double.made_refunds
    )
    assert len(made) == 1


def test_a_refund_that_was_never_made_is_sent_after_the_look_up(rail):
    name, double = rail
    order = canceled(name, double)
    double.fail("refund", "error")
    send_refunds()
    assert refunds_of(order)[0][0] == "unknown"

    ask_again(order)

    assert refunds_of(order)[0][:2] == ("succeeded", TOTAL)
    assert double.called("refund") == 2


def test_a_gateway_that_is_down_keeps_the_hold_for_its_grace_only(rail):
    name, double = rail
    order = order_by(name)
    double.fail(FETCH[name], *["error"] * 9)
    double.fail("expire", *["error"] * 9)
    run_out(order)

    assert not expiry.expire(order.pk)
    assert sums_of(order)[0] == "pending"
    Payment.objects.update(hold_until=database_now())
    assert expiry.expire(order.pk)

    assert sums_of(order)[0] == "expired"
    assert payment_of(order).state == "pending"
    double.faults.clear()
    double.pay(reference_of(order))
    look(order)
    assert sums_of(order) == PAID


@pytest.fixture
def open_transactions(monkeypatch):
    """Whether a transaction was open, for each call that left for a gateway."""
    seen = []
    for module in (midtrans_api, xendit_api):

        def watched(*arguments, original=module._call):
            seen.append(connection.in_atomic_block)
            return original(*arguments)

        monkeypatch.setattr(module, "_call", watched)
    return seen


@pytest.mark.django_db(transaction=True)
def test_a_gateway_that_never_answers_holds_nobody_and_no_transaction(
    rail, impatient, open_transactions
):
    name, double = rail
    double.fail("create", "hang")
    began = monotonic()
    order = order_by(name)
    assert payment_of(order).state == "created"
    attempts.begin(order, wanted="")
    double.pay(reference_of(order), WALLET[name])
    NOTIFY[name](double, order)

    double.fail(FETCH[name], "hang")
    inbox.process_due()
    double.fail(FETCH[name], "hang")
    assert Client().get(f"/o/{order.token}/pay/return/").status_code == 303
    double.fail(FETCH[name], "hang")
    run_out(order)
    assert not expiry.expire(order.pk)
    work_off()
    assert sums_of(order) == PAID
    Order.objects.filter(pk=order.pk).update(status="canceled")
    double.fail("refund", "hang")
    send_refunds()

    assert refunds_of(order)[0][0] == "unknown"
    assert monotonic() - began < SOON * 2
    assert len(open_transactions) >= 8
    assert not any(open_transactions)


@pytest.mark.django_db(transaction=True)
def test_the_watch_does_see_a_transaction_that_is_open(rail, open_transactions):
    """The control of the test above."""
    name, _double = rail
    order = order_by(name)
    open_transactions.clear()
    with transaction.atomic():
        gateways.get(name).fetch(gateways.payment_in(payment_of(order)))

    assert open_transactions
    assert all(open_transactions)


def test_each_call_has_a_client_of_its_own(rail, monkeypatch):
    name, double = rail
    module = {"midtrans": midtrans_api, "xendit": xendit_api}[name]
    made = []
    original = module._client

    def noted(*arguments):
        made.append(original(*arguments))
        return made[-1]

    monkeypatch.setattr(module, "_client", noted)
    order = order_by(name)
    look(order)

    assert len(made) == len(double.calls) >= 2
    assert len({id(client) for client in made}) == len(made)


def test_nothing_secret_is_told_by_logs_pages_or_rows(
    rail, impatient, caplog, admin_client, settings
):
    name, double = rail
    secrets = [double.key, "48111111-1114", getattr(double, "token", double.key)]
    caplog.set_level(logging.DEBUG)
    told = []
    order = order_by(name)
    look(order)
    for fault in ("error", "html", "garbled", "hang"):
        double.fail(FETCH[name], fault)
        look(order)
    double.pay(reference_of(order), WALLET[name])
    NOTIFY[name](double, order)
    work_off()
    Order.objects.filter(pk=order.pk).update(status="canceled")
    double.fail("refund", "error")
    send_refunds()
    double.key = "another"
    ask_again(order)

    for row in (payment_of(order), Refund.objects.get()):
        page = f"/admin/payments/{row._meta.model_name}/"
        told += [admin_client.get(page), admin_client.get(f"{page}{row.pk}/change/")]
    told.append(admin_client.get("/admin/payments/gatewayevent/"))
    texts = [answer.text for answer in told if answer.status_code == 200]
    assert len(texts) == len(told)
    texts += [caplog.text, str(payment_of(order).last_snapshot)]
    texts += list(GatewayEvent.objects.values_list("error", flat=True))
    for secret in secrets:
        assert not any(secret in text for text in texts)


@pytest.mark.parametrize("debug", [True, False])
def test_an_error_page_tells_no_key(rail, settings, monkeypatch, debug):
    name, double = rail
    order = order_by(name)
    settings.DEBUG = debug
    monkeypatch.setitem(gateways.ADAPTERS, name, "tests.payments.rails.Broken")

    answer = Client(raise_request_exception=False).get(f"/o/{order.token}/pay/return/")

    assert answer.status_code == 500
    assert double.key not in answer.text
    assert getattr(double, "token", double.key) not in answer.text
