"""The pay page of a transfer, and choosing among several ways to pay."""

import pytest
from django.core.cache import cache

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.errors import InvalidTransition
from orders.models import Order
from payments import approvals, attempts, gateways, inbox
from payments.errors import Unavailable
from payments.models import Payment, Refund, SandboxPayment
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    ledger_of,
    make_offer,
    place_order,
    press,
    refunds_of,
    rows_of_orders,
    send_refunds,
    sums_of,
)
from tests.factories import checkout_data, make_shop
from tests.forms import fields_of
from tests.silence import faulty
from tests.transfers import (
    accept,
    make_account,
    make_transfer_offer,
    place_transfer,
    send_proof,
    transfer_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def gateways_offered(settings):
    settings.PAYMENT_GATEWAYS = ["sandbox", "bank_transfer"]


@pytest.fixture
def rate_limits(settings):
    settings.RATE_LIMITS = True
    cache.clear()
    yield
    cache.clear()


def pay_url(order):
    return f"/o/{order.token}/pay/"


def text_of(answer):
    return " ".join(answer.content.decode().replace("\xa0", " ").split())


def states(order):
    return list(order.payments.order_by("pk").values_list("gateway", "state"))


def test_the_page_tells_account_exact_amount_and_reference(client):
    order = place_transfer()
    Order.objects.update(locale="en")
    payment = transfer_of(order)

    text = text_of(client.get(pay_url(order)))

    digits = f"{payment.amount:,.0f}".replace(",", ".")
    assert f"Rp {digits[:-3]}<u>{digits[-3:]}</u>" in text
    assert f'data-copy="{payment.amount:.0f}"' in text
    assert payment.bank_account.number in text
    assert f'data-copy="{order.number}"' in text
    assert f"/o/{order.token}/proof/" in text
    assert f"Pay Rp {digits}" in text
    assert f"−Rp {payment.code}" in text


def test_the_checkout_page_says_what_each_way_means(client):
    batch = make_shop()
    make_account(batch.campaign.seller)

    page = client.get(f"/en/c/{batch.campaign.slug}/checkout/", checkout_data(batch))

    text = text_of(page)
    assert "You transfer an exact amount from your own bank." in text
    assert "You pay on the page of the payment company" in text


def test_checkout_with_transfer_leads_to_the_instructions(client):
    batch = make_shop()
    make_account(batch.campaign.seller)
    data = checkout_data(batch, payment="bank_transfer")

    placed = client.post(f"/id/c/{batch.campaign.slug}/checkout/", data)
    page = client.get(placed.url)

    assert placed.status_code == 303
    assert transfer_of(Order.objects.get()).bank_account.number in text_of(page)


def test_every_way_is_offered_and_the_current_one_marked(client):
    order = place_order(make_transfer_offer())

    page = client.get(pay_url(order))

    assert fields_of(page)["payment"] == "sandbox"
    assert 'value="bank_transfer"' in page.content.decode()


def test_one_way_alone_is_no_choice(client):
    order = place_order(make_offer())

    assert b'name="payment"' not in client.get(pay_url(order)).content


def test_switching_closes_the_first_page_before_the_second_begins(client):
    order = place_order(make_transfer_offer())

    answer = client.post(pay_url(order), {"payment": "bank_transfer"})

    assert answer.url == pay_url(order)
    assert states(order) == [("sandbox", "expired"), ("bank_transfer", "pending")]
    assert SandboxPayment.objects.get().state == "expired"
    again = client.post(pay_url(order), {"payment": "sandbox"})
    assert states(order)[1:] == [("bank_transfer", "canceled"), ("sandbox", "pending")]
    assert again.url == order.payments.latest("pk").redirect_url
    assert_invariants()


def test_money_found_while_switching_confirms_and_nothing_second_begins(client):
    order = place_order(make_transfer_offer())
    press(order.payments.get(), "pay")

    answer = client.post(pay_url(order), {"payment": "bank_transfer"})

    assert answer.url == pay_url(order)
    assert states(order) == [("sandbox", "confirmed")]
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert ledger_of(order) == [("payment", TOTAL)]


def approve_twice(refund):
    approvals.approve(refund.pk, actor=SYSTEM)
    with pytest.raises(InvalidTransition):
        approvals.approve(refund.pk, actor=SYSTEM)
    send_refunds()
    Refund.objects.update(next_attempt_at=database_now())
    send_refunds()


def test_paid_by_transfer_and_then_on_the_page_left_before_the_page_is_returned(client):
    order = place_order(make_transfer_offer())
    first = order.payments.get()
    client.post(pay_url(order), {"payment": "bank_transfer"})
    accept(send_proof(order))
    transferred = transfer_of(order).amount

    press(first, "pay_late")
    inbox.process_due()

    [refund] = Refund.objects.all()
    assert (refund.payment, refund.amount) == (first, TOTAL)
    assert refunds_of(order) == [("requested", TOTAL, "duplicate")]
    assert sums_of(order) == ("confirmed", transferred + TOTAL, 0, 0)
    send_refunds()
    assert SandboxPayment.objects.get().refunds == {}

    approve_twice(refund)

    assert len(SandboxPayment.objects.get().refunds) == 1
    assert refunds_of(order) == [("succeeded", TOTAL, "duplicate")]
    assert sums_of(order) == ("confirmed", transferred + TOTAL, TOTAL, 0)
    assert_invariants()


def test_paid_on_the_page_and_then_by_transfer_the_transfer_is_returned_by_hand(client):
    order = place_order(make_transfer_offer())
    first = order.payments.get()
    client.post(pay_url(order), {"payment": "bank_transfer"})
    proof = send_proof(order)
    press(first, "pay_late")
    inbox.process_due()
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)

    accept(proof)

    transfer = transfer_of(order)
    back = transfer.amount_received
    refund = Refund.objects.get()
    assert (refund.payment, refund.amount, refund.source) == (
        *(transfer, back),
        "duplicate",
    )
    approve_twice(refund)
    assert refunds_of(order) == [("manual", back, "duplicate")]
    assert SandboxPayment.objects.get().refunds == {}
    assert_invariants()


