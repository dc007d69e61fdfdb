"""Each invariant of goods finds the row that breaks it, and nothing else."""

import pytest
from django.db.models import QuerySet

from campaigns.actors import SYSTEM
from campaigns.models import Batch
from fulfillment import invariants
from fulfillment.models import ProductionSheet, ProductionSheetLine, Shipment
from orders import cancellation
from orders.cancellation import quote_for_seller
from orders.models import Order, OrderLine
from tests import invariants as quick
from tests.concurrency.racing import assert_invariants
from tests.fulfillment.goods import in_production, ship

pytestmark = pytest.mark.django_db


def broken():
    found = [
        invariant.says
        for invariant in invariants.INVARIANTS
        if list(invariant.violations())
    ]
    assert bool(quick.broken(invariants.INVARIANTS)) == bool(found)
    return found


def test_a_shop_that_ships_breaks_none():
    _batch, [order, _other] = in_production([2, 1], [1])
    ship(order)

    assert broken() == []
    assert_invariants()


def test_an_edited_line_no_longer_fits_the_digest():
    in_production([2])
    ProductionSheetLine.objects.update(ordered=3, to_produce=3)

    assert broken() == [
        "frozen sheets are as they were",
        "sheets equal what was confirmed",
    ]


def test_produced_and_rejected_are_not_part_of_the_plan():
    in_production([2])
    ProductionSheetLine.objects.update(produced=2, rejected=1)

    assert broken() == []


def test_another_digest_is_found():
    in_production([2])
    QuerySet(ProductionSheet).update(digest="0" * 64)

    assert broken() == ["frozen sheets are as they were"]


def test_a_quantity_that_changed_after_the_freeze_is_found():
    in_production([2])
    OrderLine.objects.update(quantity=1)

    assert broken() == ["sheets equal what was confirmed"]


def test_an_order_confirmed_after_the_freeze_is_found():
    in_production([2])
    batch, [late] = in_production([1])
    Order.objects.filter(pk=late.pk).update(batch=Batch.objects.exclude(pk=batch.pk)[0])

    assert broken() == ["sheets equal what was confirmed"]


def test_a_withdrawal_after_the_freeze_is_recorded_and_adds_up():
    _batch, [order, _other] = in_production([2], [1])
    order = Order.objects.for_page().get(pk=order.pk)

    cancellation.cancel_for_seller(
        order.pk, kept=0, shown=quote_for_seller(order), reason="?", actor=SYSTEM
    )

    assert broken() == []


def test_units_shipped_without_a_parcel_are_found():
    in_production([2])
    OrderLine.objects.update(shipped=1)

    assert broken() == ["shipped equals the parcels"]


def test_a_parcel_whose_units_were_not_counted_is_found():
    _batch, [order] = in_production([2])
    ship(order, lines={order.lines.get().pk: 1})
    OrderLine.objects.update(shipped=0)

    assert broken() == ["shipped equals the parcels"]


def test_a_voided_parcel_that_is_still_counted_is_found():
    _batch, [order] = in_production([1])
    shipment = ship(order)
    Shipment.objects.update(state="voided", voided_at=shipment.shipped_at)

    assert broken() == ["shipped equals the parcels"]


def test_a_fulfilled_order_with_units_left_is_found():
    in_production([1])
    Order.objects.update(status="fulfilled")

    assert broken() == ["fulfilled means all shipped"]
