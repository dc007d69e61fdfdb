"""A step of several statements refuses to commit them one by one."""

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError

from campaigns import capacity
from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.models import Batch
from orders import lifecycle
from orders.models import Message, Order, OrderEvent, WaitlistEntry
from tests.factories import make_order

pytestmark = pytest.mark.django_db(transaction=True)
Status = Order.Status

STEPS = {
    "move_to": lambda order: order.move_to(Status.CANCELED, actor=SYSTEM),
    "change_batch": lambda order: order.change_batch(order.batch, schedule_version=2),
    "confirm": lifecycle.confirm,
    "expire": lifecycle.expire,
    "end_hold": lambda order: lifecycle.end_hold(order, actor=SYSTEM),
    "extend_hold": lambda order: lifecycle.extend_hold(order, actor=SYSTEM),
    "prolong_hold": lambda order: lifecycle.prolong_hold(
        order, until=database_now(), actor=SYSTEM, why="test"
    ),
    "release_units": lifecycle.release_units,
    "shift": lambda order: capacity.shift(
        lifecycle.claim_of(order, capacity.ANY_TIME).reversed()
    ),
}


def all_rows():
    models = (Order, OrderEvent, Message, Batch)
    return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_step_outside_of_a_transaction_is_refused_and_changes_nothing(step):
    order = make_order()
    before = all_rows()

    with pytest.raises(TransactionManagementError):
        step(order)

    assert all_rows() == before


def test_in_a_transaction_the_step_is_taken():
    order = make_order()

    with transaction.atomic():
        STEPS["move_to"](order)

    assert Order.objects.get().status == Status.CANCELED


def test_a_place_on_the_waiting_list_is_not_left_without_a_transaction():
    order = make_order()
    entry = WaitlistEntry(
        batch=order.batch, variant=order.lines.get().variant, quantity=1
    )
    entry.save()

    with pytest.raises(TransactionManagementError):
        entry.move_to(WaitlistEntry.State.LEFT)

    assert WaitlistEntry.objects.get().state == WaitlistEntry.State.WAITING
