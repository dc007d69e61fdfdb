"""Money that arrives is recorded, and one rule decides what becomes of the order."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from campaigns.models import Batch, Campaign
from orders import cancellation
from orders.models import BuyerTally, Message
from payments import attempts, gateways, inbox
from payments.gateways.base import Snapshot
from payments.models import GatewayEvent, Payment, SandboxPayment
from payments.settlement import apply
from tests.drafts import (
    TOTAL,
    end_hold,
    finish,
    ledger_of,
    mails_of,
    make_offer,
    notify,
    payment_of,
    place_order,
    place_paid,
    press,
    refunds_of,
    rows_of_orders,
    run_out,
    send_refunds,
    sums_of,
)

pytestmark = pytest.mark.django_db


def paid_in_full(payment, **changes):
    snapshot = Snapshot(
        state=Payment.State.CONFIRMED,
        currency=payment.currency,
        received=payment.amount,
    )
    return replace(snapshot, **changes)


def come_back(order, query=""):
    return Client().get(f"/o/{order.token}/pay/return/{query}")


def assert_paid_once(order):
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert ledger_of(order) == [("payment", TOTAL)]
    assert mails_of(order).count("order_confirmed") == 1
    assert order.events.filter(kind="confirmed").count() == 1
    assert refunds_of(order) == []


def test_a_buyer_back_before_the_webhook_is_confirmed_by_asking():
    order = place_order(make_offer())
    press(payment_of(order), "pay")

    answer = come_back(order)

    assert (answer.status_code, answer.url) == (303, order.get_absolute_url())
    assert_paid_once(order)

    before = rows_of_orders()
    inbox.process_due()
    assert rows_of_orders() == before
    assert GatewayEvent.objects.get().state == "done"


def test_the_address_of_the_return_page_proves_nothing():
    order = place_order(make_offer())

    answer = come_back(order, "?status=paid&amount=168000&reference=x")

    assert answer.url == f"/o/{order.token}/pay/"
    assert sums_of(order) == ("pending", 0, 0, 0)
    assert ledger_of(order) == []


def test_an_impatient_buyer_asks_the_gateway_once_in_ten_seconds():
    order = place_order(make_offer())
    come_back(order)
    press(payment_of(order), "pay")

    come_back(order)
    assert sums_of(order)[0] == "pending"

    Payment.objects.update(
        fetched_at=payment_of(order).fetched_at - timedelta(seconds=10)
    )
    come_back(order)
    assert_paid_once(order)


def test_the_payload_is_never_believed():
    order = place_order(make_offer())
    claim = {"id": "evt_1", "type": "payment.paid", "amount": "168000", "state": "paid"}

    notify(claim | {"reference": payment_of(order).reference})
    inbox.process_due()

    assert GatewayEvent.objects.get().state == "done"
    assert sums_of(order) == ("pending", 0, 0, 0)
    assert ledger_of(order) == []


@pytest.mark.parametrize("kind", ["payment.expired", "payment.failed", "refund.failed"])
def test_old_news_after_the_payment_changes_nothing(kind):
    order = place_paid(make_offer())
    before = rows_of_orders()

    notify({"id": "e", "type": kind, "reference": payment_of(order).reference})
    inbox.process_due()

    assert GatewayEvent.objects.filter(type=kind, state="done").exists()
    assert rows_of_orders()["Order"] == before["Order"]
    assert_paid_once(order)


@pytest.mark.parametrize("state", ["pending", "failed", "expired", "canceled"])
def test_a_confirmed_payment_never_goes_back(state):
    order = place_paid(make_offer())

    apply(payment_of(order), paid_in_full(payment_of(order), state=state, received=0))

    assert payment_of(order).state == "confirmed"
    assert_paid_once(order)


def test_the_same_snapshot_five_times_is_booked_once():
    order = place_order(make_offer())
    payment = payment_of(order)

    for _n in range(5):
        apply(payment, paid_in_full(payment))

    assert_paid_once(order)


def test_another_currency_waits_in_suspense_for_a_human():
    order = place_order(make_offer())

    apply(payment_of(order), paid_in_full(payment_of(order), currency="USD"))

    assert sums_of(order) == ("pending", 0, 0, 0)
    assert ledger_of(order) == [("suspense", TOTAL)]
    payment = payment_of(order)
    assert (payment.amount_in_suspense, payment.suspense_currency) == (TOTAL, "USD")
    assert (payment.needs_review, payment.review_reason) == (
        True,
        "received 168000.00 USD of 168000.00 IDR",
    )


def test_a_reversal_is_booked_and_the_money_is_due_again():
    order = place_paid(make_offer())
    payment = payment_of(order)
    taken_back = paid_in_full(payment, state=Payment.State.REVERSED, reversed=TOTAL)

    apply(payment, taken_back)
    apply(payment, taken_back)

    assert sums_of(order) == ("confirmed", 0, 0, 0)
    assert payment_of(order).state == "reversed"
    assert ledger_of(order) == [("payment", TOTAL), ("reversal", TOTAL)]
    assert attempts.next_attempt(order.pk, "sandbox").amount == TOTAL


def test_two_tabs_share_one_open_attempt():
    order = place_order(make_offer())

    pages = [Client().post(f"/o/{order.token}/pay/").url for _n in range(2)]

    assert pages == [f"/sandbox/{order.payments.earliest('pk').reference}/"] * 2
    assert Payment.objects.count() == SandboxPayment.objects.count() == 1


def test_nothing_more_can_be_paid_on_a_paid_order():
    order = place_paid(make_offer())

    answer = Client().post(f"/o/{order.token}/pay/")

    assert answer.url == f"/o/{order.token}/pay/"
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("stage", ["open", "closed"])
def test_late_money_takes_the_order_back_until_production(stage):
    order = place_order(make_offer(capacity=1))
    end_hold(order)
    assert Batch.objects.get().taken == 0
    Batch.objects.update(stage=stage)

    finish(order, "pay_late")

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert Batch.objects.get().taken == 1
    assert list(BuyerTally.objects.values_list("units", flat=True)) == [1, 1]
    assert refunds_of(order) == []
    assert mails_of(order)[-1] == "order_confirmed"


def assert_returned(order, *, status="expired", source="late"):
    assert sums_of(order) == (status, TOTAL, 0, 0)
    assert payment_of(order).state == "confirmed"
    assert refunds_of(order) == [("requested", TOTAL, source)]
    assert mails_of(order)[-1] == "late_payment"
    assert "order_confirmed" not in mails_of(order)

    send_refunds()

    assert sums_of(order) == (status, TOTAL, TOTAL, 0)
    assert ledger_of(order) == [("payment", TOTAL), ("refund", TOTAL)]
    assert mails_of(order)[-1] == "refund_sent"


def test_late_money_for_a_full_batch_is_returned():
    batch = make_offer(capacity=1)
    order = place_order(batch)
    end_hold(order)
    place_paid(batch)

    finish(order, "pay_late")

    assert Batch.objects.get().taken == 1
    assert_returned(order)


@pytest.mark.parametrize("stage", ["production", "shipping", "completed", "canceled"])
def test_late_money_from_production_on_is_returned(stage):
    order = place_order(make_offer())
    end_hold(order)
    Batch.objects.update(stage=stage)

    finish(order, "pay_late")

    assert Batch.objects.get().taken == 0
    assert_returned(order)


def test_late_money_is_returned_where_that_was_the_rule():
    batch = make_offer()
    Campaign.objects.update(late_payment="refund")
    order = place_order(batch)
    end_hold(order)

    finish(order, "pay_late")

    assert_returned(order)


def test_late_money_does_not_lift_the_buyer_above_the_limit():
    batch = make_offer()
    Campaign.objects.update(buyer_limit=1)
    buyer = {"email": "ani@example.com", "phone": "+6281234567890"}
    order = place_order(batch, **buyer)
    end_hold(order)
    place_paid(batch, **buyer)

    finish(order, "pay_late")

    assert Batch.objects.get().taken == 1
    assert list(BuyerTally.objects.values_list("units", flat=True)) == [1, 1]
    assert_returned(order)


def test_money_for_a_canceled_order_is_returned():
    order = place_order(make_offer())
    cancellation.cancel_as_shown(order.pk, shown=0)

    finish(order, "pay")

    assert Batch.objects.get().taken == 0
    assert_returned(order, status="canceled", source="buyer")


def test_money_during_production_confirms_nothing_and_comes_back_with_the_hold():
    order = place_order(make_offer())
    Batch.objects.update(stage="production")

    finish(order, "pay")
    assert sums_of(order) == ("pending", TOTAL, 0, 0)
    end_hold(order)

    assert sums_of(order) == ("expired", TOTAL, 0, 0)
    assert refunds_of(order) == [("requested", TOTAL, "late")]
    assert "order_confirmed" not in mails_of(order)


def test_late_money_twice_is_owed_back_both_times():
    batch = make_offer(capacity=1)
    order = place_order(batch)
    end_hold(order)
    place_paid(batch)

    finish(order, "pay_late")
    finish(order, "pay_late")
    send_refunds()

    assert sums_of(order) == ("expired", 2 * TOTAL, 2 * TOTAL, 0)
    assert mails_of(order).count("late_payment") == 2
    assert ledger_of(order)[:2] == [("payment", TOTAL), ("payment", TOTAL)]
    assert [amount for _state, amount, _source in refunds_of(order)] == [TOTAL] * 2


def test_the_later_of_two_payments_is_returned():
    order = place_order(make_offer())
    first = payment_of(order)
    finish(order, "fail")
    Client().post(f"/o/{order.token}/pay/")
    finish(order, "pay")

    press(first, "pay_late")
    inbox.process_due()

    assert sums_of(order) == ("confirmed", 2 * TOTAL, 0, 0)
    assert refunds_of(order) == [("requested", TOTAL, "duplicate")]
    assert first.refunds.count() == 1


def test_an_attempt_nobody_started_was_not_paid():
    order = place_order(make_offer())
    SandboxPayment.objects.all().delete()

    snapshot = gateways.get("sandbox").fetch(gateways.payment_in(payment_of(order)))
    apply(payment_of(order), snapshot)

    assert payment_of(order).state == "canceled"
    assert sums_of(order) == ("pending", 0, 0, 0)
    assert Message.objects.count() == 1


def test_money_in_the_last_second_wins_over_the_end_of_the_hold():
    order = place_order(make_offer())
    press(payment_of(order), "pay")
    run_out(order)

    inbox.process_due()

    assert_paid_once(order)
    assert Batch.objects.get().taken == 1
