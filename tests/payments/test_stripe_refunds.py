"""Money back through Stripe: once, looked up when in doubt, and even when it fails."""

import pytest

from orders import cancellation
from payments.gateways import calls, stripe_calls
from payments.models import Refund
from payments.refunds import sending as refund_sending
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    ledger_of,
    mails_of,
    refunds_of,
    send_refunds,
    sums_of,
)
from tests.stripe_orders import TOTAL_MINOR, hear, look, pay_by_stripe

pytestmark = [pytest.mark.django_db, pytest.mark.once]

REFUNDS = "/v1/refunds"


@pytest.fixture
def impatient(monkeypatch):
    """A call is given up after a second."""
    monkeypatch.setattr(calls, "TIMEOUT", (1.0, 1.0))


def canceled(stripe):
    """An order its buyer paid and canceled; the refund waits to be sent."""
    payment = pay_by_stripe(stripe)
    cancellation.cancel_as_shown(payment.order_id, shown=TOTAL)
    refund_sending.request_all_owed()
    return payment


def due_again():
    Refund.objects.update(next_attempt_at="2020-01-01T00:00Z")
    refund_sending.send_due()


def test_a_canceled_order_is_paid_back_once(stripe):
    payment = canceled(stripe)

    send_refunds()
    hear(stripe)
    send_refunds()

    [refund] = stripe.records("refunds")
    assert refund["amount"] == TOTAL_MINOR
    assert refund["metadata"] == {
        "reference": f"{payment.reference}-R1",
        "payment": payment.reference,
    }
    assert refunds_of(payment.order) == [("succeeded", TOTAL, "buyer")]
    assert sums_of(payment.order) == ("canceled", TOTAL, TOTAL, 0)
    assert mails_of(payment.order).count("refund_sent") == 1
    assert_invariants()


def test_a_refund_heard_of_before_its_answer_is_one_refund(stripe, impatient):
    payment = canceled(stripe)
    stripe.fail("POST", REFUNDS, "hang_after")
    refund_sending.send_due()
    assert refunds_of(payment.order) == [("unknown", TOTAL, "buyer")]

    hear(stripe)
    due_again()

    assert refunds_of(payment.order) == [("succeeded", TOTAL, "buyer")]
    assert len(stripe.records("refunds")) == 1


def test_a_refund_that_happened_behind_a_timeout_is_found(stripe, impatient):
    payment = canceled(stripe)
    stripe.fail("POST", REFUNDS, "hang_after")
    refund_sending.send_due()

    due_again()

    assert refunds_of(payment.order) == [("succeeded", TOTAL, "buyer")]
    assert len(stripe.records("refunds")) == 1
    assert stripe.asked("POST", REFUNDS) == 1
    assert_invariants()


@pytest.mark.parametrize("mode", ["error", "error_after"])
def test_a_refund_answered_by_a_failure_is_made_once(stripe, mode):
    payment = canceled(stripe)
    stripe.fail("POST", REFUNDS, mode)
    refund_sending.send_due()
    assert refunds_of(payment.order) == [("unknown", TOTAL, "buyer")]

    due_again()

    assert refunds_of(payment.order) == [("succeeded", TOTAL, "buyer")]
    assert len(stripe.records("refunds")) == 1


def test_a_lost_refund_is_looked_up_when_stripe_has_forgotten_the_key(
    stripe, impatient
):
    payment = canceled(stripe)
    stripe.fail("POST", REFUNDS, "hang_after")
    refund_sending.send_due()
    stripe.forget_keys()

    due_again()

    assert refunds_of(payment.order) == [("succeeded", TOTAL, "buyer")]
    assert len(stripe.records("refunds")) == 1


@pytest.mark.parametrize("status", [401, 429])
def test_a_refund_stripe_would_not_hear_of_is_asked_for_again(stripe, status):
    payment = canceled(stripe)
    stripe.fail("POST", REFUNDS, "status", status=status)
    refund_sending.send_due()

    due_again()

    assert refunds_of(payment.order) == [("succeeded", TOTAL, "buyer")]


def test_a_refund_waits_for_the_balance_and_then_leaves(stripe):
    payment = canceled(stripe)
    stripe.next_refund(status="pending", pending_reason="insufficient_funds")
    send_refunds()
    hear(stripe)
    assert refunds_of(payment.order) == [("pending", TOTAL, "buyer")]
    assert ledger_of(payment.order) == [("payment", TOTAL)]

    [refund] = stripe.records("refunds")
    stripe.change_refund(refund["id"], status="succeeded", pending_reason=None)
    hear(stripe)

    assert refunds_of(payment.order) == [("succeeded", TOTAL, "buyer")]
    assert sums_of(payment.order) == ("canceled", TOTAL, TOTAL, 0)


def test_a_refund_that_fails_after_it_succeeded_is_paid_by_hand(stripe):
    payment = canceled(stripe)
    send_refunds()
    hear(stripe)
    [refund] = stripe.records("refunds")

    stripe.change_refund(refund["id"], status="failed", failure_reason="lost_card")
    hear(stripe)

    failed, by_hand = Refund.objects.order_by("pk")
    assert (failed.state, failed.failure) == ("failed", "lost_card")
    assert (by_hand.state, by_hand.amount) == ("manual", TOTAL)
    assert ledger_of(payment.order) == [
        ("payment", TOTAL),
        ("refund", TOTAL),
        ("refund_failed", TOTAL),
    ]
    assert sums_of(payment.order) == ("canceled", TOTAL, 0, 0)
    assert mails_of(payment.order)[-1] == "payout_account"
    assert_invariants()


def test_a_refund_made_at_stripe_is_recorded_once(stripe):
    payment = pay_by_stripe(stripe)
    made = {"payment_intent": payment.gateway_transaction_reference, "amount": 100_000}
    with stripe_calls.asking():
        stripe_calls.client().v1.refunds.create(made)

    hear(stripe)
    look(payment.order)

    refund = Refund.objects.get()
    assert (refund.state, refund.amount, refund.source) == (
        "succeeded",
        1000,
        "external",
    )
    assert ledger_of(payment.order) == [("payment", TOTAL), ("refund", 1000)]


def test_a_refund_above_what_is_left_is_paid_by_hand(stripe):
    payment = canceled(stripe)
    made = {"payment_intent": payment.gateway_transaction_reference}
    with stripe_calls.asking():
        stripe_calls.client().v1.refunds.create(made)
    stripe.notifications()

    send_refunds()
    look(payment.order)

    states = [state for state, _amount, _source in refunds_of(payment.order)]
    assert states.count("succeeded") == 1
    assert sums_of(payment.order) == ("canceled", TOTAL, TOTAL, 0)
    assert_invariants()


def test_a_refund_that_waits_fails_when_the_bank_takes_the_money_first(stripe):
    payment = canceled(stripe)
    stripe.next_refund(status="pending", pending_reason="insufficient_funds")
    send_refunds()
    hear(stripe)
    [refund] = stripe.records("refunds")
    intent = payment.gateway_transaction_reference

    dispute = stripe.dispute(intent, "needs_response")
    stripe.change_dispute(dispute, move="withdraw")
    stripe.change_refund(
        refund["id"],
        status="failed",
        failure_reason="charge_for_pending_refund_disputed",
    )
    hear(stripe)

    assert refunds_of(payment.order) == [("failed", TOTAL, "buyer")]
    assert ledger_of(payment.order) == [("payment", TOTAL), ("dispute", TOTAL)]
    assert sums_of(payment.order) == ("canceled", 0, 0, 0)
    send_refunds()
    assert len(stripe.records("refunds")) == 1
    assert_invariants()
