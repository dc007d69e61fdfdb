"""An address is changed while its parcel is packed: one of the two wins, never both."""

from functools import partial

import pytest

from campaigns.actors import SYSTEM
from fulfillment import dispatch
from fulfillment.models import Shipment
from orders.addresses import changes as address_changes
from orders.addresses import news as address_news
from orders.models import Message, Order, OrderEvent
from tests.concurrency.racing import assert_invariants, race
from tests.drafts import make_offer, place_paid
from tests.fulfillment.goods import in_production, make_carrier
from tests.orders.test_address_lock import announce, announced_ago

pytestmark = pytest.mark.django_db(transaction=True)

PAIRS = 8


def packed(order):
    """What the packer has read: the courier's label with its address."""
    known = dispatch.Known(address=address_changes.mark_of(order))
    carrier = make_carrier()
    return partial(
        dispatch.ship,
        order.pk,
        carrier=carrier,
        tracking_number=f"KK {order.number}",
        actor=SYSTEM,
        known=known,
    )


def changed(order):
    columns = {name: getattr(order, name) for name in address_changes.COLUMNS}
    return partial(
        address_changes.change, order.pk, address=columns | {"address": "Jalan Baru 2"}
    )


def outcomes_by_order():
    """For each order: sent, and to which address it ships now."""
    return [(order.status, order.address) for order in Order.objects.order_by("pk")]


def test_exactly_one_wins():
    _batch, orders = in_production(*([1] for _n in range(PAIRS)))

    outcomes = race(
        [run for order in orders for run in (packed(order), changed(order))]
    )

    sent = Shipment.objects.count()
    moved = OrderEvent.objects.filter(kind="address_changed").count()
    assert outcomes["ok"] == sent + moved == PAIRS
    assert outcomes["AddressChanged"] == moved
    assert outcomes["AddressFixed"] == sent
    assert set(outcomes_by_order()) <= {
        ("fulfilled", "Jalan Braga 1"),
        ("confirmed", "Jalan Baru 2"),
    }
    assert Message.objects.filter(kind="order_changed").count() == moved
    assert_invariants()


def test_control_without_the_packers_mark_a_parcel_leaves_for_the_old_address():
    _batch, [order] = in_production([1])
    ship = packed(order)
    changed(order)()

    ship.keywords.pop("known")
    ship()

    assert outcomes_by_order() == [("fulfilled", "Jalan Baru 2")]
    assert Order.objects.get().messages.filter(kind="order_shipped").exists()


def test_the_same_change_by_many_is_one_change():
    order = place_paid(make_offer())

    outcomes = race([changed(order)] * 6)

    assert outcomes == {"ok": 6}
    assert OrderEvent.objects.filter(kind="address_changed").count() == 1
    assert Message.objects.filter(kind="order_changed").count() == 1
    assert_invariants()


def test_several_rounds_at_once_tell_of_a_lock_once_each():
    batch = make_offer(capacity=100)
    orders = [place_paid(batch) for _n in range(5)]
    announce(batch, days=3)

    outcomes = race([address_news.tell_of_locks] * 4)

    assert outcomes == {"ok": 4}
    assert Message.objects.filter(kind="address_lock").count() == len(orders)


def test_several_rounds_at_once_write_one_reminder():
    batch = make_offer(capacity=100)
    order = place_paid(batch)
    announce(batch, days=30)
    announced_ago(1.1)

    outcomes = race([address_news.remind_of_addresses] * 6)

    assert outcomes == {"ok": 6}
    assert order.messages.filter(kind="address_lock").count() == 1
