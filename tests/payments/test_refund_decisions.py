"""What the seller decides about money going back, and what becomes of it."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.actors import Actor
from campaigns.clock import database_now
from campaigns.errors import InvalidTransition
from campaigns.models import Campaign
from orders import cancellation
from orders.models import Message, Order
from payments import approvals
from payments.dues import balance_of
from payments.errors import Declined, Unavailable, Unknown
from payments.gateways.base import RefundRule
from payments.gateways.sandbox import SandboxGateway
from payments.models import Payment, Refund, SandboxPayment
from payments.refunds import by_seller as seller_refunds
from payments.refunds import retries as refund_retries
from payments.refunds import sending as refund_sending
from payments.settlement import apply
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    finish,
    ledger_of,
    mails_of,
    make_offer,
    payment_of,
    place_order,
    place_paid,
    refunds_of,
    rows_of_orders,
    send_refunds,
    sums_of,
)
from tests.payments.test_refunds import (
    a_canceled_order,
    answer_with,
    at_the_gateway,
    fetched,
    make_due,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]

HALF = TOTAL / 2


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def seller():
    return Actor.staff(User.objects.create_user("penjual"))


def a_double_payment():
    order = place_order(make_offer())
    finish(order, "pay_twice")
    return order


def grant(order, amount, seller, **changes):
    told = {"note": "Noda pada kain", "shown": TOTAL, "is_goodwill": True} | changes
    return seller_refunds.refund(order.pk, amount=amount, actor=seller, **told)


def balance(order):
    found = balance_of(Order.objects.get(pk=order.pk))
    return found.due, found.owed_back


def by_hand_only(monkeypatch):
    rule = RefundRule(by_api=False)
    monkeypatch.setattr(SandboxGateway, "refund_rule", lambda *_args: rule)


def step(client, refund, name, data=None):
    return client.post(f"/admin/payments/refund/{refund.pk}/{name}/", data or {})


# Money that came twice


def test_extra_money_is_not_sent_before_the_seller_says_so():
    order = a_double_payment()

    send_refunds()

    assert refunds_of(order) == [("requested", TOTAL, "duplicate")]
    assert at_the_gateway() == []


def test_approved_twice_it_is_sent_once(seller):
    order = a_double_payment()
    refund = Refund.objects.get()

    approvals.approve(refund.pk, actor=seller)
    with pytest.raises(InvalidTransition):
        approvals.approve(refund.pk, actor=seller)
    send_refunds()
    make_due()
    send_refunds()

    assert refunds_of(order) == [("succeeded", TOTAL, "duplicate")]
    assert len(at_the_gateway()) == 1
    assert sums_of(order) == ("confirmed", 2 * TOTAL, TOTAL, 0)
    assert order.events.filter(kind="refund_approved").count() == 1
    assert_invariants()


def test_approved_with_two_clicks_in_the_admin_it_is_sent_once(staff):
    a_double_payment()
    refund = Refund.objects.get()

    for _n in range(2):
        assert step(staff, refund, "approve").status_code == 302
        send_refunds()

    assert len(at_the_gateway()) == 1


def test_declined_it_stays_as_credit_and_is_not_asked_for_again(seller):
    order = a_double_payment()

    approvals.decline(Refund.objects.get().pk, note="Pesan satu lagi", actor=seller)
    apply(payment_of(order), fetched(order))
    send_refunds()

    assert refunds_of(order) == [("canceled", TOTAL, "duplicate")]
    assert balance(order) == (0, TOTAL)
    assert payment_of(order).amount_refunding == 0
    assert_invariants()


def test_buyer_reads_of_the_credit(seller):
    order = a_double_payment()
    approvals.decline(Refund.objects.get().pk, note="Rahasia", actor=seller)

    page = Client().get(f"/o/{order.token}/").content.decode()

    assert "Rahasia" not in page
    assert "Disimpan sebagai saldomu" in page


def test_credit_of_an_order_that_ends_goes_back(seller):
    order = a_double_payment()
    approvals.decline(Refund.objects.get().pk, note="Kredit", actor=seller)

    cancellation.cancel_as_shown(order.pk, shown=2 * TOTAL)
    send_refunds()

    assert refunds_of(order)[1:] == [("succeeded", 2 * TOTAL, "buyer")]
    assert sums_of(order) == ("canceled", 2 * TOTAL, 2 * TOTAL, 0)


def test_what_is_owed_by_an_ended_order_cannot_be_declined(seller):
    order = a_double_payment()
    refund = Refund.objects.get()
    cancellation.cancel_as_shown(order.pk, shown=2 * TOTAL)
    before = rows_of_orders()

    with pytest.raises(approvals.OwedBack):
        approvals.decline(refund.pk, note="Tidak", actor=seller)

    assert rows_of_orders() == before


def test_what_was_approved_cannot_be_declined(seller):
    a_double_payment()
    refund = Refund.objects.get()
    approvals.approve(refund.pk, actor=seller)
    before = rows_of_orders()

    with pytest.raises(InvalidTransition):
        approvals.decline(refund.pk, note="Tidak", actor=seller)

    assert rows_of_orders() == before


# Refunds the seller decides on


def test_goodwill_lowers_the_total_and_is_not_due_again(seller):
    order = place_paid(make_offer())

    assert grant(order, Decimal(20_000), seller) == 1
    send_refunds()

    order.refresh_from_db()
    assert (order.discount, order.total) == (20_000, TOTAL - 20_000)
    assert balance(order) == (0, 0)
    assert refunds_of(order) == [("succeeded", 20_000, "admin")]
    assert sums_of(order) == ("confirmed", TOTAL, 20_000, 0)
    assert ledger_of(order) == [("payment", TOTAL), ("refund", 20_000)]
    assert mails_of(order)[-2:] == ["refund_started", "refund_sent"]
    assert "Noda pada kain" in Message.objects.get(kind="refund_started").text
    event = order.events.get(kind="refund_decided")
    assert (event.data["amount"], event.data["goodwill"]) == ("20000", "20000")
    assert_invariants()


def test_goodwill_nobody_agreed_to_is_refused(seller):
    order = place_paid(make_offer())
    before = rows_of_orders()

    with pytest.raises(seller_refunds.LowersWhatIsKept) as refusal:
        grant(order, HALF, seller, is_goodwill=False)

    assert refusal.value.goodwill == HALF
    assert rows_of_orders() == before


@pytest.mark.parametrize("amount", [TOTAL + 1, Decimal(0), Decimal(-1)])
def test_more_than_was_received_and_nothing_are_refused(seller, amount):
    order = place_paid(make_offer())
    before = rows_of_orders()

    with pytest.raises(seller_refunds.RefundRefused):
        grant(order, amount, seller)

    assert rows_of_orders() == before


def test_the_same_page_sent_twice_refunds_once(seller):
    order = place_paid(make_offer())
    grant(order, Decimal(20_000), seller)

    with pytest.raises(seller_refunds.RefundRefused):
        grant(order, Decimal(20_000), seller)

    assert refunds_of(order) == [("requested", 20_000, "admin")]


def test_credit_is_given_back_without_lowering_anything(seller):
    order = a_double_payment()
    approvals.decline(Refund.objects.get().pk, note="Kredit", actor=seller)

    grant(order, TOTAL, seller, shown=2 * TOTAL, is_goodwill=False)
    send_refunds()

    assert refunds_of(order)[1:] == [("succeeded", TOTAL, "admin")]
    assert Order.objects.get().total == TOTAL


def test_of_a_canceled_order_it_lowers_what_was_kept(seller):
    batch = make_offer()
    Campaign.objects.update(free_cancellation="never", cancellation_kept_percent=50)
    order = place_paid(batch)
    cancellation.cancel_as_shown(order.pk, shown=HALF)
    send_refunds()

    grant(order, HALF, seller, shown=HALF)
    send_refunds()

    assert sums_of(order) == ("canceled", TOTAL, TOTAL, 0)
    assert_invariants()


def test_goodwill_on_a_deposit_is_not_withdrawn_by_what_is_still_due(seller):
    batch = make_offer()
    Campaign.objects.update(plan="deposit", deposit_percent=50)
    order = place_paid(batch)
    due = balance(order)[0]
    held = balance_of(Order.objects.get(pk=order.pk)).net
    assert due > 0

    grant(order, Decimal(10_000), seller, shown=held)
    apply(payment_of(order), fetched(order))
    send_refunds()

    assert refunds_of(order) == [("succeeded", 10_000, "admin")]
    assert balance(order) == (due, 0)


def test_an_unpaid_order_is_offered_no_refund(staff):
    order = place_order(make_offer())

    response = staff.get(f"/admin/orders/order/{order.pk}/refund/")

    assert response.status_code == 302


def test_the_form_says_what_goodwill_does_and_asks_for_the_tick(staff):
    order = place_paid(make_offer())
    url = f"/admin/orders/order/{order.pk}/refund/"
    sent = {"amount": "20000", "note": "Noda", "shown": TOTAL}

    page = staff.get(url).content.decode()
    refused = staff.post(url, sent)
    done = staff.post(url, sent | {"is_goodwill": "on"})

    assert "or it would be due again" in page
    assert payment_of(order).reference in page
    assert refused.status_code == 409
    assert "Tick this" in refused.content.decode()
    assert done.status_code == 302
    assert refunds_of(order) == [("requested", 20_000, "admin")]


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": str(TOTAL + 1)},
        {"amount": "0"},
        {"amount": "10.5"},
        {"amount": "1e3x"},
        {"note": ""},
        {"shown": ""},
        {"shown": "1"},
    ],
)
def test_a_wrong_form_changes_nothing(staff, changes):
    order = place_paid(make_offer())
    before = rows_of_orders()
    sent = {"amount": "2000", "note": "x", "shown": TOTAL, "is_goodwill": "on"}

    response = staff.post(f"/admin/orders/order/{order.pk}/refund/", sent | changes)

    assert response.status_code == 409
    assert rows_of_orders() == before


def test_a_decided_refund_that_fails_is_owed_by_hand_with_its_reason(
    monkeypatch, seller
):
    order = place_paid(make_offer())
    grant(order, HALF, seller)
    answer_with(monkeypatch, Declined("card closed"), after_booking=False)

    send_refunds()

    assert refunds_of(order) == [("failed", HALF, "admin"), ("manual", HALF, "admin")]
    assert Refund.objects.latest("pk").note == "Noda pada kain"
    assert Refund.objects.latest("pk").approved_at
    assert mails_of(order)[-1] == "payout_account"
    assert_invariants()


# Again, or by hand


def test_a_failed_refund_is_tried_again_with_a_key_of_its_own(monkeypatch, seller):
    order = a_canceled_order()
    with monkeypatch.context() as patch:
        answer_with(patch, Declined("not enough balance"), after_booking=False)
        send_refunds()
    listed = Refund.objects.get(state="manual")

    refund_retries.try_again(listed.pk, actor=seller)
    send_refunds()

    assert refunds_of(order) == [
        ("failed", TOTAL, "buyer"),
        ("succeeded", TOTAL, "buyer"),
    ]
    assert list(SandboxPayment.objects.get().refunds) == [str(listed.idempotency_key)]
    with pytest.raises(InvalidTransition):
        refund_retries.try_again(listed.pk, actor=seller)


def test_what_is_not_sent_yet_can_be_paid_by_hand(seller):
    order = a_canceled_order()
    refund_sending.request_all_owed()

    refund_retries.pay_by_hand(Refund.objects.get().pk, actor=seller)
    send_refunds()

    assert refunds_of(order) == [("manual", TOTAL, "buyer")]
    assert at_the_gateway() == []
    assert mails_of(order)[-1] == "payout_account"


@pytest.mark.parametrize(
    "name", ["try_again", "pay_by_hand"], ids=["try again", "by hand"]
)
def test_a_refund_that_was_paid_stays_paid(seller, name):
    order = a_canceled_order()
    send_refunds()
    again = partial(getattr(refund_retries, name), Refund.objects.get().pk)

    with pytest.raises(InvalidTransition):
        again(actor=seller)

    assert refunds_of(order) == [("succeeded", TOTAL, "buyer")]


def test_past_its_time_it_is_by_hand_and_the_gateway_is_not_called():
    order = a_canceled_order()
    past = database_now() - timedelta(seconds=1)
    Payment.objects.update(refundable_until=past)

    send_refunds()

    assert refunds_of(order) == [("manual", TOTAL, "buyer")]
    assert at_the_gateway() == []


def test_its_time_that_ends_while_it_waits_is_noticed_before_the_call(seller):
    order = a_double_payment()
    Payment.objects.update(refundable_until=database_now() - timedelta(seconds=1))

    approvals.approve(Refund.objects.get().pk, actor=seller)
    send_refunds()

    assert refunds_of(order) == [("manual", TOTAL, "duplicate")]
    assert at_the_gateway() == []
    assert mails_of(order)[-1] == "payout_account"


def test_a_rail_that_pays_nothing_back_is_never_called(monkeypatch):
    by_hand_only(monkeypatch)
    order = a_canceled_order()

    send_refunds()

    assert refunds_of(order) == [("manual", TOTAL, "buyer")]
    assert at_the_gateway() == []


# Keys and look-ups


def an_old_unanswered_refund(monkeypatch, *, happened):

    order = a_canceled_order()
    with monkeypatch.context() as patch:
        answer_with(patch, Unknown("timed out"), after_booking=happened)
        send_refunds()
    Refund.objects.update(sent_at=database_now() - timedelta(hours=23, seconds=1))
    make_due()
    return order


def test_a_key_of_yesterday_is_looked_up_and_found(monkeypatch):
    order = an_old_unanswered_refund(monkeypatch, happened=True)

    send_refunds()

    assert refunds_of(order) == [("succeeded", TOTAL, "buyer")]
    assert len(at_the_gateway()) == 1


def test_a_key_of_yesterday_is_never_replayed(monkeypatch):
    order = an_old_unanswered_refund(monkeypatch, happened=False)

    send_refunds()

    assert at_the_gateway() == []
    assert refunds_of(order) == [
        ("failed", TOTAL, "buyer"),
        ("manual", TOTAL, "buyer"),
    ]
    assert "never heard" in Refund.objects.earliest("pk").failure


def test_pauses_grow_and_at_last_a_human_is_told(monkeypatch):

    order = a_canceled_order()
    refund_sending.request_all_owed()
    down = Unavailable("no route to host")
    answer_with(monkeypatch, down, after_booking=False)
    monkeypatch.setattr(SandboxGateway, "fetch_refund", _raise(down))
    pauses = []

    for _n in range(Refund.MOST_ATTEMPTS):
        refund_sending.send_due()
        refund = Refund.objects.get()
        pauses.append(round((refund.next_attempt_at - database_now()).seconds / 60))
        make_due()

    assert pauses[:5] == [5, 15, 30, 60, 60]
    assert payment_of(order).needs_review
    assert refunds_of(order) == [("sending", TOTAL, "buyer")]


def _raise(error):
    def fetch(*_args):
        raise error

    return fetch


def test_a_refund_that_fails_later_is_reversed_listed_and_told():
    order = place_order(make_offer())
    finish(order, "refund_fails_later")
    cancellation.cancel_as_shown(order.pk, shown=TOTAL)

    send_refunds()

    assert ledger_of(order)[-2:] == [("refund", TOTAL), ("refund_failed", TOTAL)]
    assert refunds_of(order) == [
        ("failed", TOTAL, "buyer"),
        ("manual", TOTAL, "buyer"),
    ]
    told = Message.objects.get(kind="payout_account")
    assert "came back" in told.subject or "kembali" in told.subject
    assert f"/o/{order.token}/refund/" in told.text
    assert sums_of(order) == ("canceled", TOTAL, 0, 0)
    assert_invariants()
