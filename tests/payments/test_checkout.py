"""Placing an order writes everything once, or nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.errors import BatchClosed, SoldOut, WindowChanged
from campaigns.models import Allotment, Batch, Campaign, ShippingOption, Variant
from orders import tallies
from orders.models import BuyerTally, Message, Order, OrderEvent, OrderLine
from orders.tallies import BuyerLimitReached
from payments import attempts
from payments.checkout.placing import deposit_of, place
from payments.dues import balance_of, due_now
from payments.errors import Unavailable
from payments.gateways.sandbox import SandboxGateway
from payments.models import LedgerEntry, Payment, SandboxPayment
from tests.drafts import (
    TOTAL,
    finish,
    ledger_of,
    mails_of,
    make_draft,
    make_offer,
    new_key,
    payment_of,
    place_order,
    rows_of_orders,
    sums_of,
)
from tests.moments import is_since

pytestmark = pytest.mark.django_db


def assert_refused(draft, refusal):
    before = rows_of_orders()
    with pytest.raises(refusal) as caught:
        place(draft, gateway="sandbox", submit_key=new_key())
    assert rows_of_orders() == before
    assert mail.outbox == []
    return caught.value


def test_everything_is_written_once():
    batch = make_offer(variants=2)
    draft = make_draft(batch, units=[2, 1])
    key = new_key()

    placed = place(draft, gateway="sandbox", submit_key=key)

    order = Order.objects.get()
    assert placed == order
    assert (order.status, order.submit_key) == ("pending", key)
    assert (order.goods, order.shipping, order.discount) == (450_000, 18_000, 0)
    assert (order.total, order.deposit) == (468_000, 468_000)
    assert (order.amount_paid, order.amount_refunded, order.amount_kept) == (0, 0, 0)
    lines = OrderLine.objects.values_list(
        "ordered", "quantity", "shipped", "unit_price"
    )
    assert list(lines) == [(2, 2, 0, 150_000), (1, 1, 0, 150_000)]
    assert list(OrderEvent.objects.values_list("kind", "actor")) == [
        ("placed", "buyer")
    ]
    assert mails_of(order) == ["order_placed"]
    assert list(BuyerTally.objects.values_list("units", flat=True)) == [3, 3]
    assert list(Allotment.objects.values_list("taken", flat=True)) == [2, 1]
    taken = Batch.objects.values_list("taken", "orders_taken", "goods_taken").get()
    assert taken == (3, 1, 450_000)
    payment = Payment.objects.get()
    assert (payment.state, payment.amount, payment.purpose) == (
        "pending",
        468_000,
        "full",
    )
    assert SandboxPayment.objects.get().session == payment.gateway_reference
    assert not LedgerEntry.objects.exists()
    assert mail.outbox == []


def test_an_order_keeps_the_promise_and_the_buyer_it_was_placed_with():
    batch = make_offer(schedule_version=3)
    draft = make_draft(batch, email="Ani@Example.com", phone="+6281234567890")

    order = place(draft, gateway="sandbox", submit_key=new_key())

    assert (order.promised_from, order.promised_until) == (
        batch.ships_from,
        batch.ships_until,
    )
    assert order.schedule_version == 3
    assert (order.name, order.email) == (draft.buyer["name"], "Ani@Example.com")
    assert order.limit_keys == tallies.identities(
        email="ani@example.com", phone="+6281234567890"
    )
    assert (order.locale, order.time_zone) == ("id", "Asia/Jakarta")


def test_the_hold_ends_by_the_database_clock():
    draft = make_draft(make_offer())

    order = place(draft, gateway="sandbox", submit_key=new_key())

    order.refresh_from_db()
    assert order.expires_at == draft.batch.clock + timedelta(minutes=1440)
    assert is_since(draft.batch.clock, order.placed_at)


def test_a_full_batch_is_refused_with_what_is_left():
    batch = make_offer(capacity=2)
    place_order(batch)

    refusal = assert_refused(make_draft(batch, units=[2]), SoldOut)

    assert [(short.wanted, short.left) for short in refusal.shortages] == [(2, 1)] * 2


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"stage": "closed"}, BatchClosed),
        ({"stage": "production"}, BatchClosed),
        ({"closes_at": timezone.now() - timedelta(seconds=1)}, BatchClosed),
        ({"opens_at": timezone.now() + timedelta(hours=1)}, BatchClosed),
        ({"schedule_version": 2}, WindowChanged),
        ({"capacity": 0}, SoldOut),
        ({"order_capacity": 0}, SoldOut),
        ({"goods_capacity": 149_999}, SoldOut),
    ],
)
def test_what_changed_since_the_page_was_drawn_is_refused(change, refusal):
    draft = make_draft(make_offer())
    Batch.objects.update(**change)

    assert_refused(draft, refusal)


@pytest.mark.parametrize("change", [{"capacity": 1}, {"sale": "stopped"}])
def test_one_short_variant_refuses_the_whole_order(change):
    batch = make_offer(variants=2)
    draft = make_draft(batch, units=[1, 2])
    Allotment.objects.filter(pk=draft.lines[1].allotment.pk).update(**change)

    assert_refused(draft, SoldOut)


def test_the_limit_counts_over_orders_and_by_either_identity():
    batch = make_offer()
    Campaign.objects.update(buyer_limit=2)
    place_order(batch, email="ani@example.com", phone="+6281234567890")

    same_mail = make_draft(batch, units=[2], email="ANI+lagi@example.com")
    same_phone = make_draft(batch, units=[2], phone="+6281234567890")

    assert_refused(same_mail, BuyerLimitReached)
    assert_refused(same_phone, BuyerLimitReached)


def test_the_same_submit_key_a_day_later_leads_to_the_same_order():
    batch = make_offer(capacity=1)
    key = new_key()
    order = place(make_draft(batch), gateway="sandbox", submit_key=key)
    Batch.objects.update(stage="closed", schedule_version=2)
    yesterday = timezone.now() - timedelta(days=1)
    Order.objects.update(placed_at=yesterday, status="expired")
    before = rows_of_orders()

    again = place(make_draft(batch, units=[3]), gateway="sandbox", submit_key=key)

    assert again == order
    assert rows_of_orders() == before


def test_a_refused_key_may_be_used_again():
    batch = make_offer()
    draft = make_draft(batch)
    Batch.objects.update(schedule_version=2)
    key = new_key()
    with pytest.raises(WindowChanged):
        place(draft, gateway="sandbox", submit_key=key)

    order = place(make_draft(Batch.objects.get()), gateway="sandbox", submit_key=key)

    assert Order.objects.get() == order


@pytest.mark.parametrize(
    ("currency", "percent", "total", "deposit"),
    [
        ("IDR", 50, "168000", "84000"),
        ("IDR", 30, "149999", "45000"),
        ("IDR", 25, "10000", "3000"),
        ("IDR", 99, "168000", "166000"),
        ("IDR", 99, "168900", "167000"),
        ("IDR", 99, "1500", "1000"),
        ("IDR", 1, "30000", "1000"),
        ("IDR", 50, "800", "800"),
        ("IDR", 50, "0", "0"),
        ("EUR", 50, "10.05", "5.03"),
        ("EUR", 33, "0.01", "0.01"),
    ],
)
def test_a_deposit_is_rounded_half_up_and_never_rounded_away(
    currency, percent, total, deposit
):
    campaign = Campaign(plan="deposit", deposit_percent=percent, currency=currency)

    assert deposit_of(campaign, Decimal(total)) == Decimal(deposit)


def test_a_full_plan_asks_for_the_odd_total_itself():
    assert deposit_of(Campaign(plan="full"), Decimal(149_999)) == 149_999


def test_deposit_and_balance_add_up_to_the_total():
    batch = make_offer()
    Variant.objects.update(price=131_999)
    Campaign.objects.update(plan="deposit", deposit_percent=30)
    order = place_order(batch)

    assert payment_of(order).purpose == "deposit"
    finish(order, "pay")
    assert sums_of(order) == ("confirmed", 45_000, 0, 0)

    balance = attempts.start(attempts.next_attempt(order.pk, "sandbox"))
    assert (balance.purpose, balance.amount) == ("balance", 104_999)
    finish(order, "pay")

    assert sums_of(order) == ("confirmed", 149_999, 0, 0)
    assert due_now(order, balance_of(order)) == 0
    assert attempts.next_attempt(order.pk, "sandbox") is None
    assert ledger_of(order) == [("payment", 45_000), ("payment", 104_999)]
    assert mails_of(order) == ["order_placed", "order_confirmed"]


def test_what_costs_nothing_is_confirmed_at_once_without_a_payment():
    batch = make_offer()
    Variant.objects.update(price=0)
    ShippingOption.objects.update(base_price=0)

    order = place_order(batch)

    assert sums_of(order) == ("confirmed", 0, 0, 0)
    assert order.confirmed_at is not None
    assert not Payment.objects.exists()
    assert mails_of(order) == ["order_placed", "order_confirmed"]
    assert Batch.objects.get().taken == 1


def test_rules_and_prices_are_those_of_the_moment_of_ordering():
    batch = make_offer()
    Campaign.objects.update(cancellation_kept_percent=40, late_payment="refund")
    order = place_order(batch)

    Campaign.objects.update(cancellation_kept_percent=90, hold_minutes=5)
    Variant.objects.update(price=1)

    order.refresh_from_db()
    assert order.rules == {
        "plan": "full",
        "deposit_percent": None,
        "free_cancellation": "until_production",
        "kept_percent": 40,
        "late_payment": "refund",
        "hold_minutes": 1440,
        "refund_rule": "Full refund until production starts.",
        "minimum_units": None,
    }
    assert (order.total, order.lines.get().unit_price) == (TOTAL, 150_000)


@pytest.mark.parametrize(
    ("grams", "units", "shipping"),
    [(250, 4, 18_000), (251, 4, 25_000), (600, 5, 32_000), (0, 1, 18_000)],
)
def test_a_begun_kilogram_is_shipped_at_its_full_price(grams, units, shipping):
    batch = make_offer()
    Variant.objects.update(weight_grams=grams)
    ShippingOption.objects.update(price_per_extra_kilogram=7_000)

    order = place_order(batch, units=[units])

    assert (order.shipping, order.total) == (shipping, units * 150_000 + shipping)


def test_an_order_stands_when_its_gateway_does_not_answer(monkeypatch):
    def start(_gateway, _payment):
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(SandboxGateway, "start", start)
        order = place_order(make_offer())

    payment = payment_of(order)
    assert (payment.state, payment.redirect_url) == ("created", "")
    key = payment.idempotency_key
    attempts.start(attempts.next_attempt(order.pk, "sandbox"))
    payment.refresh_from_db()
    assert (payment.state, payment.idempotency_key) == ("pending", key)
    assert payment.redirect_url == f"/sandbox/{payment.reference}/"
    assert Message.objects.count() == SandboxPayment.objects.count() == 1


def test_a_shop_that_offers_no_gateway_any_more_leads_to_the_open_page(settings):
    order = place_order(make_offer())
    settings.PAYMENT_GATEWAYS = []
    pay = f"/o/{order.token}/pay/"

    assert Client().post(pay).url == payment_of(order).redirect_url
    finish(order, "fail")
    assert Client().post(pay).url == pay

    assert Payment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_batch_is_locked_for_its_own_update_and_the_commit_only():
    draft = make_draft(make_offer(variants=3), units=[1, 1, 1])

    with CaptureQueriesContext(connection) as captured:
        place(draft, gateway="sandbox", submit_key=new_key())

    statements = [query["sql"].strip().upper() for query in captured]
    claims = [n for n, sql in enumerate(statements) if '"CAMPAIGNS_ALLOTMENT"' in sql]
    end = statements.index("COMMIT")
    locked = statements[claims[0] + 1 : end]
    assert len(claims) == 3
    assert [sql.split()[1] for sql in locked] == [
        '"CAMPAIGNS_ALLOTMENT"',
        '"CAMPAIGNS_ALLOTMENT"',
        '"CAMPAIGNS_BATCH"',
    ]
