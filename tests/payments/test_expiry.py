"""Unpaid holds end once, at the gateway first."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from campaigns.clock import database_now
from campaigns.models import Allotment, Batch
from orders import cancellation
from orders.models import BuyerTally, Order
from payments import expiry, inbox
from payments.errors import Unavailable
from payments.gateways.sandbox import SandboxGateway
from payments.models import Payment, SandboxPayment
from tests.drafts import (
    TOTAL,
    end_hold,
    finish,
    ledger_of,
    mails_of,
    make_offer,
    payment_of,
    place_order,
    place_paid,
    press,
    refunds_of,
    rows_of_orders,
    run_out,
    sums_of,
)

pytestmark = pytest.mark.django_db


def an_overdue_order(**options):
    order = place_order(make_offer(), **options)
    run_out(order)
    return order


@pytest.fixture
def silent_gateway(monkeypatch):
    def cancel(_gateway, _payment):
        raise Unavailable("no route to host")

    with monkeypatch.context() as patch:
        patch.setattr(SandboxGateway, "cancel", cancel)
        yield patch


def held_units():
    tallies = BuyerTally.objects.values_list("units", flat=True)
    counters = Batch.objects.values_list("taken", "orders_taken", "goods_taken").get()
    return [*counters, Allotment.objects.get().taken, *tallies]


def test_an_overdue_hold_gives_everything_back():
    order = an_overdue_order(units=[2])
    assert held_units() == [2, 1, 300_000, 2, 2, 2]

    assert expiry.expire_overdue() == 1

    assert sums_of(order) == ("expired", 0, 0, 0)
    assert held_units() == [0, 0, 0, 0, 0, 0]
    assert SandboxPayment.objects.get().state == "expired"
    assert payment_of(order).state == "expired"
    assert mails_of(order) == ["order_placed", "order_expired"]
    event = order.events.latest("pk")
    assert (event.kind, event.actor) == ("expired", "system")


def test_running_twice_gives_the_units_back_once():
    batch = make_offer()
    order = place_order(batch)
    place_order(batch)
    end_hold(order)
    before = rows_of_orders()

    assert expiry.expire_overdue() == 0
    assert not expiry.expire(order.pk)

    assert rows_of_orders() == before
    assert Batch.objects.get().taken == 1


def test_a_hold_is_left_alone_before_its_end():
    order = place_order(make_offer())
    soon = database_now() + timedelta(seconds=30)
    Order.objects.update(expires_at=soon)

    assert expiry.expire_overdue() == 0

    assert sums_of(order) == ("pending", 0, 0, 0)
    assert Batch.objects.get().taken == 1


def test_a_paid_order_has_no_end():
    order = place_paid(make_offer())
    run_out(order)
    before = rows_of_orders()

    assert expiry.expire_overdue() == 0
    assert not expiry.expire(order.pk)

    assert rows_of_orders() == before


def test_money_the_shop_had_not_heard_of_is_found_by_closing_the_page():
    order = an_overdue_order()
    press(payment_of(order), "pay")

    assert expiry.expire_overdue() == 0

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert Batch.objects.get().taken == 1
    inbox.process_due()
    assert ledger_of(order) == [("payment", TOTAL)]


def test_money_between_the_closed_page_and_the_lock_keeps_the_order(monkeypatch):
    order = an_overdue_order()
    close = SandboxGateway.cancel

    def cancel(gateway, payment):
        answer = close(gateway, payment)
        finish(order, "pay_late")
        return answer

    monkeypatch.setattr(SandboxGateway, "cancel", cancel)

    assert expiry.expire_overdue() == 0

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert Batch.objects.get().taken == 1
    assert mails_of(order) == ["order_placed", "order_confirmed"]


def test_a_silent_gateway_keeps_the_hold_for_an_hour(silent_gateway):
    order = an_overdue_order()

    assert [expiry.expire_overdue(), expiry.expire_overdue()] == [0, 0]

    assert sums_of(order) == ("pending", 0, 0, 0)
    assert Batch.objects.get().taken == 1
    payment = payment_of(order)
    assert payment.hold_until == order.expires_at + timedelta(minutes=60)
    assert payment.state == "pending"


def test_after_that_hour_the_order_ends_and_its_payment_waits(silent_gateway):
    order = an_overdue_order()
    expiry.expire_overdue()
    Payment.objects.update(hold_until=database_now())

    assert expiry.expire_overdue() == 1

    assert sums_of(order) == ("expired", 0, 0, 0)
    assert Batch.objects.get().taken == 0
    assert payment_of(order).state == "pending"

    finish(order, "pay")

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert Batch.objects.get().taken == 1


def test_a_gateway_that_comes_back_within_the_hour_is_asked_again(silent_gateway):
    order = an_overdue_order()
    expiry.expire_overdue()
    silent_gateway.undo()

    assert expiry.expire_overdue() == 1

    assert payment_of(order).state == "expired"
    assert SandboxPayment.objects.get().state == "expired"
    assert sums_of(order) == ("expired", 0, 0, 0)


def test_without_an_open_attempt_no_gateway_is_asked(silent_gateway):
    order = place_order(make_offer())
    finish(order, "fail")
    run_out(order)

    assert expiry.expire_overdue() == 1

    assert sums_of(order) == ("expired", 0, 0, 0)


def test_a_part_that_was_paid_is_owed_back():
    order = place_order(make_offer())
    finish(order, "pay_less")
    run_out(order)

    assert expiry.expire_overdue() == 1

    paid = TOTAL * 9 / 10
    assert sums_of(order) == ("expired", paid, 0, 0)
    assert refunds_of(order) == [("requested", paid, "late")]


def test_one_order_that_cannot_end_stops_no_other(caplog):
    batch = make_offer()
    stuck, other = place_order(batch), place_order(batch)
    BuyerTally.objects.filter(identity=stuck.limit_keys[0]).update(units=0)
    run_out(stuck)
    run_out(other)

    assert expiry.expire_overdue() == 1

    assert sums_of(stuck)[0] == "pending"
    assert sums_of(other)[0] == "expired"
    assert Batch.objects.get().taken == 1
    assert "IntegrityError" in caplog.text


def test_the_page_of_a_canceled_order_is_closed():
    order = place_order(make_offer())
    cancellation.cancel_as_shown(order.pk, shown=0)

    assert [expiry.close_abandoned(), expiry.close_abandoned()] == [1, 0]

    assert payment_of(order).state == "expired"
    assert press(payment_of(order), "pay").status_code == 409


def test_the_command_tells_how_many():
    an_overdue_order()
    out = StringIO()

    call_command("expire_orders", stdout=out)
    call_command("expire_orders", stdout=out)

    assert out.getvalue() == "1 orders expired\n0 orders expired\n"
