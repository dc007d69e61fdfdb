"""Unpaid holds end once, at the gateway first."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import rounds
from campaigns.clock import database_now
from campaigns.errors import SoldOut
from campaigns.models import Allotment, Batch
from orders import cancellation
from orders.models import BuyerTally, Order
from payments import closing, expiry, inbox
from payments.errors import Rejected, Unavailable, Unknown
from payments.gateways.sandbox import SandboxGateway
from payments.models import Payment, SandboxPayment
from tests.concurrency.racing import assert_invariants
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
from tests.silence import down, faulty

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
# Closing its page, booking the answer, ending the order and its mail: one line.
QUERIES_EACH = 33


def an_overdue_order(**options):
    order = place_order(make_offer(), **options)
    run_out(order)
    return order


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


@pytest.mark.parametrize("error", [Unavailable, Unknown, Rejected, KeyError])
def test_a_gateway_that_does_not_answer_keeps_the_hold_for_an_hour(error):
    order = an_overdue_order()

    with faulty(cancel=error("no answer")):
        assert [expiry.expire_overdue(), expiry.expire_overdue()] == [0, 0]

    assert sums_of(order) == ("pending", 0, 0, 0)
    assert Batch.objects.get().taken == 1
    payment = payment_of(order)
    assert payment.hold_until == order.expires_at + HOUR
    assert payment.state == "pending"
    assert_invariants()


def test_a_place_held_in_silence_is_sold_to_nobody_else():
    batch = make_offer(capacity=1)
    order = place_order(batch)
    run_out(order)

    with down():
        assert expiry.expire_overdue() == 0
        before = rows_of_orders()
        with pytest.raises(SoldOut):
            place_order(batch)
        assert rows_of_orders() == before
        Payment.objects.update(hold_until=database_now())
        assert expiry.expire_overdue() == 1

    assert sums_of(place_paid(batch))[0] == "confirmed"
    assert Batch.objects.get().taken == 1
    assert_invariants()


@pytest.mark.parametrize("error", [Unavailable, Unknown, Rejected, KeyError])
def test_after_that_hour_the_order_ends_and_its_payment_waits(error):
    order = an_overdue_order()
    silence = error("no answer")

    with faulty(cancel=silence, fetch=silence) as calls:
        expiry.expire_overdue()
        Payment.objects.update(hold_until=database_now())
        assert expiry.expire_overdue() == 1

    assert calls == ["cancel", "cancel", "fetch"]
    assert sums_of(order) == ("expired", 0, 0, 0)
    assert Batch.objects.get().taken == 0
    assert payment_of(order).state == "pending"

    finish(order, "pay")

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert Batch.objects.get().taken == 1


def test_a_hold_found_hours_after_its_end_waits_no_longer_for_a_silent_gateway():
    order = an_overdue_order()
    Order.objects.update(expires_at=database_now() - 3 * HOUR)

    with down():
        assert expiry.expire_overdue() == 1

    assert sums_of(order) == ("expired", 0, 0, 0)
    assert_invariants()


def test_the_last_look_finds_money_that_closing_could_not_ask_for():
    order = an_overdue_order()
    press(payment_of(order), "pay")
    Order.objects.update(expires_at=database_now() - 2 * HOUR)

    with faulty(cancel=Unavailable("closing is down")) as calls:
        assert expiry.expire_overdue() == 0

    assert calls == ["cancel", "fetch"]
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert Batch.objects.get().taken == 1


def test_a_payment_under_way_keeps_the_hold_although_the_gateway_answers(monkeypatch):
    order = an_overdue_order()
    monkeypatch.setattr(SandboxGateway, "cancel", SandboxGateway.fetch)

    assert expiry.expire_overdue() == 0
    assert payment_of(order).hold_until == order.expires_at + HOUR
    Payment.objects.update(hold_until=database_now())
    assert expiry.expire_overdue() == 1

    assert sums_of(order) == ("expired", 0, 0, 0)
    assert payment_of(order).state == "pending"


def test_a_gateway_that_comes_back_within_the_hour_is_asked_again():
    order = an_overdue_order()
    with down():
        expiry.expire_overdue()

    assert expiry.expire_overdue() == 1

    assert payment_of(order).state == "expired"
    assert SandboxPayment.objects.get().state == "expired"
    assert sums_of(order) == ("expired", 0, 0, 0)


def test_the_page_of_an_order_that_ended_in_silence_is_asked_for_on():
    order = an_overdue_order()
    Order.objects.update(expires_at=database_now() - 2 * HOUR)
    with down():
        expiry.expire_overdue()
        assert closing.close_abandoned() == 0
        assert closing.close_abandoned() == 0
    assert payment_of(order).state == "pending"

    assert closing.close_abandoned() == 1

    assert payment_of(order).state == "expired"
    assert press(payment_of(order), "pay").status_code == 409


def test_money_that_came_in_the_silence_is_late_money():
    batch = make_offer(capacity=1)
    order = place_order(batch)
    Order.objects.update(expires_at=database_now() - 2 * HOUR)
    with down():
        expiry.expire_overdue()
    SandboxPayment.objects.update(state="paid", received=TOTAL)
    place_paid(batch)

    assert closing.close_abandoned() == 1

    assert sums_of(order) == ("expired", TOTAL, 0, 0)
    assert refunds_of(order) == [("requested", TOTAL, "late")]
    assert Batch.objects.get().taken == 1
    assert_invariants()


def test_a_gateway_that_is_down_costs_three_calls_a_round_not_one_for_each_hold():
    batch = make_offer()
    for _n in range(6):
        place_order(batch)
    Order.objects.update(expires_at=database_now() - timedelta(seconds=1))

    with down() as calls:
        assert expiry.expire_overdue() == 0
        assert calls == ["cancel"] * 3
        assert expiry.expire_overdue() == 0
        assert calls == ["cancel"] * 6

    assert Payment.objects.filter(hold_until=None).count() == 0
    assert_invariants()
    assert expiry.expire_overdue() == 6


def test_without_an_open_attempt_no_gateway_is_asked():
    order = place_order(make_offer())
    finish(order, "fail")
    run_out(order)

    with down() as calls:
        assert expiry.expire_overdue() == 1

    assert calls == []
    assert sums_of(order) == ("expired", 0, 0, 0)


def test_a_hold_that_got_more_time_meanwhile_keeps_its_page():
    order = place_order(make_offer())

    with down() as calls:
        assert not expiry.expire(order.pk)

    assert calls == []


def test_a_backlog_is_read_in_chunks_and_each_hold_costs_the_same(monkeypatch):
    batch = make_offer(capacity=100)
    for _n in range(7):
        place_order(batch)
    Order.objects.update(expires_at=database_now() - timedelta(seconds=1))
    monkeypatch.setattr(rounds, "CHUNK", 3)

    with CaptureQueriesContext(connection) as captured:
        assert expiry.expire_overdue() == 7

    # Four chunks, the last one empty.
    assert len(captured) - 4 == 7 * QUERIES_EACH
    assert Batch.objects.get().taken == 0


def test_a_part_that_was_paid_is_owed_back():
    order = place_order(make_offer())
    finish(order, "pay_less")
    run_out(order)

    assert expiry.expire_overdue() == 1

    # It was set aside while the order could still be paid, and comes back whole.
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

    assert [closing.close_abandoned(), closing.close_abandoned()] == [1, 0]

    assert payment_of(order).state == "expired"
    assert press(payment_of(order), "pay").status_code == 409


def test_the_command_tells_how_many():
    an_overdue_order()
    out = StringIO()

    call_command("expire_orders", stdout=out)
    call_command("expire_orders", stdout=out)

    assert out.getvalue() == "1 orders expired\n0 orders expired\n"
