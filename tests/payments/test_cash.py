"""Cash is booked by the door of the gateways, and paid back by hand."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaigns.models import Batch, Membership
from orders.models import Message, OrderEvent
from payments import gateways, inbox
from payments.errors import BadSignature, Rejected
from payments.models import Payment, Refund, SandboxPayment
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    approve_refunds,
    end_hold,
    finish,
    ledger_of,
    make_offer,
    payment_of,
    place_order,
    place_paid,
    press,
    refunds_of,
    rows_of_orders,
    send_refunds,
    sums_of,
)
from tests.factories import make_campaign
from tests.forms import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    return client


def cash_url(order):
    return reverse("admin:orders_order_cash", args=[order.pk])


def give(staff, order, amount=TOTAL, **entered):
    shown = fields_of(staff.get(cash_url(order)))
    data = shown | {"amount": str(amount)} | entered
    return staff.post(cash_url(order), data)


def back_url(refund):
    return reverse("admin:payments_refund_paid-back", args=[refund.pk])


def test_cash_confirms_the_order_and_closes_the_page_that_waited(staff):
    order = place_order(make_offer())

    answer = give(staff, order, note="Diterima Ayu")

    payment = Payment.objects.get(gateway="cash")
    event = OrderEvent.objects.get(kind="cash_received")
    assert answer.status_code == 302
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert ledger_of(order) == [("payment", TOTAL)]
    assert (payment.state, payment.amount_received) == ("confirmed", TOTAL)
    assert payment_of_gateway(order, "sandbox").state == "expired"
    assert SandboxPayment.objects.get().state == "expired"
    assert (event.actor, str(event.user)) == ("staff", "admin")
    assert event.personal == {"note": "Diterima Ayu"}
    assert Message.objects.filter(kind="order_confirmed").count() == 1
    assert_invariants()


def payment_of_gateway(order, name):
    return Payment.objects.get(order=order, gateway=name)


def test_part_of_it_leaves_the_rest_due(staff, client):
    order = place_order(make_offer())

    give(staff, order, 100_000)
    first = sums_of(order)
    client.post(reverse("payment:pay", args=[order.token]))
    finish(order, "pay")

    assert first == ("pending", 100_000, 0, 0)
    assert order.payments.latest("pk").amount == TOTAL - 100_000
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert_invariants()


def test_deposit_in_cash_confirms_and_the_balance_follows(staff):
    campaign = make_campaign(plan="deposit", deposit_percent=50)
    order = place_order(make_offer(campaign=campaign))

    give(staff, order, int(order.deposit))
    status_after_deposit = sums_of(order)[0]
    give(staff, order, int(TOTAL - order.deposit))

    purposes = [p.purpose for p in order.payments.filter(gateway="cash")]
    assert status_after_deposit == "confirmed"
    assert purposes == ["deposit", "balance"]
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert_invariants()


def test_too_much_is_owed_back_by_hand_and_ends_when_paid_back(staff):
    order = place_order(make_offer())

    give(staff, order, TOTAL + 2_000)
    owed = refunds_of(order)
    send_refunds()
    refund = Refund.objects.get()
    staff.post(back_url(refund), {"reference": "Tunai, Sri 12 Nov"})

    refund.refresh_from_db()
    event = OrderEvent.objects.get(kind="refunded_by_hand")
    assert owed == [("manual", 2_000, "duplicate")]
    assert (refund.state, refund.gateway_reference) == (
        "succeeded",
        "Tunai, Sri 12 Nov",
    )
    assert sums_of(order) == ("confirmed", TOTAL + 2_000, 2_000, 0)
    assert ledger_of(order) == [("payment", TOTAL + 2_000), ("refund", 2_000)]
    assert event.personal == {"note": "Tunai, Sri 12 Nov"}
    assert_invariants()


def test_money_of_a_page_paid_all_the_same_comes_back(staff):
    order = place_order(make_offer())
    give(staff, order)

    press(payment_of_gateway(order, "sandbox"), "pay_late")
    inbox.process_due()
    approve_refunds()
    send_refunds()

    refund = Refund.objects.get()
    assert (refund.payment.gateway, refund.state) == ("sandbox", "succeeded")
    assert sums_of(order) == ("confirmed", 2 * TOTAL, TOTAL, 0)
    assert_invariants()


def test_order_paid_online_meanwhile_owes_the_cash_back(staff):
    order = place_order(make_offer())
    shown = fields_of(staff.get(cash_url(order)))
    # Paid at the gateway; its notification has not arrived.
    SandboxPayment.objects.update(state="paid", received=TOTAL)

    staff.post(cash_url(order), shown)

    assert sums_of(order) == ("confirmed", 2 * TOTAL, 0, 0)
    assert refunds_of(order) == [("manual", TOTAL, "duplicate")]
    assert_invariants()


def test_late_cash_takes_the_order_back(staff):
    batch = make_offer()
    order = place_order(batch)
    end_hold(order)

    give(staff, order)

    batch.refresh_from_db()
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert batch.taken == 1
    assert_invariants()


def test_late_cash_without_room_is_owed_back(staff):
    batch = make_offer(capacity=1)
    order = place_order(batch)
    end_hold(order)
    place_order(batch)

    give(staff, order)

    assert sums_of(order) == ("expired", TOTAL, 0, 0)
    assert refunds_of(order) == [("manual", TOTAL, "late")]
    assert_invariants()


def test_cash_after_the_start_of_production_confirms_nothing(staff):
    batch = make_offer()
    order = place_order(batch)
    end_hold(order)
    Batch.objects.filter(pk=batch.pk).update(stage="production")

    give(staff, order)

    assert sums_of(order)[0] == "expired"
    assert refunds_of(order) == [("manual", TOTAL, "late")]


def test_same_page_sent_twice_books_once(staff):
    order = place_order(make_offer())
    data = fields_of(staff.get(cash_url(order))) | {"amount": "100000"}
    staff.post(cash_url(order), data)
    before = rows_of_orders()

    staff.post(cash_url(order), data)

    assert rows_of_orders() == before
    assert sums_of(order)[1] == 100_000


@pytest.mark.parametrize(
    "amount",
    ["0", "-1", "0.5", "168.000", "", "NaN", "Infinity", "1e400", "Rp 5", "9" * 15],
)
def test_bad_amount_is_refused_and_changes_nothing(staff, amount):
    order = place_order(make_offer())
    before = rows_of_orders()

    answer = give(staff, order, amount)

    assert answer.status_code == 409
    assert rows_of_orders() == before


def test_cents_are_exact_where_there_are_any(staff):
    campaign = make_campaign(currency="USD")
    batch = make_offer(campaign=campaign)
    campaign.seller.shipping_options.update(currency="USD")
    order = place_order(batch)

    refused = give(staff, order, "0.001")
    give(staff, order, "10.50")

    assert refused.status_code == 409
    assert str(sums_of(order)[1]) == "10.50"


def test_paid_order_asks_for_no_cash(staff):
    order = place_paid(make_offer())
    before = rows_of_orders()

    staff.post(cash_url(order), {"amount": "1000", "key": "k" * 20})

    page = staff.get(reverse("admin:orders_order_change", args=[order.pk]))
    assert rows_of_orders() == before
    assert cash_url(order) not in page.content.decode()


def test_refund_is_paid_back_once_and_only_when_it_is_by_hand(staff):
    order = place_order(make_offer())
    give(staff, order, TOTAL + 2_000)
    refund = Refund.objects.get()
    empty = staff.post(back_url(refund), {"reference": " "})
    staff.post(back_url(refund), {"reference": "Tunai"})
    before = rows_of_orders()

    staff.post(back_url(refund), {"reference": "Tunai lagi"})

    assert empty.status_code == 409
    assert rows_of_orders() == before


def test_cash_is_no_way_to_pay_at_checkout(settings, client):
    settings.PAYMENT_GATEWAYS = ["cash", "sandbox"]
    order = place_order(make_offer())
    adapter = gateways.get("cash")

    assert gateways.configured() == ["sandbox"]
    assert client.post("/webhooks/cash/", b"{}", "application/json").status_code == 404
    with pytest.raises(Rejected):
        adapter.start(gateways.payment_in(payment_of(order)))
    with pytest.raises(BadSignature):
        adapter.verify({}, b"")


def test_only_who_answers_for_money_records_cash(client):
    batch = make_offer()
    order = place_order(batch)
    for role in ("manager", "packer"):
        user = User.objects.create_user(role, is_staff=True)
        Membership.objects.create(seller=batch.campaign.seller, user=user, role=role)
    before = rows_of_orders()

    answers = []
    for role in ("manager", "packer"):
        client.force_login(User.objects.get(username=role))
        answers.append(client.post(cash_url(order), {"amount": "1", "key": "k" * 20}))

    assert [answer.status_code for answer in answers] == [403, 403]
    assert rows_of_orders() == before


def test_the_history_names_who_took_the_cash_and_not_a_gateway(staff):
    order = place_order(make_offer())

    give(staff, order)

    assert order.events.get(kind="confirmed").actor == "staff"
