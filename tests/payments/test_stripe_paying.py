"""Paying at Stripe: what is believed, and when, whatever order the news comes in."""

from decimal import Decimal

import pytest
from django.test import Client

from payments import expiry, inbox
from payments.models import GatewayEvent, Payment
from tests.concurrency.racing import assert_invariants
from tests.doubles.stripe_double import DECLINED, KEY, SECRET, post
from tests.drafts import (
    TOTAL,
    ledger_of,
    mails_of,
    refunds_of,
    rows_of_orders,
    run_out,
    sums_of,
)
from tests.stripe_orders import TOTAL_MINOR, hear, look, pay_by_stripe, place_by_stripe

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def assert_paid_once(order):
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert ledger_of(order) == [("payment", TOTAL)]
    assert mails_of(order).count("order_confirmed") == 1
    assert refunds_of(order) == []


def come_back(order):
    return Client().get(f"/o/{order.token}/pay/return/")


def test_the_page_asks_for_exactly_this_order(stripe):
    payment = place_by_stripe()

    [page] = stripe.records("checkout/sessions")
    assert payment.state == "pending"
    assert (payment.gateway_reference, payment.redirect_url) == (
        page["id"],
        page["url"],
    )
    assert (page["amount_total"], page["currency"]) == (TOTAL_MINOR, "idr")
    assert page["client_reference_id"] == payment.reference
    assert page["customer_email"] == payment.order.email
    assert page["locale"] == "id"
    assert page["success_url"].endswith(f"/o/{payment.order.token}/pay/return/")


def test_a_buyer_who_never_returns_is_confirmed_by_the_notification(stripe):
    payment = place_by_stripe()
    stripe.pay(payment.gateway_reference)

    assert hear(stripe) == ["payment_intent.succeeded", "checkout.session.completed"]

    assert_paid_once(payment.order)
    payment.refresh_from_db()
    assert payment.method == "card"
    assert payment.gateway_transaction_reference.startswith("pi_")
    assert_invariants()


def test_a_buyer_back_before_the_notification_is_confirmed_by_asking(stripe):
    payment = place_by_stripe()
    stripe.pay(payment.gateway_reference)

    answer = come_back(payment.order)

    assert answer.url == payment.order.get_absolute_url()
    assert_paid_once(payment.order)
    before = rows_of_orders()
    hear(stripe)
    assert rows_of_orders() == before
    assert set(GatewayEvent.objects.values_list("state", flat=True)) == {"done"}


def test_a_buyer_back_unpaid_stays_pending(stripe):
    payment = place_by_stripe()

    answer = come_back(payment.order)

    assert answer.url == f"/o/{payment.order.token}/pay/"
    assert sums_of(payment.order) == ("pending", 0, 0, 0)


def test_the_same_notification_five_times_is_one_event(stripe):
    payment = place_by_stripe()
    stripe.pay(payment.gateway_reference)
    *_earlier, completed = stripe.notifications()

    answers = [post(completed).status_code for _n in range(5)]
    inbox.process_due()

    assert answers == [200] * 5
    assert GatewayEvent.objects.get().duplicates == 4
    assert_paid_once(payment.order)


def test_a_declined_card_leaves_the_page_open_for_another(stripe):
    payment = place_by_stripe()

    assert stripe.pay(payment.gateway_reference, DECLINED) == 402
    assert hear(stripe) == ["payment_intent.payment_failed"]
    assert sums_of(payment.order) == ("pending", 0, 0, 0)

    assert stripe.pay(payment.gateway_reference) == 200
    hear(stripe)
    assert_paid_once(payment.order)


def test_a_failure_told_after_the_success_changes_nothing(stripe):
    payment = place_by_stripe()
    stripe.pay(payment.gateway_reference, DECLINED)
    [failed] = stripe.notifications()
    stripe.pay(payment.gateway_reference)
    hear(stripe)

    post(failed)
    inbox.process_due()

    assert_paid_once(payment.order)


def test_a_finished_page_without_the_money_is_on_its_way(stripe):
    payment = place_by_stripe()
    stripe.pay_later(payment.gateway_reference)

    assert hear(stripe) == ["checkout.session.completed"]

    payment.refresh_from_db()
    assert (payment.state, payment.progress) == ("pending", "processing")
    assert sums_of(payment.order) == ("pending", 0, 0, 0)


