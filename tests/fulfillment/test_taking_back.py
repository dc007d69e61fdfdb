"""Taking a parcel back: within five minutes, and only if nobody was told."""

from datetime import timedelta

import pytest

from campaigns.actors import SYSTEM
from campaigns.models import Batch
from fulfillment import dispatch
from fulfillment.errors import NotUndoable
from fulfillment.models import Shipment
from orders.models import Message, Order
from tests.concurrency.racing import assert_invariants
from tests.fulfillment.goods import (
    in_production,
    let_window_pass,
    mail_of,
    rows_of_goods,
    ship,
    shipped_units,
)

pytestmark = pytest.mark.django_db

Stage = Batch.Stage
Reason = NotUndoable.Reason


def test_a_parcel_is_taken_back_and_its_mail_never_sent():
    _batch, [order] = in_production([2, 1])
    confirmed_at = order.confirmed_at
    shipment = ship(order)

    dispatch.undo(shipment.pk, actor=SYSTEM)

    order.refresh_from_db()
    shipment.refresh_from_db()
    assert (shipment.state, shipment.voided_at is None) == ("voided", False)
    assert order.status == Order.Status.CONFIRMED
    assert order.confirmed_at == confirmed_at
    assert (order.packed_at, order.fulfilled_at) == (None, None)
    assert shipped_units(order) == [0, 0]
    assert mail_of(shipment).state == Message.State.ABORTED
    assert Batch.objects.get().stage == Stage.SHIPPING
    assert_invariants()


def test_its_number_can_be_used_again_and_the_buyer_is_told_once():
    _batch, [order] = in_production([1])
    dispatch.undo(ship(order).pk, actor=SYSTEM)

    again = ship(order)

    assert order.status == Order.Status.FULFILLED
    assert mail_of(again).state == Message.State.QUEUED
    assert Message.objects.filter(kind="order_shipped", state="queued").count() == 1
    assert_invariants()


def test_only_the_parcel_taken_back_is_uncounted():
    _batch, [order] = in_production([2])
    line = order.lines.get()
    ship(order, "KK 1", lines={line.pk: 1})
    second = ship(order, "KK 2")

    dispatch.undo(second.pk, actor=SYSTEM)

    order.refresh_from_db()
    assert order.status == Order.Status.CONFIRMED
    assert shipped_units(order) == [1]
    assert_invariants()


def refused(shipment):
    before = rows_of_goods()
    with pytest.raises(NotUndoable) as refusal:
        dispatch.undo(shipment.pk, actor=SYSTEM)
    assert rows_of_goods() == before
    return refusal.value.reason


def test_taking_back_twice_is_refused():
    _batch, [order] = in_production([1])
    shipment = ship(order)
    dispatch.undo(shipment.pk, actor=SYSTEM)

    assert refused(shipment) == Reason.VOIDED


def test_after_five_minutes_it_is_too_late():
    _batch, [order] = in_production([1])
    shipment = ship(order)
    let_window_pass(shipment)

    assert refused(shipment) == Reason.TOO_LATE
    assert not dispatch.is_undoable(Shipment.objects.get())


@pytest.mark.parametrize("state", ["sending", "sent", "failed"])
def test_a_sender_that_was_faster_wins(state):
    _batch, [order] = in_production([1])
    shipment = ship(order)
    lease = shipment.shipped_at + timedelta(minutes=9)
    Message.objects.filter(kind="order_shipped").update(
        state=state, leased_until=lease, attempts=1
    )

    assert refused(shipment) == Reason.TOLD


def test_a_parcel_of_a_completed_batch_stays():
    batch, [order] = in_production([1])
    shipment = ship(order)
    dispatch.complete(batch.pk, actor=SYSTEM)

    assert refused(shipment) == Reason.BATCH_OVER


def test_an_order_without_e_mail_is_taken_back_too():
    _batch, [order] = in_production([1])
    Order.objects.update(email="", source=Order.Source.CHAT)
    shipment = ship(order)
    assert not Message.objects.filter(kind="order_shipped").exists()

    dispatch.undo(shipment.pk, actor=SYSTEM)

    assert shipped_units(order) == [0]
