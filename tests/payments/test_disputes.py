"""A buyer's bank asks the money back: recorded, told, and nothing leaves twice."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orders import cancellation
from orders.models import Message, Order
from payments.models import Dispute, Payment, Refund
from payments.refunds import sending as refund_sending
from tests.concurrency.racing import assert_invariants
from tests.drafts import TOTAL, ledger_of, refunds_of, send_refunds, sums_of
from tests.factories import make_campaign
from tests.stripe_orders import hear, look, pay_by_stripe

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def disputed(stripe, status="needs_response"):
    payment = pay_by_stripe(stripe, campaign=make_campaign(lang="en"))
    dispute = stripe.dispute(payment.gateway_transaction_reference, status)
    hear(stripe)
    return payment, dispute


def alerts():
    rows = Message.objects.filter(kind="seller_alert").order_by("pk")
    return list(rows.values_list("subject", flat=True))


@pytest.fixture
def admin(db):
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


def test_an_inquiry_moves_no_money(stripe):
    payment, dispute = disputed(stripe, "warning_needs_response")

    row = Dispute.objects.get()
    assert (row.gateway_reference, row.state, row.amount) == (dispute, "open", TOTAL)
    assert (row.status, row.reason) == (
        "warning_needs_response",
        "product_not_received",
    )
    assert row.answer_by is not None
    assert ledger_of(payment.order) == [("payment", TOTAL)]

    stripe.change_dispute(dispute, status="warning_closed")
    hear(stripe)

    row.refresh_from_db()
    assert (row.state, row.closed_at is None) == ("closed", False)
    assert ledger_of(payment.order) == [("payment", TOTAL)]


def test_money_withdrawn_is_booked_and_booked_back_when_it_returns(stripe):
    payment, dispute = disputed(stripe)

    stripe.change_dispute(dispute, move="withdraw")
    hear(stripe)
    look(payment.order)

    assert ledger_of(payment.order) == [("payment", TOTAL), ("dispute", TOTAL)]
    assert sums_of(payment.order) == ("confirmed", 0, 0, 0)
    assert_invariants()

    stripe.change_dispute(dispute, status="won", move="reinstate")
    hear(stripe)

    assert Dispute.objects.get().state == "won"
    assert ledger_of(payment.order) == [
        ("payment", TOTAL),
        ("dispute", TOTAL),
        ("dispute_won", TOTAL),
    ]
    assert sums_of(payment.order) == ("confirmed", TOTAL, 0, 0)
    assert_invariants()


def test_a_lost_dispute_keeps_what_was_withdrawn(stripe):
    payment, dispute = disputed(stripe)
    stripe.change_dispute(dispute, move="withdraw")

    stripe.change_dispute(dispute, status="lost")
    hear(stripe)

    assert Dispute.objects.get().state == "lost"
    assert ledger_of(payment.order) == [("payment", TOTAL), ("dispute", TOTAL)]
    assert refunds_of(payment.order) == []


def test_an_account_of_another_currency_withdraws_the_amount_of_the_dispute(stripe):
    payment, dispute = disputed(stripe)
    out = {"amount": -1_080, "currency": "usd", "created": 1}
    back = {"amount": 1_075, "currency": "usd", "created": 2}

    stripe.put(dispute, balance_transactions=[out])
    look(payment.order)
    assert Dispute.objects.get().amount_withdrawn == TOTAL

    stripe.put(dispute, balance_transactions=[out, back])
    look(payment.order)
    assert Dispute.objects.get().amount_withdrawn == 0


def test_the_seller_is_told_when_a_dispute_opens_and_how_it_ends(stripe):
    payment, dispute = disputed(stripe)
    stripe.change_dispute(dispute, move="withdraw")
    hear(stripe)
    number, seller = payment.order.number, payment.order.batch.campaign.seller
    assert alerts() == [f"A bank disputes a payment – {number}"]
    assert Message.objects.get(kind="seller_alert").to == seller.email

    stripe.change_dispute(dispute, status="won", move="reinstate")
    hear(stripe)

    assert alerts()[1:] == [f"Dispute won – {number}"]


def test_nothing_is_refunded_while_a_dispute_is_open(stripe):
    payment, dispute = disputed(stripe)
    cancellation.cancel_as_shown(payment.order_id, shown=TOTAL)

    send_refunds()

    assert refunds_of(payment.order) == [("requested", TOTAL, "buyer")]
    assert stripe.records("refunds") == []

    stripe.change_dispute(dispute, status="won")
    hear(stripe)
    refund_sending.send_due()

    assert refunds_of(payment.order) == [("succeeded", TOTAL, "buyer")]
    assert_invariants()


def test_what_the_bank_took_is_not_refunded_once_more(stripe):
    payment, dispute = disputed(stripe)
    cancellation.cancel_as_shown(payment.order_id, shown=TOTAL)

    stripe.change_dispute(dispute, move="withdraw")
    stripe.change_dispute(dispute, status="lost")
    hear(stripe)
    send_refunds()

    assert stripe.records("refunds") == []
    assert sums_of(payment.order) == ("canceled", 0, 0, 0)
    assert_invariants()


def test_a_refund_by_hand_is_not_offered_while_a_dispute_is_open(stripe, admin):
    payment, dispute = disputed(stripe)
    refund = Refund.objects.create(
        payment=payment, reference="R-1", amount=1000, state="manual", source="admin"
    )
    page = f"/admin/payments/refund/{refund.pk}/"

    shown = admin.get(page + "change/").content.decode()
    refused = admin.post(page + "paid-back/", {"reference": "BCA 1"})

    assert "dashboard" not in shown
    assert refused.url == page + "change/"
    refund.refresh_from_db()
    assert refund.state == "manual"

    stripe.change_dispute(dispute, status="won")
    hear(stripe)
    assert admin.get(page + "paid-back/").status_code == 200


def test_the_list_to_pay_by_hand_leaves_out_what_a_bank_disputes(stripe, admin):
    payment, dispute = disputed(stripe)
    refund = Refund.objects.create(
        payment=payment, reference="R-1", amount=1000, state="manual", source="admin"
    )
    Payment.objects.filter(pk=payment.pk).update(amount_refunding=1000)
    page = "/admin/payments/refund/payouts/"
    noted = {"refund": "R-1", "reference-R-1": "BCA 1"}

    shown = admin.get(page).content.decode()
    exported = b"".join(admin.get(page + "csv/").streaming_content).decode()
    refused = admin.post(page, noted)

    assert "R-1" not in shown
    assert "R-1" not in exported
    assert refused.status_code == 409
    refund.refresh_from_db()
    assert (refund.state, refund.gateway_reference) == ("manual", "")

    stripe.change_dispute(dispute, status="won")
    hear(stripe)
    assert admin.post(page, noted).status_code == 200
    refund.refresh_from_db()
    assert refund.state == "succeeded"


def test_the_refund_page_says_why_it_waits(stripe, admin):
    payment, _dispute = disputed(stripe)
    cancellation.cancel_as_shown(payment.order_id, shown=TOTAL)
    refund_sending.request_all_owed()
    refund = Refund.objects.get()

    shown = admin.get(
        f"/admin/payments/refund/{refund.pk}/change/", headers={"Accept-Language": "en"}
    )

    assert "the same money must not leave twice" in shown.content.decode()


def test_disputes_are_listed_with_the_day_to_answer(
    stripe, admin, django_assert_num_queries
):
    payment, dispute = disputed(stripe)
    disputed(stripe)

    with django_assert_num_queries(7):
        page = admin.get("/admin/payments/dispute/", headers={"Accept-Language": "en"})

    text = page.content.decode()
    assert dispute in text
    assert payment.order.number in text
    assert Order.objects.count() == 2
    detail = admin.get(f"/admin/payments/dispute/{Dispute.objects.first().pk}/change/")
    assert "https://dashboard.stripe.com/disputes/dp_" in detail.content.decode()
