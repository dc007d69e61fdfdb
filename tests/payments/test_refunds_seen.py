"""Refunds of which the shop first hears from the gateway."""

from decimal import Decimal

import pytest

from payments.errors import Declined
from payments.gateways.base import RefundSnapshot
from payments.models import Refund
from payments.refunds import sending as refund_sending
from payments.settlement import apply
from tests.drafts import (
    TOTAL,
    ledger_of,
    make_offer,
    payment_of,
    place_paid,
    refunds_of,
    send_refunds,
    sums_of,
)
from tests.payments.test_refunds import (
    BOOKED,
    a_canceled_order,
    answer_with,
    at_the_gateway,
    fetched,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def made_elsewhere(amount, *, state=Refund.State.SUCCEEDED, reference="sbr_1"):
    return RefundSnapshot(
        gateway_reference=reference, amount=Decimal(amount), state=state
    )


def test_a_refund_made_at_the_gateway_is_recorded_once():
    order = place_paid(make_offer())
    seen = fetched(order, refunds=(made_elsewhere(68_000),))

    apply(payment_of(order), seen)
    apply(payment_of(order), seen)

    assert sums_of(order) == ("confirmed", TOTAL, 68_000, 0)
    assert refunds_of(order) == [("succeeded", 68_000, "external")]
    assert ledger_of(order) == [("payment", TOTAL), ("refund", 68_000)]


def test_a_refund_made_at_the_gateway_takes_the_place_of_one_not_sent_yet():
    order = a_canceled_order()
    refund_sending.request_all_owed()

    apply(payment_of(order), fetched(order, refunds=(made_elsewhere(TOTAL),)))
    send_refunds()

    assert sums_of(order) == ("canceled", TOTAL, TOTAL, 0)
    assert refunds_of(order) == [
        ("canceled", TOTAL, "buyer"),
        ("succeeded", TOTAL, "external"),
    ]
    assert at_the_gateway() == []
    assert ledger_of(order) == BOOKED


def test_a_refund_made_at_the_gateway_is_not_paid_by_hand_as_well(monkeypatch):
    order = a_canceled_order()
    answer_with(monkeypatch, Declined("not enough balance"), after_booking=False)
    send_refunds()

    apply(payment_of(order), fetched(order, refunds=(made_elsewhere(TOTAL),)))

    assert refunds_of(order) == [
        ("failed", TOTAL, "buyer"),
        ("canceled", TOTAL, "buyer"),
        ("succeeded", TOTAL, "external"),
    ]
    assert sums_of(order) == ("canceled", TOTAL, TOTAL, 0)


def test_what_a_smaller_refund_at_the_gateway_leaves_is_still_sent():
    order = a_canceled_order()
    refund_sending.request_all_owed()

    apply(payment_of(order), fetched(order, refunds=(made_elsewhere(68_000),)))

    assert refunds_of(order) == [
        ("canceled", TOTAL, "buyer"),
        ("succeeded", 68_000, "external"),
        ("requested", 100_000, "buyer"),
    ]
    assert payment_of(order).amount_refunding == TOTAL


def test_a_refund_that_came_back_is_owed_again():
    order = a_canceled_order()
    send_refunds()
    record = at_the_gateway()[0]
    came_back = RefundSnapshot(
        gateway_reference=record["id"],
        reference=record["reference"],
        amount=TOTAL,
        state=Refund.State.FAILED,
        failure="account closed",
    )

    for _n in range(2):
        apply(payment_of(order), fetched(order, refunds=(came_back,)))

    assert sums_of(order) == ("canceled", TOTAL, 0, 0)
    assert ledger_of(order) == [*BOOKED, ("refund_failed", TOTAL)]
    assert refunds_of(order)[1:] == [("manual", TOTAL, "buyer")]
    assert Refund.objects.earliest("pk").failure == "account closed"
