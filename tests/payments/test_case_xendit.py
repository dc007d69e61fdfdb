"""What Xendit says of a payment, and what the shop makes of it."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from campaigns.clock import database_now
from orders.models import Order
from payments import attempts, expiry, gateways, inbox
from payments.errors import Rejected
from payments.gateways import xendit as adapter
from payments.gateways.xendit import XenditGateway
from payments.models import GatewayEvent, Payment, Refund
from payments.refunds import sending as refund_sending
from tests.doubles.xendit import TOKEN
from tests.drafts import (
    TOTAL,
    ledger_of,
    mails_of,
    refunds_of,
    rows_of_orders,
    run_out,
    send_refunds,
    sums_of,
)
from tests.payments.rails import (
    look,
    order_by,
    payment_of,
    post,
    post_xendit,
    reference_of,
    work_off,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]

UNPAID = ("pending", 0, 0, 0)
PAID = ("confirmed", TOTAL, 0, 0)


def paid_by(double, method, **facts):
    order = order_by("xendit")
    double.pay(reference_of(order), method, **facts)
    return look(order)


def end_and_refund(order):
    """The order ends, so that all of its money is owed back."""
    Order.objects.filter(pk=order.pk).update(status="canceled")
    send_refunds()


def forget_page(order):
    """As if the shop had died before it noted what Xendit answered."""
    Payment.objects.filter(order=order).update(
        state="created", gateway_reference="", redirect_url="", expires_at=None
    )


def post_refund(double, number):
    raw = double.refund_notification(number)
    return post("xendit", raw, **{"X-Callback-Token": TOKEN})


# --- its page -----------------------------------------------------------------------


def test_the_invoice_is_of_whole_rupiah_and_ends_with_the_hold(xendit):
    order = order_by("xendit")
    payment = payment_of(order)

    [created] = [call for call in xendit.calls if xendit.name_of(call) == "create"]
    assert created.body["amount"] == 168_000
    assert created.body["currency"] == "IDR"
    assert created.body["external_id"] == payment.reference
    assert created.body["success_redirect_url"].endswith(
        f"/o/{order.token}/pay/return/"
    )
    assert created.body["should_send_email"] is False
    assert 86_340 <= created.body["invoice_duration"] <= 86_400
    assert payment.expires_at <= order.expires_at


@pytest.mark.parametrize("amount", ["150000.50", "999"])
def test_an_amount_it_cannot_take_is_refused_before_any_call(xendit, amount):
    payment = payment_of(order_by("xendit"))
    payment.amount = Decimal(amount)
    before = xendit.called("create")

    with pytest.raises((Rejected, ValueError)):
        XenditGateway().start(gateways.payment_in(payment))

    assert xendit.called("create") == before


def test_a_thousand_million_goes_out_and_comes_back_exactly(xendit):
    order = order_by("xendit")
    amount = Decimal("1250000000")
    forget_page(order)
    xendit.invoices.clear()
    Payment.objects.update(amount=amount)
    attempts.start(payment_of(order))

    xendit.pay(reference_of(order))
    snapshot = XenditGateway().fetch(gateways.payment_in(payment_of(order)))

    assert xendit.calls[1].body["amount"] == 168_000
    assert (snapshot.asked, snapshot.received) == (amount, amount)


def test_an_invoice_made_before_is_adopted(xendit):
    order = order_by("xendit")
    first = payment_of(order).gateway_reference
    forget_page(order)

    attempts.start(payment_of(order))

    payment = payment_of(order)
    assert (payment.state, payment.gateway_reference) == ("pending", first)
    assert len(xendit.invoices) == 1


def test_an_invoice_of_another_amount_is_not_adopted(xendit):
    order = order_by("xendit")
    xendit.of(reference_of(order))["amount"] = 1_000
    forget_page(order)

    attempts.start(payment_of(order))

    assert payment_of(order).state == "failed"


def test_one_made_while_the_answer_was_lost_is_adopted_later(xendit, impatient):
    xendit.fail("create", "lost")
    order = order_by("xendit")
    assert payment_of(order).state == "created"

    attempts.begin(order, wanted="")

    payment = payment_of(order)
    assert payment.state == "pending"
    assert payment.redirect_url == xendit.of(payment.reference)["invoice_url"]
    assert len(xendit.invoices) == 1


def test_an_unused_invoice_is_expired_there_before_the_units_are_freed(xendit):
    order = order_by("xendit")
    run_out(order)

    assert expiry.expire(order.pk)

    assert xendit.of(reference_of(order))["status"] == "EXPIRED"
    assert payment_of(order).state == "expired"


def test_one_paid_at_the_last_moment_is_taken(xendit):
    order = order_by("xendit")
    xendit.pay(reference_of(order))
    run_out(order)

    assert not expiry.expire(order.pk)

    assert sums_of(order) == PAID


def test_a_qris_image_paid_after_its_invoice_expired_is_late_money(xendit):
    order = order_by("xendit")
    run_out(order)
    expiry.expire(order.pk)

    xendit.pay(reference_of(order))
    post_xendit(xendit, order)
    inbox.process_due()

    assert sums_of(order) == PAID


# --- what its statuses mean ---------------------------------------------------------


def test_settled_after_paid_is_the_same_money(xendit):
    order = paid_by(xendit, "QRIS")
    post_xendit(xendit, order)

    xendit.settle(reference_of(order))
    post_xendit(xendit, order)
    inbox.process_due()

    assert GatewayEvent.objects.count() == 2
    assert ledger_of(order) == [("payment", TOTAL)]
    assert mails_of(order).count("order_confirmed") == 1


def test_one_first_seen_when_it_is_settled_is_paid(xendit):
    order = order_by("xendit")
    xendit.pay(reference_of(order))
    xendit.settle(reference_of(order))

    look(order)

    assert sums_of(order) == PAID


@pytest.mark.parametrize(
    "facts",
    [
        {"status": "UNKNOWN_ENUM_VALUE"},
        {"status": "TELEPORTED"},
        {"status": None},
        {"paid_amount": 168_000.5},
        {"paid_amount": "all of it"},
        {"paid_amount": -168_000},
        {"currency": "XAU"},
        {"external_id": "SOMEBODY-ELSE"},
    ],
)
def test_what_cannot_be_believed_changes_nothing_and_is_shown(xendit, facts):
    order = paid_by(xendit, "QRIS", **facts)

    payment = payment_of(order)
    assert payment.needs_review
    assert payment.review_reason
    assert (payment.state, payment.amount_seen) == ("pending", 0)
    assert ledger_of(order) == []


def test_less_than_was_asked_for_is_set_aside(xendit):
    order = paid_by(xendit, "QRIS", paid_amount=150_000)

    payment = payment_of(order)
    assert (payment.state, payment.needs_review) == ("confirmed", True)
    assert (payment.amount_received, payment.amount_in_suspense) == (0, 150_000)
    assert ledger_of(order) == [("suspense", Decimal(150_000))]
    assert sums_of(order) == UNPAID


def test_another_currency_is_set_aside(xendit):
    order = paid_by(xendit, "CREDIT_CARD", currency="USD")

    payment = payment_of(order)
    assert (payment.suspense_currency, payment.amount_in_suspense) == ("USD", TOTAL)
    assert sums_of(order) == UNPAID


# --- refunds ------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["BANK_TRANSFER", "RETAIL_OUTLET", "DIRECT_DEBIT"])
def test_a_virtual_account_is_paid_back_by_hand_and_never_asked_to(xendit, method):
    order = paid_by(xendit, method)

    end_and_refund(order)

    assert refunds_of(order)[0][:2] == ("manual", TOTAL)
    assert xendit.called("refund") == 0


def test_qris_is_paid_back_by_hand_after_thirty_days(xendit):
    long_ago = (database_now() - timedelta(days=31)).isoformat()
    order = paid_by(xendit, "QRIS", paid_at=long_ago)

    end_and_refund(order)

    assert refunds_of(order)[0][:2] == ("manual", TOTAL)
    assert xendit.called("refund") == 0


@pytest.mark.parametrize(
    ("method", "kept_as"),
    [("QRIS", "qris"), ("EWALLET", "ewallet:dana"), ("CREDIT_CARD", "credit_card")],
)
def test_a_refund_is_sent_once_under_its_own_key(xendit, method, kept_as):
    order = paid_by(xendit, method)

    end_and_refund(order)

    refund = Refund.objects.get()
    assert payment_of(order).method == kept_as
    assert refunds_of(order)[0][:2] == ("succeeded", TOTAL)
    [call] = [c for c in xendit.calls if xendit.name_of(c) == "refund"]
    assert call.headers["idempotency-key"] == str(refund.idempotency_key)
    assert call.body["reference_id"] == refund.reference
    assert call.body["amount"] == 168_000


def test_a_refund_that_happened_while_the_answer_was_lost_is_found(xendit, impatient):
    order = paid_by(xendit, "EWALLET")
    xendit.fail("refund", "lost")
    end_and_refund(order)
    assert refunds_of(order)[0][0] == "unknown"

    Refund.objects.update(next_attempt_at=database_now())
    refund_sending.send_due()

    assert refunds_of(order)[0][:2] == ("succeeded", TOTAL)
    assert len(xendit.made_refunds) == 1


def test_the_news_of_a_refund_may_come_before_its_answer(xendit, impatient):
    order = paid_by(xendit, "EWALLET")
    xendit.fail("refund", "lost")
    end_and_refund(order)

    [number] = xendit.made_refunds
    assert post_refund(xendit, number) == 200
    work_off()

    assert len(refunds_of(order)) == 1
    assert refunds_of(order)[0][:2] == ("succeeded", TOTAL)
    assert ledger_of(order) == [("payment", TOTAL), ("refund", TOTAL)]


def test_a_refund_that_fails_later_is_paid_by_hand(xendit):
    order = paid_by(xendit, "EWALLET")
    xendit.refunds_are = "PENDING"
    end_and_refund(order)
    [number] = xendit.made_refunds

    xendit.finish_refund(number, "FAILED")
    post_refund(xendit, number)
    inbox.process_due()

    assert [state for state, *_rest in refunds_of(order)] == ["failed", "manual"]
    assert ledger_of(order) == [("payment", TOTAL)]


def test_the_same_key_for_another_amount_is_refused_and_sends_nothing(xendit):
    order = paid_by(xendit, "EWALLET")
    end_and_refund(order)
    refund = Refund.objects.get()
    refund.amount = Decimal(1_000)

    with pytest.raises(Rejected):
        XenditGateway().refund(gateways.refund_in(refund))

    assert len(xendit.made_refunds) == 1


def test_refunds_of_their_dashboard_are_found_once_however_many(xendit, monkeypatch):
    monkeypatch.setattr(adapter, "PAGE_SIZE", 2.0)
    order = paid_by(xendit, "EWALLET")
    for _n in range(5):
        xendit.refund_by_hand(reference_of(order), 1_000)

    look(order)
    look(order)

    assert refunds_of(order) == [("succeeded", Decimal(1_000), "external")] * 5


def test_its_history_tells_every_invoice_paid_in_that_time(xendit, monkeypatch):
    monkeypatch.setattr(adapter, "PAGE_SIZE", 2.0)
    orders = [order_by("xendit") for _n in range(6)]
    for order in orders[1:]:
        xendit.pay(reference_of(order))
    xendit.of(reference_of(orders[5]))["paid_at"] = "2020-01-01T00:00:00.000Z"
    xendit.refund_by_hand(reference_of(orders[1]), 1_000)

    now, minute = database_now(), timedelta(minutes=1)
    told = list(XenditGateway().history(now - minute, now + minute))

    assert {snapshot.reference for snapshot in told} == {
        reference_of(order) for order in orders[1:5]
    }
    assert {snapshot.received for snapshot in told} == {TOTAL}
    assert [r.amount for snapshot in told for r in snapshot.refunds] == [1_000]


def test_a_list_that_ignores_where_it_was_ends(xendit, monkeypatch):
    order = paid_by(xendit, "EWALLET")
    for _n in range(3):
        xendit.refund_by_hand(reference_of(order), 1_000)
    monkeypatch.setattr(adapter, "PAGE_SIZE", 2.0)
    answer = xendit.serve

    def forgetful(call):
        call.query.pop("after_id", None)
        return answer(call)

    monkeypatch.setattr(xendit, "serve", forgetful)
    before = xendit.called("refunds")

    look(order)

    assert xendit.called("refunds") == before + 2
    assert len(refunds_of(order)) == 2


def test_money_is_booked_even_while_its_refunds_cannot_be_told(xendit):
    order = order_by("xendit")
    xendit.pay(reference_of(order), "EWALLET")
    xendit.fail("refunds", "error", "error")

    look(order)
    assert sums_of(order) == PAID
    look(order)

    assert sums_of(order) == PAID


def test_a_refund_it_no_longer_knows_is_told_as_unknown_to_it(xendit):
    order = paid_by(xendit, "EWALLET")
    end_and_refund(order)
    xendit.made_refunds.clear()

    request = gateways.refund_in(Refund.objects.get())

    assert XenditGateway().fetch_refund(request) is None


# --- notifications ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "tokens"),
    [
        ({}, [TOKEN]),
        ({"X-Callback-Token": ""}, [TOKEN]),
        ({"X-Callback-Token": "wrong"}, [TOKEN]),
        ({"X-Callback-Token": "t\N{LATIN SMALL LETTER O WITH DIAERESIS}ken"}, [TOKEN]),
        ({}, []),
        ({"X-Callback-Token": ""}, [""]),
    ],
)
def test_one_without_the_token_is_refused(xendit, settings, headers, tokens):
    order = order_by("xendit")
    xendit.pay(reference_of(order))
    settings.XENDIT_CALLBACK_TOKENS = tokens
    before = rows_of_orders()

    answer = post("xendit", xendit.notification(reference_of(order)), **headers)

    assert answer == 400
    assert GatewayEvent.objects.count() == 0
    assert rows_of_orders() == before


def test_the_old_token_is_taken_while_two_are_configured(xendit, settings):
    order = order_by("xendit")
    settings.XENDIT_CALLBACK_TOKENS = ["new", TOKEN]
    assert post_xendit(xendit, order) == 200

    settings.XENDIT_CALLBACK_TOKENS = ["new"]

    assert post_xendit(xendit, order) == 400


def test_a_notice_that_lies_pays_nothing(xendit):
    order = order_by("xendit")

    answer = post_xendit(xendit, order, status="PAID", paid_amount=168_000)
    inbox.process_due()

    assert answer == 200
    assert sums_of(order) == UNPAID


def test_one_without_an_id_is_stored_once_by_its_bytes(xendit):
    order = order_by("xendit")
    xendit.pay(reference_of(order))
    raw = json.dumps({"external_id": reference_of(order), "status": "PAID"}).encode()

    for _n in range(3):
        assert post("xendit", raw, **{"X-Callback-Token": TOKEN}) == 200
    work_off()

    event = GatewayEvent.objects.get()
    assert (event.duplicates, event.state) == (2, "done")
    assert sums_of(order) == PAID


def test_one_for_a_stranger_is_kept_for_a_day_and_then_given_up(xendit):
    order = order_by("xendit")

    answer = post_xendit(xendit, order, id="inv-x", external_id="STRANGER-1")
    work_off()
    assert (answer, GatewayEvent.objects.get().state) == (200, "retry")
    day_ago = database_now() - timedelta(hours=25)
    GatewayEvent.objects.update(received_at=day_ago)
    work_off()

    assert GatewayEvent.objects.get().state == "dead"
    assert sums_of(order) == UNPAID


def test_one_that_comes_before_the_page_is_noted_finds_it_by_our_reference(xendit):
    order = order_by("xendit")
    forget_page(order)
    xendit.pay(reference_of(order))

    post_xendit(xendit, order)
    inbox.process_due()

    assert sums_of(order) == PAID
    assert payment_of(order).gateway_reference == xendit.of(reference_of(order))["id"]


def test_one_replayed_after_a_month_changes_nothing(xendit):
    order = order_by("xendit")
    xendit.pay(reference_of(order), "EWALLET")
    paid = xendit.notification(reference_of(order))
    token = {"X-Callback-Token": TOKEN}
    post("xendit", paid, **token)
    inbox.process_due()
    end_and_refund(order)
    GatewayEvent.objects.all().delete()
    before = sums_of(order), refunds_of(order), ledger_of(order), mails_of(order)

    assert post("xendit", paid, **token) == 200
    inbox.process_due()

    after = sums_of(order), refunds_of(order), ledger_of(order), mails_of(order)
    assert after == before