def test_money_on_its_way_that_arrives_confirms(stripe):
    payment = place_by_stripe()
    stripe.pay_later(payment.gateway_reference)
    hear(stripe)

    stripe.arrive(payment.gateway_reference)
    hear(stripe)

    assert_paid_once(payment.order)
    payment.refresh_from_db()
    assert payment.progress == ""


def test_money_on_its_way_that_fails_ends_the_attempt_and_then_the_hold(stripe):
    payment = place_by_stripe()
    stripe.pay_later(payment.gateway_reference)
    hear(stripe)

    stripe.arrive(payment.gateway_reference, succeeded=False)
    hear(stripe)

    payment.refresh_from_db()
    assert payment.state == "failed"
    run_out(payment.order)
    assert expiry.expire_overdue() == 1
    payment.order.batch.refresh_from_db()
    assert payment.order.batch.taken == 0


def test_money_on_its_way_is_not_released_at_the_end_of_the_hold(stripe):
    payment = place_by_stripe()
    stripe.pay_later(payment.gateway_reference)
    hear(stripe)
    run_out(payment.order)

    assert expiry.expire_overdue() == 0

    assert sums_of(payment.order) == ("pending", 0, 0, 0)


def test_a_hold_that_ends_closes_the_page_first(stripe):
    payment = place_by_stripe()
    run_out(payment.order)

    assert expiry.expire_overdue() == 1

    [page] = stripe.records("checkout/sessions")
    assert page["status"] == "expired"
    assert stripe.pay(page["id"]) == 400
    payment.refresh_from_db()
    assert payment.state == "expired"


def test_a_hold_paid_at_its_end_is_kept(stripe):
    payment = place_by_stripe()
    stripe.pay(payment.gateway_reference)
    run_out(payment.order)

    assert expiry.expire_overdue() == 0

    assert_paid_once(payment.order)


def test_less_than_was_asked_for_is_set_aside(stripe):
    payment = place_by_stripe()
    stripe.put(payment.gateway_reference, amount_total=TOTAL_MINOR - 100)
    stripe.pay(payment.gateway_reference)
    hear(stripe)

    payment.refresh_from_db()
    assert payment.amount_in_suspense == TOTAL - 1
    assert payment.needs_review
    assert sums_of(payment.order) == ("pending", 0, 0, 0)


def test_money_in_another_currency_is_set_aside(stripe):
    payment = place_by_stripe()
    stripe.put(payment.gateway_reference, currency="usd")
    stripe.pay(payment.gateway_reference)
    hear(stripe)

    payment.refresh_from_db()
    assert payment.amount_in_suspense == Decimal(168_000)
    assert payment.suspense_currency == "USD"
    assert sums_of(payment.order) == ("pending", 0, 0, 0)


@pytest.mark.parametrize(
    ("lie", "doubt"),
    [
        ({"livemode": True}, "live mode"),
        ({"status": "half_open"}, "unknown status"),
        ({"amount_total": 15_000_050}, "finer than its smallest unit"),
        ({"client_reference_id": "SOMEONE-ELSE"}, "SOMEONE-ELSE"),
    ],
)
def test_a_record_that_cannot_be_believed_changes_nothing_and_is_shown(
    stripe, lie, doubt
):
    payment = place_by_stripe()
    stripe.put(payment.gateway_reference, **lie)

    look(payment.order)

    payment.refresh_from_db()
    assert (payment.state, payment.amount_seen) == ("pending", 0)
    assert payment.needs_review
    assert doubt in payment.review_reason


def test_key_and_secret_stay_out_of_logs_and_rows(stripe, caplog):
    caplog.set_level("INFO")
    stripe.fail("POST", "/v1/checkout/sessions", "status", status=401)

    place_by_stripe()
    pay_by_stripe(stripe)

    told = caplog.text + str(list(Payment.objects.values()))
    assert "AuthenticationError 401" in told
    assert KEY not in told
    assert SECRET not in told


def test_what_is_kept_of_a_record_is_named_and_holds_nothing_personal(stripe):
    payment = pay_by_stripe(stripe)

    assert set(payment.last_snapshot) == {
        "session",
        "session_status",
        "payment_status",
        "payment_intent",
        "intent_status",
        "charge",
        "livemode",
        "error",
    }
    kept = str(Payment.objects.values().get())
    assert "4242" not in str(payment.last_snapshot)
    assert payment.order.email not in kept
