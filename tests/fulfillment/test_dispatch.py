"""Parcels: what leaves is counted, told once, and for five minutes taken back."""

from datetime import timedelta

import pytest
from django.core import mail

from campaigns.actors import SYSTEM
from campaigns.errors import InvalidTransition
from campaigns.models import Batch
from fulfillment import dispatch
from fulfillment.errors import (
    NotAllShipped,
    NotShippable,
    NumberInUse,
    WrongContents,
)
from fulfillment.models import Shipment
from orders import cancellation
from orders.mail import outbox
from orders.models import Order
from tests.concurrency.racing import assert_invariants
from tests.drafts import end_hold, mails_of, place_order
from tests.fulfillment.goods import (
    in_production,
    let_window_pass,
    mail_of,
    make_carrier,
    rows_of_goods,
    ship,
    shipped_units,
)
from tests.moments import is_since

pytestmark = pytest.mark.django_db

Stage = Batch.Stage


def test_all_in_one_parcel_fulfills_the_order_and_starts_shipping():
    batch, [order, other] = in_production([2, 1], [1])

    shipment = ship(order, " KK 001 ")

    assert order.status == Order.Status.FULFILLED
    assert order.packed_at is not None
    assert order.fulfilled_at is not None
    assert shipped_units(order) == [2, 1]
    assert [line.quantity for line in shipment.lines.all()] == [2, 1]
    assert (shipment.tracking_number, shipment.courier) == ("KK 001", "Kurir Kita")
    assert shipment.tracking_page == "https://example.com/track/KK%20001"
    assert Batch.objects.get().stage == Stage.SHIPPING
    assert Order.objects.get(pk=other.pk).status == Order.Status.CONFIRMED
    assert_invariants()


def test_a_part_leaves_the_order_confirmed_and_the_batch_shipping():
    _batch, [order] = in_production([2, 1])
    first, _second = order.lines.all()

    ship(order, lines={first.pk: 1})

    assert order.status == Order.Status.CONFIRMED
    assert order.packed_at is None
    assert shipped_units(order) == [1, 0]
    assert Batch.objects.get().stage == Stage.SHIPPING

    ship(order, "KK 002")

    assert order.status == Order.Status.FULFILLED
    assert shipped_units(order) == [2, 1]
    assert Shipment.objects.count() == 2
    assert_invariants()


def test_the_mail_waits_five_minutes_and_names_courier_number_and_contents():
    _batch, [order] = in_production([2, 1])
    shipment = ship(order)

    message = mail_of(shipment)
    told_at = message.next_attempt_at - timedelta(minutes=5)
    assert is_since(shipment.shipped_at, told_at)
    assert mails_of(order)[-1] == "order_shipped"
    assert "KK 001" in message.subject
    for line in order.lines.all():
        assert f"{line.quantity} × {line.label}" in message.text
    assert "https://example.com/track/KK%20001" in message.text
    assert order.address in message.text

    outbox.deliver_due()
    assert message.subject not in [sent.subject for sent in mail.outbox]

    let_window_pass(shipment)
    outbox.deliver_due()
    assert [sent.subject for sent in mail.outbox].count(message.subject) == 1


def test_every_parcel_has_its_own_mail_and_the_first_tells_of_the_rest():
    _batch, [order] = in_production([2])
    Order.objects.update(locale="en")
    line = order.lines.get()

    first = ship(order, "KK 1", lines={line.pk: 1})
    second = ship(order, "KK 2")

    assert "the rest follows" in mail_of(first).text
    assert mail_of(second).text.startswith("Your order is on its way.")
    assert mails_of(order).count("order_shipped") == 2


def test_a_parcel_without_courier_or_number_is_sent_all_the_same():
    _batch, [order] = in_production([1])

    shipment = dispatch.ship(order.pk, carrier=None, tracking_number="", actor=SYSTEM)

    assert (shipment.courier, shipment.tracking_page) == (order.shipping_service, "")
    assert mails_of(order)[-1] == "order_shipped"


@pytest.mark.parametrize("stage", ["open", "closed", "completed", "canceled"])
def test_nothing_is_shipped_before_production_or_after_the_end(stage):
    _batch, [order] = in_production([1])
    Batch.objects.update(stage=stage)
    before = rows_of_goods()

    with pytest.raises(NotShippable):
        ship(order)

    assert rows_of_goods() == before


@pytest.mark.parametrize("status", ["pending", "expired", "canceled", "fulfilled"])
def test_only_confirmed_orders_are_shipped(status):
    _batch, [order] = in_production([1])
    Order.objects.update(status=status, expires_at="2026-01-01T00:00Z")
    before = rows_of_goods()

    with pytest.raises(NotShippable):
        ship(order)

    assert rows_of_goods() == before


@pytest.mark.parametrize("units", [0, -1, 3])
def test_a_parcel_holds_what_the_order_waits_for_and_no_more(units):
    _batch, [order] = in_production([2])
    before = rows_of_goods()

    with pytest.raises(WrongContents):
        ship(order, lines={order.lines.get().pk: units})
    with pytest.raises(WrongContents):
        ship(order, lines={})

    assert rows_of_goods() == before


def test_a_line_of_another_order_is_refused():
    _batch, [order, other] = in_production([1], [1])
    before = rows_of_goods()

    with pytest.raises(WrongContents):
        ship(order, lines={other.lines.get().pk: 1})

    assert rows_of_goods() == before


def test_a_tracking_number_is_used_once_per_courier():
    _batch, [first, second] = in_production([1], [1])
    ship(first)
    before = rows_of_goods()

    with pytest.raises(NumberInUse) as refusal:
        ship(second)

    assert refusal.value.number == "KK 001"
    assert rows_of_goods() == before

    ship(second, carrier=make_carrier("Kurir Lain"))
    assert second.status == Order.Status.FULFILLED


def test_the_buyer_cannot_cancel_what_is_in_production_or_shipped():
    _batch, [order] = in_production([1])

    for shown in (order.amount_paid, 0):
        with pytest.raises(cancellation.NotCancelable):
            cancellation.cancel_as_shown(order.pk, shown=shown)
    ship(order)
    with pytest.raises(cancellation.NotCancelable):
        cancellation.cancel_as_shown(order.pk, shown=0)

    assert order.status == Order.Status.FULFILLED


# --- the end of a batch


def test_a_batch_is_completed_when_all_is_shipped():
    batch, [order, _other] = in_production([1], [1])
    ship(order)
    before = rows_of_goods()

    with pytest.raises(NotAllShipped) as refusal:
        dispatch.complete(batch.pk, actor=SYSTEM)

    assert refusal.value.waiting == 1
    assert rows_of_goods() == before

    ship(_other, "KK 2")
    dispatch.complete(batch.pk, actor=SYSTEM)
    batch.refresh_from_db()
    assert (batch.stage, batch.completed_at is None) == (Stage.COMPLETED, False)
    assert_invariants()


def test_a_batch_that_ships_nothing_is_not_completed():
    batch, _orders = in_production([1])

    with pytest.raises(InvalidTransition):
        dispatch.complete(batch.pk, actor=SYSTEM)

    assert Batch.objects.get().stage == Stage.PRODUCTION


def test_an_expired_order_does_not_hold_the_end_up():
    batch, [order] = in_production([1])
    Batch.objects.update(stage="open", closed_at=None)
    end_hold(place_order(batch))
    Batch.objects.update(stage="production")
    ship(order)

    dispatch.complete(batch.pk, actor=SYSTEM)

    assert Batch.objects.get().stage == Stage.COMPLETED
