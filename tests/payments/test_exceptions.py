"""Money that fits nothing: the seller sees it once, with a button for each end."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaigns.actors import SYSTEM
from campaigns.errors import InvalidTransition
from campaigns.models import Batch, Membership
from orders import cancellation
from orders.models import Message, Order
from payments import expiry, gateways, inbox, settlement, suspense
from payments.models import Discrepancy, Payment, SandboxPayment
from tests.concurrency.racing import assert_invariants
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

pytestmark = [pytest.mark.django_db, pytest.mark.once]

SHORT = TOTAL * 9 / 10
USD = "USD"


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("admin"))
    return client


def paid_short():
    order = place_order(make_offer())
    finish(order, "pay_less")
    return order


def paid_in_dollars():
    order = place_order(make_offer())
    SandboxPayment.objects.update(currency=USD)
    finish(order, "pay")
    return order


def step(staff, payment, name, **data):
    url = reverse(f"admin:payments_payment_{name}", args=[payment.pk])
    return staff.post(url, data)


def exceptions(staff):
    url = reverse("admin:payments_payment_changelist")
    return staff.get(f"{url}?needs_review__exact=1").content.decode()


def flagged():
    return Payment.objects.filter(needs_review=True).count()


def test_short_money_is_set_aside_and_shown_with_both_buttons(staff):
    order = paid_short()

    page = exceptions(staff)

    assert sums_of(order) == ("pending", 0, 0, 0)
    assert ledger_of(order) == [("suspense", SHORT)]
    assert "Rp\xa0151.200" in page
    steps = [
        name for name in ("credit", "send-back", "returned") if f"/{name}/" in page
    ]
    assert steps == ["credit", "send-back"]


def test_counted_it_is_part_of_what_is_due(staff):
    order = paid_short()

    answer = step(staff, payment_of(order), "credit")

    assert answer.status_code == 302
    assert sums_of(order) == ("pending", SHORT, 0, 0)
    assert ledger_of(order) == [("suspense", SHORT), ("assigned", SHORT)]
    assert flagged() == 0
    event = order.events.latest("pk")
    assert (event.kind, event.actor) == ("suspense_credited", "staff")
    page = Client().get(f"/o/{order.token}/pay/").content.decode()
    assert "16.800" in page
    assert_invariants()


def test_counted_twice_it_is_counted_once(staff):
    order = paid_short()
    step(staff, payment_of(order), "credit")
    before = rows_of_orders()

    step(staff, payment_of(order), "credit")
    with pytest.raises(InvalidTransition):
        suspense.credit(payment_of(order).pk, actor=SYSTEM)

    assert rows_of_orders() == before


def test_short_and_then_paid_in_full_what_came_first_is_owed_back(staff):
    order = paid_short()
    Client().post(f"/o/{order.token}/pay/")
    finish(order, "pay")
    first = order.payments.earliest("pk")

    step(staff, first, "credit")

    assert sums_of(order) == ("confirmed", TOTAL + SHORT, 0, 0)
    assert [row[1:] for row in refunds_of(order)] == [(SHORT, "duplicate")]
    assert_invariants()


def test_sent_back_it_is_refunded_once_and_the_order_goes_on(staff):
    order = paid_short()

    step(staff, payment_of(order), "send-back", note="Please pay all of it")

    assert refunds_of(order) == [("requested", SHORT, "admin")]
    send_refunds()
    send_refunds()

    assert sums_of(order) == ("pending", SHORT, SHORT, 0)
    assert [kind for kind, _amount in ledger_of(order)] == [
        *("suspense", "assigned", "refund"),
    ]
    assert mails_of(order)[-1] == "refund_sent"
    Client().post(f"/o/{order.token}/pay/")
    finish(order, "pay")
    assert sums_of(order) == ("confirmed", TOTAL + SHORT, SHORT, 0)
    assert_invariants()


def test_another_currency_can_only_be_sent_back_by_hand(staff):
    order = paid_in_dollars()
    payment = payment_of(order)
    page = exceptions(staff)
    offered = [n for n in ("credit", "send-back", "returned") if f"/{n}/" in page]
    assert offered == ["returned"]
    with pytest.raises(InvalidTransition):
        suspense.credit(payment.pk, actor=SYSTEM)
    assert payment_of(order).needs_review

    step(staff, payment, "returned", reference="Wise 4711")

    assert sums_of(order) == ("pending", 0, 0, 0)
    entries = order.ledger_entries.values_list("kind", "debit", "credit", "currency")
    assert list(entries) == [
        ("suspense", "gateway:sandbox", "suspense", USD),
        ("returned", "suspense", "gateway:sandbox", USD),
    ]
    assert order.events.latest("pk").personal == {"note": "Wise 4711"}
    assert flagged() == 0
    step(staff, payment, "returned", reference="Wise 4711")
    assert order.ledger_entries.count() == 2
    assert_invariants()


def test_the_end_of_the_hold_returns_what_was_set_aside():
    order = paid_short()
    run_out(order)

    expiry.expire_overdue()
    send_refunds()

    told = Message.objects.get(order=order, kind="order_expired")
    assert "151.200" in told.text
    assert sums_of(order) == ("expired", SHORT, SHORT, 0)
    assert payment_of(order).amount_in_suspense == 0
    assert_invariants()


def mail_of(order, kind):
    return order.messages.get(kind=kind)


def test_at_the_end_of_the_hold_the_mail_tells_of_the_other_currency():
    order = paid_in_dollars()
    Order.objects.update(locale="en")
    run_out(order)

    assert expiry.expire_overdue() == 1

    told = mail_of(order, "order_expired")
    assert "US$\xa0168,000.00 arrived, Rp\xa0168.000 was asked for." in told.text
    assert "cannot be counted. The seller looks at it and sends it back." in told.text
    assert "No payment arrived" not in told.text
    assert sums_of(order) == ("expired", 0, 0, 0)
    assert payment_of(order).amount_in_suspense == TOTAL
    assert flagged() == 1
    assert_invariants()


def test_late_money_of_another_currency_is_told_as_what_it_is():
    order = place_order(make_offer())
    Order.objects.update(locale="en")
    end_hold(order)
    SandboxPayment.objects.update(currency=USD)

    finish(order, "pay_late")

    told = mail_of(order, "late_payment")
    assert told.subject == f"Paid too late – {order.number}"
    assert "US$\xa0168,000.00 arrived, Rp\xa0168.000 was asked for." in told.text
    assert "Rp\xa00" not in told.text
    assert sums_of(order) == ("expired", 0, 0, 0)
    assert refunds_of(order) == []
    assert_invariants()


@pytest.mark.parametrize(
    ("make", "came", "follows"),
    [
        (paid_short, "Rp\xa0151.200", "It is returned to you."),
        (
            paid_in_dollars,
            "US$\xa0168,000.00",
            "The seller looks at it and sends it back.",
        ),
    ],
)
def test_who_cancels_is_told_of_what_was_set_aside(make, came, follows):
    order = make()
    Order.objects.update(locale="en")

    cancellation.cancel_as_shown(order.pk, shown=0)

    told = mail_of(order, "order_canceled").text
    assert f"{came} arrived, Rp\xa0168.000 was asked for. {follows}" in told.replace(
        "It is another currency than the order’s, so it cannot be counted. ", ""
    )
    assert "nothing is to be paid or returned" not in told


@pytest.mark.parametrize("kind", ["batch_canceled", "minimum_missed"])
def test_a_batch_that_ends_tells_of_what_was_set_aside(kind):
    order = paid_in_dollars()
    Order.objects.update(locale="en")
    order.batch.cancel(actor=SYSTEM)
    if kind == "minimum_missed":
        Batch.objects.update(minimum_missed_at=order.placed_at)

    assert cancellation.cancel_with_batch(order.pk)

    assert "US$\xa0168,000.00 arrived" in mail_of(order, kind).text
    assert "nothing is to be paid or returned" not in mail_of(order, kind).text


def test_money_taken_back_is_due_again_and_on_the_list(staff):
    order = place_paid(make_offer())
    truth = gateways.get("sandbox").fetch(gateways.payment_in(payment_of(order)))

    settlement.apply(payment_of(order), replace(truth, reversed=TOTAL))

    assert sums_of(order) == ("confirmed", 0, 0, 0)
    payment = payment_of(order)
    assert payment.review_reason == "taken back by the gateway: 168000.00"
    step(staff, payment, "looked-at", note="Called the buyer")
    assert flagged() == 0
    assert order.events.latest("pk").personal == {"note": "Called the buyer"}
    assert_invariants()


def test_looking_away_from_money_set_aside_is_not_offered(staff):
    order = paid_short()

    step(staff, payment_of(order), "looked-at", note="fine")

    assert flagged() == 1


def test_a_step_without_its_reason_is_asked_for_it(staff):
    order = paid_short()

    answer = step(staff, payment_of(order), "send-back", note="")

    assert answer.status_code == 409
    assert sums_of(order) == ("pending", 0, 0, 0)
    assert payment_of(order).amount_in_suspense == SHORT


def test_money_for_nobody_is_listed_for_a_human(monkeypatch):
    monkeypatch.setattr(inbox, "GIVE_UP_AFTER", inbox.FIRST_PAUSE * 0)
    order = place_order(make_offer())

    press(payment_of(order), "unknown_order")
    inbox.process_due()

    assert Discrepancy.objects.get().kind == "event_dead"
    assert sums_of(order) == ("pending", 0, 0, 0)


def test_the_pay_page_says_what_arrived_before_it_asks_again():
    order = paid_short()

    page = Client().get(f"/o/{order.token}/pay/").content.decode()

    assert "Rp\xa0151.200" in page
    assert "Rp\xa0168.000" in page
    assert page.index("151.200") < page.index('method="post"')
    assert payment_of(order).state == "confirmed"


@pytest.mark.parametrize("make", [paid_short, paid_in_dollars])
def test_the_status_page_says_it_too(make):
    order = make()

    page = Client().get(order.get_absolute_url()).content.decode()

    came = "Rp\xa0151.200" if make is paid_short else "168,000"
    assert came in page


def test_packers_are_not_told_amounts_and_may_do_nothing():
    order = paid_short()
    packer = User.objects.create_user("packer", is_staff=True)
    seller = order.batch.campaign.seller
    Membership.objects.create(seller=seller, user=packer, role="packer")
    client = Client()
    client.force_login(packer)

    answers = [
        step(client, payment_of(order), name, note="x", reference="x").status_code
        for name in ("credit", "send-back", "returned", "looked-at")
    ]

    assert set(answers) <= {302, 403, 404}
    assert payment_of(order).amount_in_suspense == SHORT
    assert Decimal(payment_of(order).amount_received) == 0


def test_notifications_again_move_nothing_set_aside():
    order = paid_short()
    before = rows_of_orders()

    notify(
        {"id": "e9", "type": "payment.paid", "reference": payment_of(order).reference}
    )
    inbox.process_due()

    assert rows_of_orders() == before
