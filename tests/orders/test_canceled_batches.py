"""A canceled batch takes its orders with it, and everybody gets everything back."""

import pytest

from campaigns import rounds
from campaigns.actors import SYSTEM
from campaigns.models import Batch, Campaign
from config import sweep as round_of_all
from orders import cancellation, lifecycle, sweep
from orders.models import BuyerTally, Message, Order
from payments.models import Payment, Refund
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    end_hold,
    finish,
    mails_of,
    make_offer,
    place_order,
    place_paid,
    refunds_of,
    rows_of_orders,
    send_refunds,
    sums_of,
)
from tests.fulfillment.goods import in_production

pytestmark = pytest.mark.django_db


def cancel_batch():
    Batch.objects.get().cancel(actor=SYSTEM)


def test_paid_and_unpaid_orders_follow_and_their_units_return():
    batch = make_offer()
    paid, unpaid = place_paid(batch), place_order(batch)

    cancel_batch()
    assert sweep.cancel_orders_of_canceled_batches() == 2

    assert sums_of(paid) == ("canceled", TOTAL, 0, 0)
    assert sums_of(unpaid) == ("canceled", 0, 0, 0)
    assert Batch.objects.get().taken == 0
    assert set(BuyerTally.objects.values_list("units", flat=True)) == {0}
    assert {event.actor for event in paid.events.filter(kind="canceled")} == {"system"}
    assert_invariants()


def test_each_buyer_is_told_of_the_batch_and_of_the_money_once():
    batch = make_offer()
    paid, unpaid = place_paid(batch), place_order(batch)
    Order.objects.update(locale="en")

    cancel_batch()
    for _twice in range(2):
        sweep.cancel_orders_of_canceled_batches()

    assert mails_of(paid) == ["order_placed", "order_confirmed", "batch_canceled"]
    assert mails_of(unpaid) == ["order_placed", "batch_canceled"]
    told = Message.objects.get(order=paid, kind="batch_canceled")
    assert told.subject == f"Batch canceled, Rp 168.000 comes back – {paid.number}"
    assert "all that you paid, Rp\xa0168.000, comes back" in told.text
    other = Message.objects.get(order=unpaid, kind="batch_canceled")
    assert "nothing is to be paid or returned" in other.text


def test_nothing_is_kept_whatever_the_rule_of_cancellation_says():
    batch = make_offer()
    Campaign.objects.update(
        free_cancellation="until_close", cancellation_kept_percent=50
    )
    order = place_paid(batch)
    batch.refresh_from_db()
    batch.close(actor=SYSTEM)

    cancel_batch()
    sweep.cancel_orders_of_canceled_batches()
    send_refunds()

    assert sums_of(order) == ("canceled", TOTAL, TOTAL, 0)
    assert refunds_of(order) == [("succeeded", TOTAL, "mass")]
    assert_invariants()


def test_one_round_cancels_refunds_and_tells():
    order = place_paid(make_offer())
    cancel_batch()

    done = round_of_all.run()

    assert done["orders of canceled batches"] == 1
    assert done["refunds of canceled batches"] == 2
    assert sums_of(order) == ("canceled", TOTAL, TOTAL, 0)
    told = ["batch_canceled", "refund_started", "refund_sent"]
    assert mails_of(order)[-3:] == told
    assert round_of_all.run()["orders of canceled batches"] == 0
    assert Refund.objects.count() == 1


def test_orders_of_a_batch_in_production_follow_too():
    _batch, [order] = in_production([2])

    cancel_batch()
    sweep.cancel_orders_of_canceled_batches()

    assert sums_of(order)[0] == "canceled"
    assert_invariants()


def test_money_that_was_on_its_way_comes_back():
    order = place_order(make_offer())
    cancel_batch()

    finish(order, "pay")
    assert sums_of(order) == ("pending", TOTAL, 0, 0)
    sweep.cancel_orders_of_canceled_batches()
    send_refunds()

    assert sums_of(order) == ("canceled", TOTAL, TOTAL, 0)
    assert refunds_of(order) == [("succeeded", TOTAL, "mass")]
    assert Payment.objects.get().state == "confirmed"
    assert_invariants()


def test_what_had_ended_before_is_left_alone():
    batch = make_offer()
    expired = place_order(batch)
    end_hold(expired)
    canceled = place_paid(batch)
    cancellation.cancel_as_shown(canceled.pk, shown=TOTAL)
    cancel_batch()
    before = rows_of_orders()

    assert sweep.cancel_orders_of_canceled_batches() == 0

    assert rows_of_orders() == before


def test_orders_of_other_batches_are_left_alone():
    order = place_paid(make_offer())
    before = rows_of_orders()

    assert sweep.cancel_orders_of_canceled_batches() == 0
    assert not cancellation.cancel_with_batch(order.pk)

    assert rows_of_orders() == before


def test_many_orders_are_taken_in_chunks(monkeypatch):
    batch = make_offer()
    for _n in range(5):
        place_order(batch)
    cancel_batch()
    monkeypatch.setattr(rounds, "CHUNK", 2)

    assert sweep.cancel_orders_of_canceled_batches() == 5


def test_one_order_that_fails_stops_no_other(monkeypatch, caplog):
    batch = make_offer()
    broken, whole = place_order(batch), place_order(batch)
    cancel_batch()
    locked = lifecycle.locked

    def break_one(order_id):
        if order_id == broken.pk:
            raise RuntimeError("broken")
        return locked(order_id)

    monkeypatch.setattr(lifecycle, "locked", break_one)
    assert sweep.cancel_orders_of_canceled_batches() == 1

    assert sums_of(whole)[0] == "canceled"
    assert sums_of(broken)[0] == "pending"


def test_a_cancellation_decided_before_another_stage_is_refused():
    order = place_paid(make_offer())
    order = lifecycle.locked(order.pk)
    Batch.objects.update(stage=Batch.Stage.CLOSED)
    before = rows_of_orders()

    with pytest.raises(cancellation.QuoteChanged):
        cancel_as_read(order)

    assert rows_of_orders() == before


def cancel_as_read(order):
    """The buyer's request went by the stage that was read before it changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lifecycle, "locked", lambda _pk: order)
        cancellation.cancel_as_shown(order.pk, shown=TOTAL)
