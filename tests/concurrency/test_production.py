"""Production starts while buyers pay and cancel: the sheet is what is confirmed."""

import threading
from functools import partial

import pytest
from django.db import connections

from campaigns.actors import SYSTEM
from campaigns.models import Batch
from config import production as start_of_production
from fulfillment import dispatch, production
from fulfillment.models import ProductionSheet, ProductionSheetLine, Shipment
from orders import cancellation, lifecycle
from orders.models import Order, OrderEvent
from payments import gateways, settlement
from payments.models import Payment, SandboxPayment
from payments.sandbox import provider as sandbox
from tests.concurrency.racing import BUYERS, assert_invariants, race
from tests.drafts import TOTAL, make_offer, payment_of, place_order, place_paid
from tests.fulfillment.goods import close, in_production, make_carrier

pytestmark = pytest.mark.django_db(transaction=True)

Stage = Batch.Stage


def closed_with(orders):
    """A closed batch and what its buyers owe, each still to be paid."""
    batch = make_offer(capacity=10_000)
    payments = [payment_of(place_order(batch)) for _n in range(orders)]
    return close(batch), payments


def pay(payment):
    """The buyer's last click, and the shop that hears of it at once."""
    sandbox.finish(payment.reference, "pay")
    snapshot = gateways.get("sandbox").fetch(gateways.payment_in(payment))
    settlement.apply(payment, snapshot)


def start(batch):
    return start_of_production.start(batch.pk, actor=SYSTEM)


def planned():
    return sum(ProductionSheetLine.objects.values_list("ordered", flat=True))


def test_nothing_is_confirmed_after_the_start_while_32_buyers_pay():
    batch, payments = closed_with(BUYERS)

    outcomes = race(
        [*(partial(pay, payment) for payment in payments), partial(start, batch)]
    )

    batch.refresh_from_db()
    confirmed = Order.objects.filter(status=Order.Status.CONFIRMED).count()
    late = OrderEvent.objects.filter(kind="confirmed", at__gt=batch.production_at)
    assert batch.stage == Stage.PRODUCTION
    assert set(outcomes) <= {"ok", "SessionOver"}
    assert outcomes["ok"] == confirmed + 1
    assert planned() == confirmed
    assert not late.exists()
    assert not Order.objects.filter(status=Order.Status.PENDING).exists()
    assert SandboxPayment.objects.filter(state="paid").count() == confirmed
    assert_invariants()


@pytest.mark.postgres
def test_control_without_the_drain_check_an_order_is_confirmed_beside_the_sheet(
    monkeypatch,
):
    batch, [payment] = closed_with(1)
    monkeypatch.setattr(production, "unpaid_orders", lambda _batch: 0)
    confirm = lifecycle.confirm

    def confirm_after_the_freeze(order, **actor):
        in_another_connection(partial(production.freeze, batch.pk, actor=SYSTEM))
        confirm(order, **actor)

    monkeypatch.setattr(lifecycle, "confirm", confirm_after_the_freeze)
    pay(payment)

    assert Order.objects.get().status == Order.Status.CONFIRMED
    assert planned() == 0
    with pytest.raises(SystemExit):
        assert_invariants()


def in_another_connection(work):
    def run():
        work()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_starting_twice_at_once_freezes_one_sheet():
    batch, _payments = closed_with(2)

    outcomes = race([partial(start, batch)] * 8)

    assert outcomes == {"ok": 1, "InvalidTransition": 7}
    assert ProductionSheet.objects.count() == 1
    assert batch.events.filter(kind="production").count() == 1
    assert_invariants()


def test_orders_canceled_while_production_starts_are_in_no_sheet():
    batch = make_offer(capacity=100)
    orders = [place_paid(batch) for _n in range(12)]
    close(batch)

    def cancel(order):
        cancellation.cancel_as_shown(order.pk, shown=TOTAL)

    outcomes = race(
        [*(partial(cancel, order) for order in orders), partial(start, batch)]
    )

    held = Order.objects.filter(status=Order.Status.CONFIRMED).count()
    assert set(outcomes) <= {"ok", "NotCancelable", "QuoteChanged"}
    assert outcomes["ok"] == 1 + len(orders) - held
    assert planned() == held
    assert_invariants()


@pytest.mark.postgres
def test_a_cancellation_that_waits_for_the_freeze_is_refused(monkeypatch):
    batch = make_offer()
    order = place_paid(batch)
    close(batch)
    release = lifecycle.release_units

    def release_after_the_freeze(*args):
        in_another_connection(partial(production.freeze, batch.pk, actor=SYSTEM))
        release(*args)

    monkeypatch.setattr(lifecycle, "release_units", release_after_the_freeze)
    with pytest.raises(cancellation.QuoteChanged):
        cancellation.cancel_as_shown(order.pk, shown=TOTAL)

    assert Order.objects.get().status == Order.Status.CONFIRMED
    assert planned() == 1
    assert_invariants()


def test_late_money_while_production_starts_is_in_the_sheet_or_owed_back():
    batch = make_offer(capacity=100)
    orders = [place_order(batch) for _n in range(12)]
    close(batch)
    start_of_production.end_holds(batch.pk, actor=SYSTEM)
    payments = list(Payment.objects.select_related("order"))
    SandboxPayment.objects.update(state="paid", received=TOTAL)

    def arrive(payment):
        snapshot = gateways.get("sandbox").fetch(gateways.payment_in(payment))
        settlement.apply(payment, snapshot)

    race([*(partial(arrive, payment) for payment in payments), partial(start, batch)])

    reinstated = Order.objects.filter(status=Order.Status.CONFIRMED).count()
    expired = Order.objects.filter(status=Order.Status.EXPIRED).count()
    assert reinstated + expired == len(orders)
    assert planned() == reinstated == Batch.objects.get().taken
    assert_invariants()


def test_the_same_order_shipped_by_many_leaves_once():
    _batch, [order] = in_production([2])
    carrier = make_carrier()

    def ship(number):
        dispatch.ship(
            order.pk, carrier=carrier, tracking_number=f"KK {number}", actor=SYSTEM
        )

    outcomes = race([partial(ship, number) for number in range(8)])

    assert outcomes == {"ok": 1, "NotShippable": 7}
    assert Shipment.objects.count() == 1
    assert order.lines.get().shipped == 2
    assert Order.objects.get().messages.filter(kind="order_shipped").count() == 1
    assert_invariants()


def test_a_batch_that_ships_is_not_canceled_and_the_other_way_round():
    batch, orders = in_production([1], [1], [1], [1])
    carrier = make_carrier()

    def ship(order):
        number = f"KK {order.number}"
        dispatch.ship(order.pk, carrier=carrier, tracking_number=number, actor=SYSTEM)

    def cancel():
        Batch.objects.get(pk=batch.pk).cancel(actor=SYSTEM)

    outcomes = race([*(partial(ship, order) for order in orders), cancel])

    batch.refresh_from_db()
    if batch.stage == Stage.CANCELED:
        assert outcomes == {"ok": 1, "NotShippable": 4}
        assert not Shipment.objects.exists()
    else:
        assert outcomes == {"ok": 4, "InvalidTransition": 1}
        assert Shipment.objects.count() == 4
    assert_invariants()