def test_a_gateway_that_does_not_answer_keeps_its_page_and_the_buyer_is_told(client):
    order = place_order(make_transfer_offer())

    with faulty(cancel=Unavailable("down")):
        answer = client.post(pay_url(order), {"payment": "bank_transfer"})

    assert answer.status_code == 409
    assert b'role="alert"' in answer.content
    assert states(order) == [("sandbox", "pending")]


def test_a_transfer_under_review_is_not_left(client):
    order = place_transfer()
    send_proof(order)

    page = client.get(pay_url(order))
    answer = client.post(pay_url(order), {"payment": "sandbox"})

    assert 'name="payment"' not in page.content.decode()
    assert answer.status_code == 409
    assert states(order) == [("bank_transfer", "pending")]


@pytest.mark.parametrize("way", ["stripe", "bank", "", "sandbox\x00", "x" * 5000])
def test_a_way_that_is_not_offered_changes_nothing(client, way):
    order = place_order(make_transfer_offer())
    before = list(Payment.objects.values())

    answer = client.post(pay_url(order), {"payment": way})

    assert answer.status_code in (303, 409)
    assert list(Payment.objects.values()) == before


def test_a_way_whose_limits_the_amount_passes_is_not_offered(client, monkeypatch):
    order = place_order(make_transfer_offer())
    takes = gateways.base.Caps.takes
    monkeypatch.setattr(
        gateways.base.Caps,
        "takes",
        lambda caps, amount, currency: takes(caps, amount, currency) and amount < 5,
    )
    client.post(pay_url(order), {"payment": "bank_transfer"})

    page = client.get(pay_url(order))

    assert 'value="sandbox"' not in page.content.decode()


def test_who_switches_without_end_stays_with_the_page_that_is_open(client, monkeypatch):
    monkeypatch.setattr(attempts, "MOST_PER_ORDER", 3)
    order = place_order(make_transfer_offer())
    for way in ("bank_transfer", "sandbox"):
        client.post(pay_url(order), {"payment": way})
    before = rows_of_orders()

    refused = client.post(pay_url(order), {"payment": "bank_transfer"})
    kept = client.post(pay_url(order), {"payment": "sandbox"})

    assert refused.status_code == 409
    assert b'role="alert"' in refused.content
    assert kept.url == order.payments.latest("pk").redirect_url
    assert rows_of_orders() == before
    an_hour_ago = database_now() - attempts.COUNTED_WITHIN
    Payment.objects.update(created_at=an_hour_ago)
    client.post(pay_url(order), {"payment": "bank_transfer"})
    assert states(order)[-1] == ("bank_transfer", "pending")


def test_one_address_presses_pay_so_often_and_then_waits(client, rate_limits):
    order = place_order(make_transfer_offer())

    answers = [client.post(pay_url(order)).status_code for _n in range(61)]

    assert answers == [303] * 60 + [429]
    assert client.get(pay_url(order)).status_code == 200
    assert Payment.objects.count() == 1


def test_another_orders_pages_are_not_found(client):
    order = place_transfer()

    for page in ("pay", "proof", "pay/return"):
        assert client.get(f"/o/{order.token[:-1]}/{page}/").status_code == 404


def test_the_page_costs_these_statements(client, django_assert_num_queries):
    order = place_transfer()

    with django_assert_num_queries(6):
        client.get(pay_url(order))
