"""Confirm, expire, reinstate: allowed, refused, repeated."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from campaigns.actors import BUYER, GATEWAY, SYSTEM
from campaigns.clock import database_now
from campaigns.errors import InvalidTransition
from campaigns.models import Allotment, Batch, Campaign
from orders import lifecycle, reinstatement
from orders.models import BuyerTally, Order, OrderEvent
from tests.drafts import (
    mails_of,
    make_offer,
    place_order,
    rows_of_orders,
    run_out,
)

pytestmark = pytest.mark.django_db

Status = Order.Status
PAIRS = [(origin, target) for origin in Status for target in Status]
ALLOWED = [
    (origin, target)
    for origin, target in PAIRS
    if target in Order.TRANSITIONS.get(origin, ())
]


def act(step, order):
    with transaction.atomic():
        return step(lifecycle.locked(order.pk))


def assert_refused(step, order):
    before = rows_of_orders()
    with pytest.raises(InvalidTransition):
        act(step, order)
    assert rows_of_orders() == before


def order_in(status):
    order = place_order(make_offer())
    Order.objects.update(status=status)
    return Order.objects.get(pk=order.pk)


def an_expired_order(**options):
    order = place_order(make_offer(**options))
    run_out(order)
    act(lifecycle.expire, order)
    return Order.objects.get(pk=order.pk)


def held_units():
    batch = Batch.objects.values_list("taken", "orders_taken", "goods_taken").get()
    allotment = Allotment.objects.values_list("taken", flat=True).get()
    return [*batch, allotment, *BuyerTally.objects.values_list("units", flat=True)]


def test_the_states_are_those_of_the_design():
    assert {(str(origin), str(target)) for origin, target in ALLOWED} == {
        ("pending", "confirmed"),
        ("pending", "expired"),
        ("pending", "canceled"),
        ("confirmed", "fulfilled"),
        ("confirmed", "canceled"),
        ("fulfilled", "confirmed"),
        ("expired", "confirmed"),
    }


@pytest.mark.parametrize(("origin", "target"), ALLOWED)
def test_an_allowed_step_is_stamped_and_recorded_once(origin, target):
    order = order_in(origin)

    order.move_to(target, actor=SYSTEM, data={"why": "test"})

    order = Order.objects.get()
    assert order.status == target
    assert timedelta(0) <= database_now() - getattr(order, f"{target}_at")
    event = OrderEvent.objects.latest("pk")
    assert (event.kind, event.actor) == (target, "system")
    assert event.data == {"from": origin, "why": "test"}


@pytest.mark.parametrize(("origin", "target"), sorted(set(PAIRS) - set(ALLOWED)))
def test_any_other_step_is_refused_and_changes_nothing(origin, target):
    order = order_in(origin)
    before = rows_of_orders()

    with pytest.raises(InvalidTransition):
        order.move_to(target, actor=SYSTEM)

    assert rows_of_orders() == before


def test_a_stale_order_cannot_win():
    stale = place_order(make_offer())
    Order.objects.get().move_to(Status.CANCELED, actor=BUYER)
    before = rows_of_orders()

    with pytest.raises(InvalidTransition):
        stale.move_to(Status.CONFIRMED, actor=GATEWAY)

    assert rows_of_orders() == before


def test_confirming_twice_confirms_once():
    order = place_order(make_offer())

    act(lifecycle.confirm, order)
    assert_refused(lifecycle.confirm, order)

    assert mails_of(order) == ["order_placed", "order_confirmed"]


@pytest.mark.parametrize("column", ["name", "address", "phone", "email"])
def test_an_order_that_cannot_be_delivered_is_never_confirmed(column):
    order = place_order(make_offer())
    Order.objects.update(**{column: ""})
    before = rows_of_orders()

    with pytest.raises(IntegrityError), transaction.atomic():
        act(lifecycle.confirm, order)

    assert rows_of_orders() == before


def test_an_order_taken_by_chat_needs_no_mail_address():
    order = place_order(make_offer())
    Order.objects.update(email="", source="chat")

    act(lifecycle.confirm, order)

    assert Order.objects.get().status == "confirmed"
    assert mails_of(order) == ["order_placed"]


def test_an_expired_order_gives_its_units_back_once():
    order = place_order(make_offer(), units=[3])
    run_out(order)
    assert held_units() == [3, 1, 450_000, 3, 3, 3]

    act(lifecycle.expire, order)
    assert_refused(lifecycle.expire, order)

    assert held_units() == [0, 0, 0, 0, 0, 0]
    assert mails_of(order) == ["order_placed", "order_expired"]


def test_no_order_expires_before_its_end():
    order = place_order(make_offer())
    Order.objects.update(expires_at=database_now() + timedelta(seconds=30))

    assert_refused(lifecycle.expire, order)


def test_a_confirmed_order_never_expires():
    order = place_order(make_offer())
    run_out(order)
    act(lifecycle.confirm, order)

    assert_refused(lifecycle.expire, order)


def test_an_order_is_reinstated_with_all_it_held():
    order = an_expired_order(capacity=1)

    assert act(reinstatement.reinstate, order)

    order.refresh_from_db()
    assert order.status == "confirmed"
    assert held_units() == [1, 1, 150_000, 1, 1, 1]
    assert mails_of(order)[-1] == "order_confirmed"
    event = OrderEvent.objects.latest("pk")
    assert event.data == {"from": "expired", "reinstated": True}


def test_reinstating_twice_takes_the_units_once():
    order = an_expired_order()
    act(reinstatement.reinstate, order)
    before = rows_of_orders()

    assert not act(reinstatement.reinstate, order)

    assert rows_of_orders() == before


def test_each_confirmation_has_its_mail():
    order = an_expired_order()
    act(reinstatement.reinstate, order)
    Order.objects.update(status="expired")
    Batch.objects.update(taken=0, orders_taken=0, goods_taken=0)
    Allotment.objects.update(taken=0)

    act(reinstatement.reinstate, order)

    assert mails_of(order).count("order_confirmed") == 2


def assert_not_reinstated(order):
    before = rows_of_orders()
    with transaction.atomic():
        locked = lifecycle.locked(order.pk)
        assert not reinstatement.reinstate(locked)
        assert (locked.status, locked.confirmed_at) == ("expired", None)
    assert rows_of_orders() == before


@pytest.mark.parametrize(
    "change",
    [
        {"capacity": 0},
        {"order_capacity": 0},
        {"goods_capacity": 149_999},
        {"stage": "production"},
        {"stage": "shipping"},
        {"stage": "canceled"},
    ],
)
def test_without_room_the_order_stays_expired(change):
    order = an_expired_order()
    Batch.objects.update(**change)

    assert_not_reinstated(order)


def test_a_full_allotment_is_no_room():
    order = an_expired_order()
    Allotment.objects.update(capacity=0)

    assert_not_reinstated(order)


def test_a_limit_reached_meanwhile_is_no_room():
    order = an_expired_order()
    Campaign.objects.update(buyer_limit=1)
    BuyerTally.objects.filter(identity=order.limit_keys[1]).update(units=1)

    assert_not_reinstated(order)


def test_the_rule_agreed_at_purchase_decides_not_the_one_of_today():
    order = an_expired_order()
    Campaign.objects.update(late_payment="refund")
    assert act(reinstatement.reinstate, order)

    other = an_order_with_the_rule_to_refund()
    Campaign.objects.update(late_payment="reinstate")
    assert_not_reinstated(other)


def an_order_with_the_rule_to_refund():
    batch = make_offer()
    Campaign.objects.update(late_payment="refund")
    order = place_order(batch)
    run_out(order)
    act(lifecycle.expire, order)
    return order


def test_history_is_only_written():
    place_order(make_offer())
    event = OrderEvent.objects.get()

    for change in (
        event.save,
        event.delete,
        OrderEvent.objects.all().delete,
        lambda: OrderEvent.objects.update(kind="x"),
    ):
        with pytest.raises(TypeError):
            change()

    assert OrderEvent.objects.get().kind == "placed"
