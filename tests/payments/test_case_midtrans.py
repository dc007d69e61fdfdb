"""What Midtrans says of a payment, and what the shop makes of it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from campaigns.clock import database_now
from orders.models import Order
from payments import attempts, expiry, gateways, inbox
from payments.errors import Rejected, Unavailable
from payments.gateways import midtrans as adapter
from payments.gateways.midtrans import MidtransGateway
from payments.models import GatewayEvent, Payment, Refund
from payments.refunds import sending as refund_sending
from tests.drafts import (
    TOTAL,
    ledger_of,
    mails_of,
    make_offer,
    refunds_of,
    rows_of_orders,
    run_out,
    send_refunds,
    sums_of,
)
from tests.factories import make_campaign
from tests.payments.rails import (
    look,
    order_by,
    payment_of,
    post,
    post_midtrans,
    reference_of,
    work_off,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]

UNPAID = ("pending", 0, 0, 0)
PAID = ("confirmed", TOTAL, 0, 0)


def paid_by(double, method, **facts):
    order = order_by("midtrans")
    double.pay(reference_of(order), method, **facts)
    return look(order)


def end_and_refund(order):
    """The order ends, so that all of its money is owed back."""
    Order.objects.filter(pk=order.pk).update(status="canceled")
    send_refunds()


# --- its page -----------------------------------------------------------------------


def test_the_page_asks_for_whole_rupiah_and_ends_with_the_hold(midtrans):
    order = order_by("midtrans")
    payment = payment_of(order)

    asked = midtrans.pages[payment.reference]
    assert asked["transaction_details"] == {
        "order_id": payment.reference,
        "gross_amount": 168_000,
    }
    assert type(asked["transaction_details"]["gross_amount"]) is int
    assert asked["notify"] == "http://127.0.0.1:8000/webhooks/midtrans/"
    assert asked["callbacks"]["finish"].endswith(f"/o/{order.token}/pay/return/")
    assert asked["page_expiry"]["unit"] == asked["expiry"]["unit"] == "minutes"
    assert asked["page_expiry"]["duration"] == asked["expiry"]["duration"] == 1439
    assert asked["expiry"]["start_time"].endswith("+0700")
    assert payment.expires_at <= order.expires_at


@pytest.mark.parametrize("amount", [Decimal("150000.50"), Decimal(999)])
def test_an_amount_it_cannot_take_is_refused_before_any_call(midtrans, amount):
    payment = payment_of(order_by("midtrans"))
    payment.amount = amount
    before = len(midtrans.calls)

    with pytest.raises((Rejected, ValueError)):
        MidtransGateway().start(gateways.payment_in(payment))

    assert len(midtrans.calls) == before


def test_a_thousand_million_goes_out_and_comes_back_exactly(midtrans):
    amount = Decimal(1_250_000_000)
    payment = payment_of(order_by("midtrans"))
    payment.amount, payment.reference = amount, "KQ7MWZ2P-1-BIG"

    MidtransGateway().start(gateways.payment_in(payment))
    midtrans.pay("KQ7MWZ2P-1-BIG", "qris")
    snapshot = MidtransGateway().fetch(gateways.payment_in(payment))

    asked = midtrans.pages["KQ7MWZ2P-1-BIG"]["transaction_details"]
    assert asked["gross_amount"] == 1_250_000_000
    assert snapshot.received == amount


@pytest.mark.parametrize("reference", ["P/1", "P 1", "P?1", "x" * 51, ""])
def test_a_reference_that_would_hit_another_path_is_never_sent(midtrans, reference):
    payment = payment_of(order_by("midtrans"))
    payment.reference = reference
    before = len(midtrans.calls)

    with pytest.raises(Rejected):
        MidtransGateway().fetch(gateways.payment_in(payment))

    assert len(midtrans.calls) == before


def test_other_currencies_are_not_offered_to_it(midtrans):
    campaign = make_offer(campaign=make_campaign(currency="USD")).campaign

    assert gateways.offered(campaign) == []


def test_a_reference_taken_at_midtrans_makes_room_for_the_next_attempt(midtrans):
    order = order_by("midtrans")
    Payment.objects.update(state="created", redirect_url="", gateway_reference="")
    midtrans.choose(reference_of(order))

    attempts.start(payment_of(order))

    assert payment_of(order).state == "failed"
    second = attempts.begin(order, wanted="")
    assert second.redirect_url == midtrans.url_of(second.reference)


# --- before anybody chose a way to pay ----------------------------------------------


def test_a_page_never_opened_holds_its_units_until_the_page_is_over(midtrans):
    order = order_by("midtrans")
    run_out(order)
    Payment.objects.update(expires_at=database_now() + timedelta(minutes=2))

    assert not expiry.expire(order.pk)

    assert sums_of(order) == UNPAID
    assert payment_of(order).state == "pending"
    Payment.objects.update(expires_at=database_now() - timedelta(seconds=1))
    assert expiry.expire(order.pk)
    assert payment_of(order).state == "expired"
    assert sums_of(order)[0] == "expired"


def test_a_chosen_way_to_pay_is_closed_at_midtrans_before_the_units_are_freed(midtrans):
    order = order_by("midtrans")
    midtrans.choose(reference_of(order), "bank_transfer")
    run_out(order)

    assert expiry.expire(order.pk)

    found = midtrans.transactions[reference_of(order)]
    assert found["transaction_status"] == "expire"
    assert payment_of(order).state == "expired"


def test_a_payment_made_at_the_last_moment_is_not_closed_but_taken(midtrans):
    order = order_by("midtrans")
    midtrans.pay(reference_of(order), "credit_card")
    run_out(order)

    assert not expiry.expire(order.pk)

    assert midtrans.called("cancel") == 0
    assert sums_of(order) == PAID


def test_money_for_an_expired_virtual_account_is_late_and_reinstates(midtrans):
    order = order_by("midtrans")
    midtrans.choose(reference_of(order), "bank_transfer")
    run_out(order)
    expiry.expire(order.pk)

    midtrans.pay(reference_of(order), "bank_transfer")
    post_midtrans(midtrans, order)
    inbox.process_due()

    assert sums_of(order) == PAID


# --- what its statuses mean ---------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("deny", "failed"),
        ("failure", "failed"),
        ("cancel", "canceled"),
        ("expire", "expired"),
    ],
)
def test_a_transaction_that_ends_unpaid_ends_the_attempt(midtrans, status, state):
    order = paid_by(midtrans, "qris", transaction_status=status, status_code="202")

    assert payment_of(order).state == state
    assert sums_of(order) == UNPAID


def test_a_card_under_fraud_review_is_not_paid_until_it_is_accepted(midtrans):
    order = paid_by(
        midtrans, "credit_card", fraud_status="challenge", status_code="201"
    )
    assert (payment_of(order).state, payment_of(order).progress) == (
        "pending",
        "fraud_review",
    )
    assert sums_of(order) == UNPAID

    midtrans.pay(reference_of(order), fraud_status="accept")
    look(order)

    assert (payment_of(order).state, payment_of(order).progress) == ("confirmed", "")
    assert sums_of(order) == PAID


def test_a_card_under_fraud_review_that_is_denied_has_failed(midtrans):
    order = paid_by(
        midtrans, "credit_card", fraud_status="challenge", status_code="201"
    )

    midtrans.pay(reference_of(order), transaction_status="deny", fraud_status="deny")
    look(order)

    assert payment_of(order).state == "failed"
    assert sums_of(order) == UNPAID


def test_settlement_after_capture_is_the_same_money(midtrans):
    order = paid_by(midtrans, "credit_card")
    assert midtrans.transactions[reference_of(order)]["transaction_status"] == "capture"
    post_midtrans(midtrans, order)

    midtrans.pay(reference_of(order), transaction_status="settlement")
    post_midtrans(midtrans, order)
    inbox.process_due()

    assert GatewayEvent.objects.count() == 2
    assert ledger_of(order) == [("payment", TOTAL)]
    assert mails_of(order).count("order_confirmed") == 1


@pytest.mark.parametrize("status", ["cancel", "deny"])
def test_a_capture_taken_back_is_reversed_with_a_row_of_its_own(midtrans, status):
    order = paid_by(midtrans, "credit_card")

    midtrans.pay(reference_of(order), transaction_status=status)
    look(order)
    look(order)

    assert payment_of(order).state == "reversed"
    assert ledger_of(order) == [("payment", TOTAL), ("reversal", TOTAL)]
    assert sums_of(order) == ("confirmed", 0, 0, 0)
    assert refunds_of(order) == []


def test_a_fee_on_top_of_the_price_is_booked_apart(midtrans):
    order = order_by("midtrans")
    midtrans.pay_with_fee(reference_of(order), 71)
    look(order)
    look(order)

    payment = payment_of(order)
    assert (payment.amount_received, payment.fee) == (TOTAL, 71)
    assert sorted(ledger_of(order)) == [("fee", Decimal(71)), ("payment", TOTAL)]
    assert sums_of(order) == PAID
    assert not payment.needs_review


@pytest.mark.parametrize(
    "facts",
    [
        {"transaction_status": "teleported"},
        {"transaction_status": "partial_chargeback"},
        {"status_code": "201"},
        {"gross_amount": "168000.50"},
        {"gross_amount": "all of it"},
        {"gross_amount": "NaN"},
        {"gross_amount": "-168000.00"},
        {"gross_amount": "1000000000000.00"},
        {"currency": "XAU"},
        {"order_id": "SOMEBODY-ELSE"},
    ],
)
def test_what_cannot_be_believed_changes_nothing_and_is_shown(midtrans, facts):
    order = order_by("midtrans")
    payment = payment_of(order)
    midtrans.pay(payment.reference, "qris", **facts)

    look(order)

    payment = payment_of(order)
    assert payment.needs_review
    assert payment.review_reason
    assert (payment.state, payment.amount_seen) == ("pending", 0)
    assert ledger_of(order) == []


def test_less_than_was_asked_for_is_set_aside(midtrans):
    order = paid_by(midtrans, "qris", gross_amount="150000.00")

    payment = payment_of(order)
    assert (payment.state, payment.needs_review) == ("confirmed", True)
    assert (payment.amount_received, payment.amount_in_suspense) == (0, 150_000)
    assert ledger_of(order) == [("suspense", Decimal(150_000))]
    assert sums_of(order) == UNPAID


def test_another_currency_is_set_aside(midtrans):
    order = paid_by(midtrans, "credit_card", currency="USD")

    payment = payment_of(order)
    assert (payment.suspense_currency, payment.amount_in_suspense) == ("USD", TOTAL)
    assert sums_of(order) == UNPAID


def test_a_chargeback_takes_the_money_away_again(midtrans):
    order = paid_by(midtrans, "credit_card", transaction_status="settlement")

    midtrans.pay(reference_of(order), transaction_status="chargeback")
    look(order)
    look(order)

    assert ledger_of(order) == [("payment", TOTAL), ("dispute", TOTAL)]
    assert sums_of(order)[1] == 0


# --- refunds ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "method", "days"),
    [
        ({"payment_type": "gopay"}, "gopay", 45),
        ({"payment_type": "dana"}, "dana", 45),
        ({"payment_type": "ovo"}, "ovo", 7),
        ({"payment_type": "kredivo"}, "kredivo", 14),
        ({"payment_type": "shopeepay"}, "shopeepay", 365),
        ({"payment_type": "credit_card"}, "credit_card", None),
        ({"acquirer": "gopay", "issuer": "gopay"}, "qris_gopay", 45),
        ({"acquirer": "gopay", "issuer": "bca"}, "qris", 7),
        ({"acquirer": "airpay shopee", "issuer": "dana"}, "qris_shopeepay", 7),
        (
            {"acquirer": "airpay shopee", "issuer": "shopeepay"},
            "qris_shopeepay_on_us",
            365,
        ),
    ],
)
def test_how_long_a_rail_pays_back_is_counted_from_the_payment(
    midtrans, facts, method, days
):
    order = paid_by(
        midtrans,
        facts.pop("payment_type", "qris"),
        settlement_time="2026-01-31 23:30:00",
        **facts,
    )

    payment = payment_of(order)
    paid_at = datetime(2026, 1, 31, 16, 30, tzinfo=UTC)
    until = paid_at + timedelta(days=days) if days else None
    assert (payment.method, payment.refundable_until) == (method, until)


@pytest.mark.parametrize("method", ["bank_transfer", "echannel", "cstore", "alfamart"])
def test_a_virtual_account_is_paid_back_by_hand_and_never_asked_to(midtrans, method):
    order = paid_by(midtrans, method)

    end_and_refund(order)

    assert refunds_of(order)[0][:2] == ("manual", TOTAL)
    assert midtrans.called("refund") == 0


def test_a_refund_past_its_window_is_paid_by_hand(midtrans):
    paid_at = (database_now() - timedelta(days=8)).strftime("%Y-%m-%d %H:%M:%S")
    order = paid_by(midtrans, "qris", settlement_time=paid_at)

    end_and_refund(order)

    assert refunds_of(order)[0][:2] == ("manual", TOTAL)
    assert midtrans.called("refund") == 0


@pytest.mark.parametrize(
    ("method", "is_direct"), [("gopay", True), ("dana", False), ("qris", True)]
)
def test_a_refund_takes_the_road_of_its_rail_once(midtrans, method, is_direct):
    order = paid_by(midtrans, method)

    end_and_refund(order)

    assert refunds_of(order)[0][:2] == ("succeeded", TOTAL)
    [call] = [c for c in midtrans.calls if midtrans.name_of(c) == "refund"]
    assert call.path.endswith("/refund/online/direct") is is_direct
    assert call.body["refund_key"] == Refund.objects.get().reference
    assert call.body["amount"] == 168_000


@pytest.mark.parametrize(
    ("hour", "minute", "is_asked"),
    [(16, 54, True), (16, 55, False), (22, 59, False), (23, 0, True)],
)
def test_shopeepay_is_let_sleep_until_six_in_jakarta(
    midtrans, monkeypatch, hour, minute, is_asked
):
    order = paid_by(midtrans, "shopeepay")
    at_utc = datetime(2026, 3, 1, hour, minute, tzinfo=UTC)
    monkeypatch.setattr(adapter.timezone, "now", lambda: at_utc)

    end_and_refund(order)

    assert midtrans.called("refund") == int(is_asked)
    state = "succeeded" if is_asked else "sending"
    assert refunds_of(order)[0][0] == state


def test_a_refund_put_off_by_the_night_is_sent_in_the_morning(midtrans, monkeypatch):
    order = paid_by(midtrans, "shopeepay")
    with monkeypatch.context() as patch:
        night = datetime(2026, 3, 1, 18, tzinfo=UTC)
        patch.setattr(adapter.timezone, "now", lambda: night)
        end_and_refund(order)

    morning = datetime(2026, 3, 2, 1, tzinfo=UTC)
    monkeypatch.setattr(adapter.timezone, "now", lambda: morning)
    Refund.objects.update(next_attempt_at=database_now())
    refund_sending.send_due()

    assert refunds_of(order)[0][:2] == ("succeeded", TOTAL)
    assert len(midtrans.transactions[reference_of(order)]["refunds"]) == 1


def test_a_card_not_settled_yet_is_paid_back_once_it_is(midtrans):
    order = paid_by(midtrans, "credit_card")
    end_and_refund(order)
    assert refunds_of(order)[0][0] == "sending"

    midtrans.pay(reference_of(order), transaction_status="settlement")
    Refund.objects.update(next_attempt_at=database_now())
    refund_sending.send_due()

    assert refunds_of(order)[0][:2] == ("succeeded", TOTAL)


@pytest.mark.parametrize(
    ("succeeds", "state"), [(True, "succeeded"), (False, "pending")]
)
def test_a_refund_under_way_is_looked_for_and_never_sent_again(
    midtrans, succeeds, state
):
    """One that failed is told by nobody; a human is, after many looks."""
    order = paid_by(midtrans, "gopay")
    midtrans.refunds_are = "pending"
    end_and_refund(order)
    assert refunds_of(order)[0][0] == "pending"

    midtrans.finish_refund(Refund.objects.get().reference, succeeds=succeeds)
    Refund.objects.update(next_attempt_at=database_now())
    refund_sending.send_due()

    assert refunds_of(order)[0][:2] == (state, TOTAL)
    assert midtrans.called("refund") == 1


def test_a_refund_made_in_their_dashboard_is_found_once(midtrans):
    order = paid_by(midtrans, "gopay")

    midtrans.refund_by_hand(reference_of(order), 50_000)
    look(order)
    look(order)

    assert refunds_of(order) == [("succeeded", Decimal(50_000), "external")]


# --- notifications ------------------------------------------------------------------


def test_a_signed_notice_whose_status_is_forged_pays_nothing(midtrans):
    order = order_by("midtrans")
    midtrans.choose(reference_of(order))

    answer = post_midtrans(midtrans, order, transaction_status="settlement")
    inbox.process_due()

    assert answer == 200
    assert sums_of(order) == UNPAID
    assert payment_of(order).progress == "action_required"


@pytest.mark.parametrize("gross", [b'"168000"', b"168000", b"168000.0", b"168000.00"])
def test_an_amount_written_otherwise_than_it_was_signed_is_refused(midtrans, gross):
    order = order_by("midtrans")
    midtrans.pay(reference_of(order))
    raw = midtrans.notification(reference_of(order))
    assert b'"168000.00"' in raw
    before = rows_of_orders()

    answer = post("midtrans", raw.replace(b'"168000.00"', gross))

    assert answer == (400 if gross != b"168000.00" else 200)
    assert rows_of_orders() == before


def test_a_notice_signed_with_the_old_key_is_taken_until_that_is_removed(
    midtrans, settings
):
    order = order_by("midtrans")
    midtrans.pay(reference_of(order))
    settings.MIDTRANS_SERVER_KEYS = ["SB-Mid-server-new", midtrans.key]
    assert post_midtrans(midtrans, order) == 200

    settings.MIDTRANS_SERVER_KEYS = ["SB-Mid-server-new"]

    assert post_midtrans(midtrans, order) == 400


@pytest.mark.parametrize("keys", [[], [""]])
def test_without_a_key_nothing_is_believed(midtrans, settings, keys):
    order = order_by("midtrans")
    midtrans.pay(reference_of(order))
    midtrans.key = ""
    settings.MIDTRANS_SERVER_KEYS = keys

    assert post_midtrans(midtrans, order) == 400
    assert GatewayEvent.objects.count() == 0


def test_a_notice_is_found_by_its_transaction_when_the_order_is_called_otherwise(
    midtrans,
):
    order = order_by("midtrans")
    midtrans.choose(reference_of(order), "dana")
    look(order)
    midtrans.pay(reference_of(order))

    answer = post_midtrans(midtrans, order, order_id="DANA-77")
    work_off()

    assert answer == 200
    assert GatewayEvent.objects.get().state == "done"
    assert sums_of(order) == PAID


def test_one_for_another_order_is_kept_for_a_day_and_then_given_up(midtrans):
    order = order_by("midtrans")
    midtrans.pay(reference_of(order))

    answer = post_midtrans(midtrans, order, transaction_id="t", order_id="STRANGER-1")
    work_off()
    assert (answer, GatewayEvent.objects.get().state) == (200, "retry")
    day_ago = database_now() - timedelta(hours=25)
    GatewayEvent.objects.update(received_at=day_ago)
    work_off()

    assert GatewayEvent.objects.get().state == "dead"
    assert sums_of(order) == UNPAID


def test_one_that_comes_before_the_page_is_noted_finds_it_by_our_reference(midtrans):
    order = order_by("midtrans")
    Payment.objects.update(state="created", gateway_reference="", redirect_url="")
    midtrans.pay(reference_of(order))

    post_midtrans(midtrans, order)
    inbox.process_due()

    assert sums_of(order) == PAID


def test_one_replayed_after_a_month_changes_nothing(midtrans):
    order = order_by("midtrans")
    midtrans.pay(reference_of(order), "gopay")
    paid = midtrans.notification(reference_of(order))
    post("midtrans", paid)
    inbox.process_due()
    end_and_refund(order)
    GatewayEvent.objects.all().delete()
    before = rows_of_orders()

    assert post("midtrans", paid) == 200
    inbox.process_due()

    assert ledger_of(order) == [("payment", TOTAL), ("refund", TOTAL)]
    after = rows_of_orders()
    assert {**before, "Payment": 0} == {**after, "Payment": 0}


def test_the_night_is_no_reason_to_refuse_other_rails(midtrans, monkeypatch):
    night = datetime(2026, 3, 1, 18, tzinfo=UTC)
    monkeypatch.setattr(adapter.timezone, "now", lambda: night)
    request = gateways.refund_in(
        Refund(payment=Payment(method="shopeepay", currency="IDR"), amount=Decimal(1))
    )

    with pytest.raises(Unavailable):
        MidtransGateway().refund(request)
