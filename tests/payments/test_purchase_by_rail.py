"""One whole purchase per gateway, by its official SDK against its double."""

from decimal import Decimal

import pytest
from django.test import Client

from orders.models import Order
from payments import inbox
from payments.models import GatewayEvent, Payment
from tests.concurrency.racing import assert_invariants
from tests.drafts import ledger_of, mails_of, refunds_of, send_refunds, sums_of
from tests.factories import checkout_data, make_shop
from tests.payments import rails

pytestmark = pytest.mark.django_db

TOTAL = Decimal(203_000)


def check_out(gateway):
    """From the checkout form to the gateway's page."""
    batch, client = make_shop(), Client()
    address = f"/en/c/{batch.campaign.slug}/checkout/"
    placed = client.post(address, checkout_data(batch, payment=gateway))
    assert placed.status_code == 303
    return Order.objects.get(), client.post(placed["Location"])


def cancel(order):
    """The buyer's own page; the refund is said there first."""
    return Client().post(f"/o/{order.token}/cancellation/", {"returned": "203000"})


def test_through_midtrans_to_the_refund(midtrans):
    order, led = check_out("midtrans")
    payment = Payment.objects.get()
    assert led.status_code == 303
    assert led["Location"] == midtrans.url_of(payment.reference)

    midtrans.pay(payment.reference, "gopay")
    assert rails.post_midtrans(midtrans, order) == 200
    assert sums_of(order)[0] == "pending"
    inbox.process_due()
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)

    cancel(order)
    send_refunds()
    assert sums_of(order) == ("canceled", TOTAL, TOTAL, 0)
    assert refunds_of(order) == [("succeeded", TOTAL, "buyer")]
    assert ledger_of(order) == [("payment", TOTAL), ("refund", TOTAL)]
    assert midtrans.transactions[payment.reference]["transaction_status"] == "refund"
    assert mails_of(order).count("order_confirmed") == 1
    assert_invariants()


def test_through_xendit_to_the_refund(xendit):
    order, led = check_out("xendit")
    payment = Payment.objects.get()
    assert led.status_code == 303
    assert led["Location"] == xendit.of(payment.reference)["invoice_url"]

    xendit.pay(payment.reference, "EWALLET")
    assert rails.post_xendit(xendit, order) == 200
    assert sums_of(order)[0] == "pending"
    inbox.process_due()
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)

    cancel(order)
    xendit.refunds_are = "PENDING"
    send_refunds()
    assert refunds_of(order) == [("pending", TOTAL, "buyer")]
    [refund] = xendit.made_refunds
    xendit.finish_refund(refund, "SUCCEEDED")
    raw = xendit.refund_notification(refund)
    assert rails.post("xendit", raw, **{"X-Callback-Token": "double-token"}) == 200
    inbox.process_due()
    assert sums_of(order) == ("canceled", TOTAL, TOTAL, 0)
    assert ledger_of(order) == [("payment", TOTAL), ("refund", TOTAL)]
    assert GatewayEvent.objects.exclude(state="done").count() == 0
    assert_invariants()
