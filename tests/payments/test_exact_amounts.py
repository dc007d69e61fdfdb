"""Each open transfer of an account asks for an amount of its own."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.models import Campaign, Variant
from orders.models import Message, Order
from payments import attempts
from payments.models import Payment, StatementLine
from payments.statements import booking as statement_booking
from payments.transfers import exact_amounts
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    finish,
    mails_of,
    make_offer,
    place_order,
    refunds_of,
    run_out,
    sums_of,
)
from tests.factories import make_campaign
from tests.transfers import (
    make_account,
    make_transfer_offer,
    place_transfer,
    transfer_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def gateways_offered(settings):
    settings.PAYMENT_GATEWAYS = ["sandbox", "bank_transfer"]


def test_an_order_asks_for_its_total_less_a_code():
    order = place_transfer()

    payment = transfer_of(order)
    assert (payment.state, payment.gateway) == ("pending", "bank_transfer")
    assert 1 <= payment.code <= 999
    assert payment.amount == TOTAL - payment.code
    assert payment.redirect_url == ""
    assert sums_of(order) == ("pending", 0, 0, 0)
    assert order.total == TOTAL
    assert mails_of(order) == ["payment_instructions", "order_placed"]


def test_the_mail_tells_all_that_a_transfer_needs():
    order = place_transfer()

    payment = transfer_of(order)
    text = Message.objects.get(kind="payment_instructions").text
    digits = f"{payment.amount:,.0f}".replace(",", ".")
    for part in (digits, payment.bank_account.number, "Nila Studio", order.number):
        assert part in text
    placed = Message.objects.get(kind="order_placed").text
    assert "168.000" not in placed.split("Pesanan")[0].split("Order")[0]


def test_open_amounts_of_an_account_are_all_different():
    batch = make_transfer_offer(capacity=60)

    amounts = [transfer_of(place_transfer(batch)).amount for _n in range(40)]

    assert len(set(amounts)) == 40


def test_an_amount_taken_meanwhile_is_tried_again(monkeypatch):
    batch = make_transfer_offer()
    first = transfer_of(place_transfer(batch))
    codes = iter([first.code, first.code, 5 if first.code != 5 else 6])
    monkeypatch.setattr(exact_amounts, "_free_code", lambda *_args: next(codes))

    second = transfer_of(place_transfer(batch))

    assert second.code in (5, 6)
    assert Order.objects.count() == 2
    assert_invariants()


def test_control_without_the_constraints_second_try_the_buyer_would_be_refused(
    monkeypatch,
):
    batch = make_transfer_offer()
    first = transfer_of(place_transfer(batch))
    monkeypatch.setattr(exact_amounts, "_free_code", lambda *_args: first.code)
    monkeypatch.setattr(exact_amounts, "TRIES", 1)

    order = place_transfer(batch)

    assert order.status == "pending"
    assert not order.payments.exists()


def test_without_a_free_amount_the_order_waits_and_another_way_is_open(
    client, monkeypatch
):
    monkeypatch.setattr(exact_amounts, "_free_code", lambda *_args: None)
    order = place_transfer()

    refused = client.post(f"/o/{order.token}/pay/", {"payment": "bank_transfer"})
    begun = client.post(f"/o/{order.token}/pay/", {"payment": "sandbox"})

    assert order.status == "pending"
    assert refused.status_code == 409
    assert b'role="alert"' in refused.content
    assert begun.url == order.payments.get().redirect_url


def test_a_second_account_helps_out(monkeypatch):
    batch = make_transfer_offer()
    spare = make_account(batch.campaign.seller, bank="Mandiri", position=1)
    free_code = exact_amounts._free_code
    monkeypatch.setattr(
        exact_amounts,
        "_free_code",
        lambda payment, due: (
            free_code(payment, due) if payment.bank_account == spare else None
        ),
    )

    assert transfer_of(place_transfer(batch)).bank_account == spare


def test_amounts_of_attempts_that_ended_lately_rest():
    batch = make_transfer_offer()
    old, lately = [transfer_of(place_transfer(batch)) for _n in range(2)]
    Payment.objects.update(state="canceled")
    long_ago = database_now() - timedelta(days=15)
    Payment.objects.filter(pk=old.pk).update(created_at=long_ago)
    Order.objects.filter(pk=old.order_id).update(expires_at=long_ago)
    asked = Payment(
        order=old.order,
        bank_account=old.bank_account,
        currency="IDR",
        amount=TOTAL,
        gateway="bank_transfer",
    )

    resting, in_use = exact_amounts._codes_in_use(asked, TOTAL)

    assert (resting, in_use) == ({lately.code}, set())


def test_with_all_modest_codes_at_rest_one_of_them_is_used_again(monkeypatch):
    batch = make_transfer_offer()
    every = set(range(1, 1000))
    monkeypatch.setattr(exact_amounts, "_codes_in_use", lambda *_a: (every, {1, 2}))

    payment = transfer_of(place_transfer(batch))

    assert payment.code > 2


@pytest.mark.parametrize(
    ("currency", "price", "most"),
    [
        ("IDR", "150000", 999),
        ("IDR", "5000", 99),
        ("IDR", "90", 89),
        ("USD", "25.00", 99),
        ("USD", "1000.00", 999),
        ("USD", "0.50", 49),
    ],
)
def test_a_code_stays_modest_and_the_amount_positive(currency, price, most):
    payment = Payment(currency=currency, amount=Decimal(price))

    assert next(exact_amounts._bands(payment, Decimal(price))) == most


def test_cents_are_taken_off_in_cents():
    campaign = make_campaign(currency="USD")
    batch = make_transfer_offer(campaign=campaign)
    campaign.seller.shipping_options.update(currency="USD")
    Variant.objects.update(price="30.00")

    payment = transfer_of(place_transfer(batch))

    due = payment.order.total
    assert payment.amount == due - Decimal(payment.code) / 100
    assert payment.amount > 0


def test_one_rupiah_cannot_be_coded_and_offers_another_way():
    batch = make_transfer_offer()
    Variant.objects.update(price=1)
    batch.campaign.seller.shipping_options.update(base_price=0)

    order = place_transfer(batch)

    assert (order.status, order.payments.count()) == ("pending", 0)


def test_other_gateways_pay_no_statement_for_it():
    batch = make_offer()
    with CaptureQueriesContext(connection) as captured:
        place_order(batch)

    assert not [q for q in captured if "bankaccount" in q["sql"]]


def test_a_longer_hold_keeps_the_amount(client):
    order = place_transfer()
    amount = transfer_of(order).amount

    client.post(f"/o/{order.token}/extension/")

    payment = order.payments.get()
    assert (payment.state, payment.amount) == ("pending", amount)


def test_the_balance_is_transferred_to_the_rupiah_too(client):
    batch = make_transfer_offer()
    Campaign.objects.update(plan="deposit", deposit_percent=50)
    order = place_order(batch)
    finish(order, "pay")

    balance = attempts.begin(order, wanted="bank_transfer")

    assert balance.purpose == "balance"
    assert balance.amount == order.total - order.deposit - balance.code


def test_no_account_no_transfer(client, settings):
    batch = make_offer()

    page = client.get(f"/id/c/{batch.campaign.slug}/checkout/")

    assert b"bank_transfer" not in page.content
    run_out(place_order(batch))


def test_who_pays_the_same_due_again_gets_no_second_discount():
    order = place_transfer()
    transfer = transfer_of(order)
    attempts.begin(order, wanted="sandbox")
    finish(order, "pay")
    line = StatementLine.objects.create(
        account=transfer.bank_account,
        fingerprint="f",
        booked_on=order.placed_at.date(),
        amount=transfer.amount,
    )

    statement_booking.confirm(line.pk, transfer.pk, actor=SYSTEM)

    order.refresh_from_db()
    assert (order.total, order.discount) == (TOTAL, 0)
    assert refunds_of(order) == [("manual", transfer.amount, "duplicate")]
    assert_invariants()


def test_going_to_and_fro_between_ways_to_pay_ends(client, monkeypatch):
    monkeypatch.setattr(attempts, "MOST_PER_ORDER", 4)
    order = place_transfer()
    page = f"/o/{order.token}/pay/"

    answers = [
        client.post(page, {"payment": way}).status_code
        for way in ("sandbox", "bank_transfer") * 3
    ]

    # Then no other way is begun, and the open one can still be gone on with.
    assert answers == [303, 303, 303, 409, 303, 409]
    assert order.payments.count() == 4
    assert mails_of(order).count("payment_instructions") == 2
    assert_invariants()
