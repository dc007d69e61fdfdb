"""Money goes back once: repeated, lost, refused or made elsewhere."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from campaigns.clock import database_now
from campaigns.models import Campaign, ShippingOption, Variant
from orders import cancellation
from payments import gateways, inbox
from payments.errors import Declined, Rejected, Unavailable, Unknown
from payments.gateways.sandbox import SandboxGateway
from payments.models import Refund, SandboxPayment
from payments.refunds import owed as refunds_owed
from payments.refunds import sending as refund_sending
from payments.sandbox import provider as sandbox
from payments.settlement import apply
from tests.drafts import (
    TOTAL,
    approve_refunds,
    finish,
    ledger_of,
    mails_of,
    make_offer,
    notify,
    payment_of,
    place_order,
    place_paid,
    refunds_of,
    rows_of_orders,
    send_refunds,
    sums_of,
)

pytestmark = pytest.mark.django_db

BOOKED = [("payment", TOTAL), ("refund", TOTAL)]


def a_canceled_order():
    """Paid in full and owed back in full; nothing is written of a refund yet."""
    order = place_paid(make_offer())
    cancellation.cancel_as_shown(order.pk, shown=TOTAL)
    return order


def answer_with(monkeypatch, error, *, after_booking):
    """The gateway's next answers to a refund."""
    book = SandboxGateway.refund

    def refund(gateway, request):
        if after_booking:
            book(gateway, request)
        raise error

    monkeypatch.setattr(SandboxGateway, "refund", refund)


def make_due():
    Refund.objects.update(next_attempt_at=database_now())


def at_the_gateway():
    return list(SandboxPayment.objects.get().refunds.values())


def fetched(order, **changes):
    payment = payment_of(order)
    snapshot = gateways.get("sandbox").fetch(gateways.payment_in(payment))
    return replace(snapshot, **changes)


def test_what_is_owed_is_written_once_and_sent_once():
    order = a_canceled_order()

    for _n in range(3):
        send_refunds()
        make_due()

    assert sums_of(order) == ("canceled", TOTAL, TOTAL, 0)
    assert refunds_of(order) == [("succeeded", TOTAL, "buyer")]
    assert ledger_of(order) == BOOKED
    assert [record["amount"] for record in at_the_gateway()] == ["168000.00"]
    assert mails_of(order).count("refund_sent") == 1


def test_an_intent_is_written_before_the_gateway_hears_of_it():
    order = a_canceled_order()

    assert refund_sending.request_all_owed() == 1
    assert refund_sending.request_all_owed() == 0

    assert refunds_of(order) == [("requested", TOTAL, "buyer")]
    assert payment_of(order).amount_refunding == TOTAL
    assert at_the_gateway() == []


def test_only_what_the_rule_keeps_stays():
    batch = make_offer()
    Campaign.objects.update(free_cancellation="never", cancellation_kept_percent=25)
    order = place_paid(batch)

    cancellation.cancel_as_shown(order.pk, shown=TOTAL * 3 / 4)
    send_refunds()

    assert sums_of(order) == ("canceled", TOTAL, TOTAL * 3 / 4, TOTAL / 4)
    assert not refunds_owed.orders_owed_back().exists()


def test_cents_that_floats_cannot_add_are_not_owed_back():
    batch = make_offer()
    Campaign.objects.update(
        currency="EUR", free_cancellation="never", cancellation_kept_percent=100
    )
    Variant.objects.update(price="0.10")
    ShippingOption.objects.update(currency="EUR", base_price="0.20")
    order = place_paid(batch)
    cancellation.cancel_as_shown(order.pk, shown=Decimal(0))

    assert not refunds_owed.orders_owed_back().exists()
    assert refund_sending.request_all_owed() == 0

    assert sums_of(order) == ("canceled", Decimal("0.30"), 0, Decimal("0.30"))


def test_a_lost_answer_is_looked_up_and_not_sent_again(monkeypatch):
    order = a_canceled_order()
    with monkeypatch.context() as patch:
        answer_with(patch, Unknown("timed out"), after_booking=True)
        refund_sending.request_all_owed()
        refund_sending.send_due()
    assert refunds_of(order) == [("unknown", TOTAL, "buyer")]
    assert Refund.objects.get().failure == "timed out"

    make_due()
    send_refunds()

    assert sums_of(order) == ("canceled", TOTAL, TOTAL, 0)
    assert len(at_the_gateway()) == 1
    assert ledger_of(order) == BOOKED
    assert Refund.objects.get().failure == ""


def test_a_lost_request_is_sent_again_with_the_same_key(monkeypatch):
    order = a_canceled_order()
    with monkeypatch.context() as patch:
        answer_with(patch, Unknown("timed out"), after_booking=False)
        send_refunds()
    key = Refund.objects.get().idempotency_key

    make_due()
    send_refunds()

    assert list(SandboxPayment.objects.get().refunds) == [str(key)]
    assert refunds_of(order) == [("succeeded", TOTAL, "buyer")]


