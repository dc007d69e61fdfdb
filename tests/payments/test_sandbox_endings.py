"""Each button of the sandbox's page, and what it leaves behind to the last row."""

import pytest
from django.core.management import call_command
from django.test import Client

from campaigns.models import Batch
from orders.models import Order
from payments.models import GatewayEvent, Payment, SandboxPayment
from payments.sandbox import provider as sandbox
from tests.drafts import (
    TOTAL,
    approve_refunds,
    finish,
    ledger_of,
    mails_of,
    make_offer,
    payment_of,
    place_order,
    press,
    refunds_of,
    rows_of_orders,
    run_out,
    send_refunds,
    sums_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PLACED = ["order_placed"]
CONFIRMED = ["order_placed", "order_confirmed"]
LESS = TOTAL * 9 / 10


def a_pending_order():
    return place_order(make_offer())


def payment_state(order):
    payment = payment_of(order)
    return payment.state, payment.amount_received, payment.needs_review


def test_pay():
    order = a_pending_order()

    answer = press(payment_of(order), "pay")

    assert (answer.status_code, answer.url) == (303, f"/o/{order.token}/pay/return/")
    # The notification is a hint: nothing has changed before the inbox is worked off.
    assert sums_of(order) == ("pending", 0, 0, 0)

    call_command("process_gateway_events", stdout=None)

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert payment_state(order) == ("confirmed", TOTAL, False)
    assert ledger_of(order) == [("payment", TOTAL)]
    assert refunds_of(order) == []
    assert mails_of(order) == CONFIRMED
    entry = order.ledger_entries.get()
    accounts = ("gateway:sandbox", f"customer:{order.number}")
    assert (entry.debit, entry.credit) == accounts
    event = GatewayEvent.objects.get()
    assert (event.state, event.payment) == ("done", payment_of(order))


def test_fail_and_pay_with_a_new_attempt():
    order = a_pending_order()

    finish(order, "fail")

    assert sums_of(order) == ("pending", 0, 0, 0)
    assert payment_state(order) == ("failed", 0, False)
    assert mails_of(order) == PLACED

    answer = Client().post(f"/o/{order.token}/pay/")
    second = Payment.objects.latest("pk")
    assert (answer.status_code, answer.url) == (303, f"/sandbox/{second.reference}/")
    finish(order, "pay")

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    states = Payment.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["failed", "confirmed"]
    assert ledger_of(order) == [("payment", TOTAL)]


def test_expire_ends_the_session_and_leaves_the_hold():
    order = a_pending_order()

    finish(order, "expire")

    assert sums_of(order) == ("pending", 0, 0, 0)
    assert payment_state(order) == ("expired", 0, False)
    assert Batch.objects.get().taken == 1
    assert ledger_of(order) == []
    assert mails_of(order) == PLACED


def test_pay_late_within_the_hold_still_confirms():
    order = a_pending_order()

    finish(order, "pay_late")

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert payment_state(order) == ("confirmed", TOTAL, False)
    assert ledger_of(order) == [("payment", TOTAL)]
    assert mails_of(order) == CONFIRMED


def test_pay_late_after_the_hold_takes_the_order_back():
    order = a_pending_order()
    run_out(order)
    call_command("expire_orders", stdout=None)

    finish(order, "pay_late")

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert refunds_of(order) == []
    assert mails_of(order) == ["order_placed", "order_expired", "order_confirmed"]


def test_pay_twice_returns_the_second_payment():
    order = a_pending_order()

    finish(order, "pay_twice")

    assert sums_of(order) == ("confirmed", 2 * TOTAL, 0, 0)
    assert refunds_of(order) == [("requested", TOTAL, "duplicate")]
    assert payment_state(order) == ("confirmed", 2 * TOTAL, True)
    assert ledger_of(order) == [("payment", 2 * TOTAL)]

    send_refunds()

    assert refunds_of(order) == [("requested", TOTAL, "duplicate")]

    approve_refunds()
    send_refunds()

    assert sums_of(order) == ("confirmed", 2 * TOTAL, TOTAL, 0)
    assert refunds_of(order) == [("succeeded", TOTAL, "duplicate")]
    assert ledger_of(order) == [("payment", 2 * TOTAL), ("refund", TOTAL)]
    assert mails_of(order) == [*CONFIRMED, "refund_sent"]


def test_pay_less_waits_in_suspense_and_advances_nothing():
    order = a_pending_order()

    finish(order, "pay_less")

    assert sums_of(order) == ("pending", 0, 0, 0)
    assert payment_state(order) == ("confirmed", 0, True)
    assert payment_of(order).amount_in_suspense == LESS
    assert ledger_of(order) == [("suspense", LESS)]
    assert mails_of(order) == PLACED


def test_pay_less_is_credited_when_the_same_page_is_paid_in_full():
    order = a_pending_order()
    finish(order, "pay_less")

    finish(order, "pay_late")

    assert sums_of(order) == ("confirmed", TOTAL + LESS, 0, 0)
    assert payment_of(order).amount_in_suspense == 0
    assert refunds_of(order) == [("requested", LESS, "duplicate")]
    assert ledger_of(order) == [
        ("suspense", LESS),
        ("payment", TOTAL),
        ("assigned", LESS),
    ]


def test_pay_less_is_returned_when_the_rest_does_not_come():
    order = a_pending_order()
    finish(order, "pay_less")
    run_out(order)

    call_command("expire_orders", stdout=None)
    send_refunds()

    assert sums_of(order) == ("expired", LESS, LESS, 0)
    assert refunds_of(order) == [("succeeded", LESS, "late")]
    assert ledger_of(order) == [
        ("suspense", LESS),
        ("assigned", LESS),
        ("refund", LESS),
    ]
    assert mails_of(order) == ["order_placed", "order_expired", "refund_sent"]


def test_resend_changes_nothing():
    order = a_pending_order()
    finish(order, "pay")
    before = rows_of_orders()

    for _n in range(4):
        finish(order, "resend")

    assert rows_of_orders() == before
    event = GatewayEvent.objects.get()
    assert (event.state, event.duplicates) == ("done", 4)


def test_resend_before_anything_happened_sends_nothing():
    order = a_pending_order()
    before = rows_of_orders()

    finish(order, "resend")

    assert rows_of_orders() == before
    assert not GatewayEvent.objects.exists()


def test_refund_first_books_both_and_confirms_nothing():
    order = a_pending_order()

    finish(order, "refund_first")

    assert sums_of(order) == ("pending", TOTAL, TOTAL, 0)
    assert refunds_of(order) == [("succeeded", TOTAL, "external")]
    assert ledger_of(order) == [("payment", TOTAL), ("refund", TOTAL)]
    assert mails_of(order) == ["order_placed", "refund_sent"]
    done = GatewayEvent.objects.order_by("pk").values_list("type", "state")
    assert list(done) == [("refund.succeeded", "done"), ("payment.paid", "done")]


def test_refund_fails_later_and_is_left_to_be_paid_by_hand():
    order = a_pending_order()
    finish(order, "refund_fails_later")
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    shown = {"returned": f"{TOTAL}"}
    assert Client().post(f"/o/{order.token}/cancellation/", shown).status_code == 303

    send_refunds()

    assert sums_of(order) == ("canceled", TOTAL, 0, 0)
    assert refunds_of(order) == [
        ("failed", TOTAL, "buyer"),
        ("manual", TOTAL, "buyer"),
    ]
    assert ledger_of(order) == [
        ("payment", TOTAL),
        ("refund", TOTAL),
        ("refund_failed", TOTAL),
    ]
    told = ["order_canceled", "refund_sent", "payout_account"]
    assert mails_of(order) == [*CONFIRMED, *told]

    before = rows_of_orders()
    send_refunds()

    assert rows_of_orders() == before


@pytest.mark.parametrize("ending", ["unknown_order", "forge"])
def test_news_that_means_nothing_changes_nothing(ending):
    order = a_pending_order()
    before = rows_of_orders()

    finish(order, ending)

    assert rows_of_orders() == before


def test_unknown_order_is_kept_to_be_looked_at_again():
    finish(a_pending_order(), "unknown_order")

    event = GatewayEvent.objects.get()
    assert (event.state, event.attempts, event.payment) == ("retry", 1, None)
    assert event.reference.startswith("UNKNOWN-")


def test_forge_is_not_even_stored():
    finish(a_pending_order(), "forge")

    assert not GatewayEvent.objects.exists()


@pytest.mark.parametrize("ending", sorted(set(sandbox.ENDINGS) - sandbox.AFTERWARDS))
def test_a_session_that_is_over_cannot_end_again(ending):
    order = a_pending_order()
    finish(order, "pay")
    before = rows_of_orders()

    answer = press(payment_of(order), ending)

    assert answer.status_code == 409
    assert rows_of_orders() == before


@pytest.mark.parametrize("ending", ["", "PAY", "pay\x00", "__class__"])
def test_an_ending_that_is_not_on_the_page_is_refused(ending):
    order = a_pending_order()
    before = rows_of_orders()

    answer = press(payment_of(order), ending)

    assert answer.status_code == 400
    assert rows_of_orders() == before


def test_a_page_nobody_asked_for_is_not_found():
    assert Client().get("/sandbox/P-1/").status_code == 404
    assert Client().post("/sandbox/P-1/", {"ending": "pay"}).status_code == 404
    assert not SandboxPayment.objects.exists()


def test_every_ending_has_its_button():
    order = a_pending_order()

    page = Client().get(f"/sandbox/{payment_of(order).reference}/").content.decode()

    for ending in sandbox.ENDINGS:
        assert f'value="{ending}"' in page
    assert Order.objects.get().status == "pending"