def test_an_unknown_refund_is_not_looked_up_every_moment(monkeypatch):
    a_canceled_order()
    answer_with(monkeypatch, Unknown("timed out"), after_booking=False)
    send_refunds()

    assert refund_sending.send_due() == 0


def test_a_gateway_that_is_down_is_asked_again(monkeypatch):
    order = a_canceled_order()
    with monkeypatch.context() as patch:
        answer_with(patch, Unavailable("no route to host"), after_booking=False)
        send_refunds()
    assert refunds_of(order) == [("sending", TOTAL, "buyer")]
    assert refund_sending.send_due() == 0

    make_due()
    send_refunds()

    assert refunds_of(order) == [("succeeded", TOTAL, "buyer")]
    assert ledger_of(order) == BOOKED


@pytest.mark.parametrize("error", [Declined("account closed"), Rejected("no such id")])
def test_a_final_no_leaves_the_refund_to_be_paid_by_hand(monkeypatch, error):
    order = a_canceled_order()
    answer_with(monkeypatch, error, after_booking=False)

    for _n in range(3):
        send_refunds()
        make_due()

    assert refunds_of(order) == [
        ("failed", TOTAL, "buyer"),
        ("manual", TOTAL, "buyer"),
    ]
    assert payment_of(order).amount_refunding == TOTAL
    assert sums_of(order) == ("canceled", TOTAL, 0, 0)
    assert "refund_sent" not in mails_of(order)


def test_one_refund_that_breaks_stops_no_other(monkeypatch, caplog):
    broken = a_canceled_order()
    other = a_canceled_order()
    SandboxPayment.objects.filter(reference=payment_of(broken).reference).delete()

    send_refunds()

    assert refunds_of(broken) == [("sending", TOTAL, "buyer")]
    assert refunds_of(other) == [("succeeded", TOTAL, "buyer")]
    assert "DoesNotExist" in caplog.text


def test_two_workers_send_one_refund_once():
    a_canceled_order()
    refund_sending.request_all_owed()
    first, second = Refund.objects.get(), Refund.objects.get()

    assert [first.lease(), second.lease()] == [True, False]


def test_news_of_a_refund_before_its_own_answer_is_the_same_refund(monkeypatch):
    order = a_canceled_order()
    book = SandboxGateway.refund

    def refund(gateway, request):
        answer = book(gateway, request)
        reference = request.payment_reference
        notify({"id": "evt", "type": "refund.succeeded", "reference": reference})
        inbox.process_due()
        return answer

    monkeypatch.setattr(SandboxGateway, "refund", refund)
    send_refunds()

    assert sums_of(order) == ("canceled", TOTAL, TOTAL, 0)
    assert refunds_of(order) == [("succeeded", TOTAL, "buyer")]
    assert ledger_of(order) == BOOKED
    assert mails_of(order).count("refund_sent") == 1


def test_more_than_was_received_can_never_be_claimed():
    order = a_canceled_order()
    refund_sending.request_all_owed()

    with pytest.raises(IntegrityError), transaction.atomic():
        payment_of(order).claim_refund(Decimal(1))

    assert payment_of(order).amount_refunding == TOTAL


def test_unsent_refunds_are_withdrawn_when_the_money_is_needed_again():
    order = place_order(make_offer())
    finish(order, "pay_twice")
    assert refunds_of(order) == [("requested", TOTAL, "duplicate")]

    apply(payment_of(order), fetched(order, reversed=TOTAL))
    send_refunds()

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert refunds_of(order) == [("canceled", TOTAL, "duplicate")]
    assert payment_of(order).amount_refunding == 0
    assert at_the_gateway() == []


def test_a_sent_refund_is_not_withdrawn():
    order = place_order(make_offer())
    finish(order, "pay_twice")
    approve_refunds()
    send_refunds()

    apply(payment_of(order), fetched(order, reversed=TOTAL))

    assert sums_of(order) == ("confirmed", TOTAL, TOTAL, 0)
    assert refunds_of(order) == [("succeeded", TOTAL, "duplicate")]


def test_asking_twice_with_one_key_books_once_at_the_gateway():
    order = a_canceled_order()
    asked = {"reference": payment_of(order).reference, "our_reference": "R", "key": "k"}

    first = sandbox.refund(amount=TOTAL, **asked)
    second = sandbox.refund(amount=TOTAL, **asked)

    assert first == second
    assert len(at_the_gateway()) == 1


def test_an_order_that_goes_on_owes_nothing_back():
    order = place_paid(make_offer())
    before = rows_of_orders()

    send_refunds()

    assert rows_of_orders() == before
    assert not refunds_owed.orders_owed_back().filter(pk=order.pk).exists()
