"""The minimum is decided while money arrives and buyers leave: all end as decided."""

import threading
from functools import partial

import pytest
from django.db import connections

from campaigns.actors import SYSTEM
from campaigns.models import Batch
from campaigns.models.batch import BatchQuerySet
from config import production as start_of_production
from config import sweep as round_of_all
from fulfillment import production
from fulfillment.models import ProductionSheet
from orders import cancellation
from orders.mail import rows as mail_rows
from orders.minimum import news as minimum_news
from orders.minimum import verdict as minimum_verdict
from orders.minimum.verdict import Outcome
from orders.models import Message, Order
from orders.news import batch as batch_news
from payments import gateways, settlement
from payments.models import SandboxPayment
from tests.concurrency.racing import BUYERS, assert_invariants, race
from tests.drafts import TOTAL, end_hold, make_offer, place_order, place_paid
from tests.fulfillment.goods import close

pytestmark = pytest.mark.django_db(transaction=True)

Stage = Batch.Stage


def decide(batch, verdicts=None):
    verdict = minimum_verdict.decide(batch.pk, actor=SYSTEM)
    if verdict and verdicts is not None:
        verdicts.append(verdict)


def closed(**minimum_of):
    return close(make_offer(capacity=1000, **minimum_of))


def expired_and_paid(batch, orders):
    """Holds that ended, and money for each that is on its way; the batch is closed."""
    found = [place_order(batch) for _n in range(orders)]
    for order in found:
        end_hold(order)
    close(batch)
    SandboxPayment.objects.update(state="paid", received=TOTAL)
    return [order.payments.get() for order in found]


def arrive(payment):
    snapshot = gateways.get("sandbox").fetch(gateways.payment_in(payment))
    settlement.apply(payment, snapshot)


def finish_all():
    """In three rounds, or fewer when one finds nothing left to do."""
    for _more in range(3):
        if not any(round_of_all.run().values()):
            return


def test_decided_by_many_at_once_it_is_decided_once():
    batch = make_offer(minimum_units=1)
    place_paid(batch)
    close(batch)
    verdicts = []

    outcomes = race([partial(decide, batch, verdicts)] * 8)

    assert outcomes == {"ok": 8}
    assert [verdict.outcome for verdict in verdicts] == [Outcome.GOES_AHEAD]
    assert batch.events.filter(kind="minimum_reached").count() == 1
    assert_invariants()


def test_late_money_and_the_decision_never_cancel_what_was_reached():
    batch = make_offer(capacity=1000, minimum_units=BUYERS // 4)
    payments = expired_and_paid(batch, BUYERS // 2)
    verdicts = []

    race(
        [
            *(partial(arrive, payment) for payment in payments),
            partial(decide, batch, verdicts),
        ]
    )
    finish_all()

    [verdict] = verdicts
    orders = Order.objects.all()
    if verdict.outcome == Outcome.GOES_AHEAD:
        assert {order.status for order in orders} == {"confirmed"}
        assert verdict.units >= verdict.minimum
    else:
        assert verdict.units < verdict.minimum
        assert {order.status for order in orders} <= {"expired", "canceled"}
        assert {order.amount_refunded for order in orders} == {TOTAL}
        assert Batch.objects.get().taken == 0
    assert_invariants()


def money_right_after_the_count(monkeypatch, payment, *, patience):
    """Late money takes its order back after the count, or waits for the decision.

    After so many seconds it is left waiting; with None it must have arrived.
    """
    count, arrivals = minimum_verdict.confirmed_units, []

    def count_before_it_arrives(batch):
        units = count(batch)
        arrivals.append(begin(partial(arrive, payment), patience))
        return units

    monkeypatch.setattr(minimum_verdict, "confirmed_units", count_before_it_arrives)
    return arrivals


def begin(work, patience):
    """In another connection; whoever waits for us after so long is left waiting."""

    def run():
        work()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(patience)
    return thread


def test_late_money_after_the_count_waits_for_the_decision_and_comes_back(monkeypatch):
    batch = make_offer(minimum_units=1)
    [payment] = expired_and_paid(batch, 1)
    arrivals = money_right_after_the_count(monkeypatch, payment, patience=0.5)

    decide(batch)
    arrivals[0].join()
    finish_all()

    order = Order.objects.get()
    assert Batch.objects.get().stage == Stage.CANCELED
    assert (order.status, order.amount_refunded) == ("expired", TOTAL)
    assert Batch.objects.get().taken == 0
    assert_invariants()


@pytest.mark.postgres
def test_control_without_the_lock_a_batch_ends_that_had_reached_it(monkeypatch):
    batch = make_offer(minimum_units=1)
    [payment] = expired_and_paid(batch, 1)
    money_right_after_the_count(monkeypatch, payment, patience=None)
    monkeypatch.setattr(BatchQuerySet, "locked", lambda rows, pk: rows.get(pk=pk))

    verdicts = []
    decide(batch, verdicts)

    assert (verdicts[0].units, verdicts[0].outcome) == (0, Outcome.MISSED)
    assert Order.objects.get().status == "confirmed"
    assert minimum_verdict.confirmed_units(batch) == 1 == batch.minimum_units


def test_reopened_by_hand_or_decided_but_not_both():
    batch = closed(minimum_units=1)
    verdicts = []

    def reopen():
        Batch.objects.get().reopen(closes_at=batch.closes_at, actor=SYSTEM)

    outcomes = race([partial(decide, batch, verdicts), reopen])

    batch.refresh_from_db()
    if verdicts:
        assert outcomes == {"ok": 1, "InvalidTransition": 1}
        assert batch.stage == Stage.CANCELED
    else:
        assert outcomes == {"ok": 2}
        assert (batch.stage, batch.minimum_decided_at) == (Stage.OPEN, None)
    assert_invariants()


def test_buyers_who_leave_meanwhile_are_counted_or_get_all_back():
    batch = make_offer(capacity=100, minimum_units=4)
    orders = [place_paid(batch) for _n in range(8)]
    close(batch)
    verdicts = []

    def cancel(order):
        cancellation.cancel_as_shown(order.pk, shown=TOTAL)

    outcomes = race(
        [
            *(partial(cancel, order) for order in orders[:6]),
            partial(decide, batch, verdicts),
        ]
    )
    finish_all()

    [verdict] = verdicts
    assert set(outcomes) <= {"ok", "NotCancelable", "QuoteChanged"}
    if verdict.outcome == Outcome.GOES_AHEAD:
        assert verdict.units >= 4
        assert Batch.objects.get().stage == Stage.CLOSED
    else:
        assert verdict.units < 4
        assert set(Order.objects.values_list("status", flat=True)) == {"canceled"}
        assert set(Order.objects.values_list("amount_refunded", flat=True)) == {TOTAL}
    assert_invariants()


@pytest.mark.parametrize(
    ("minimum_units", "stage"), [(1, "production"), (2, "canceled")]
)
def test_the_start_of_production_and_the_sweep_decide_alike(minimum_units, stage):
    batch = make_offer(minimum_units=minimum_units)
    place_paid(batch)
    close(batch)
    start = partial(start_of_production.start, batch.pk, actor=SYSTEM)

    outcomes = race([start, partial(decide, batch)])
    finish_all()

    batch.refresh_from_db()
    assert batch.stage == stage
    assert outcomes["ok"] == (2 if stage == "production" else 1)
    assert set(outcomes) <= {"ok", "MinimumMissed", "InvalidTransition"}
    assert ProductionSheet.objects.count() == (stage == "production")
    assert batch.events.filter(data__has_key="minimum").count() == 1
    assert_invariants()


def test_control_without_the_guard_production_starts_below_the_minimum(monkeypatch):
    batch = closed(minimum_units=1)
    monkeypatch.setattr(Batch, "is_undecided", False)

    production.freeze(batch.pk, actor=SYSTEM)

    with pytest.raises(SystemExit):
        assert_invariants()


def decided_with(orders):
    batch = make_offer(capacity=100, minimum_units=1)
    for _n in range(orders):
        place_paid(batch)
    close(batch)
    decide(batch)


def confirmed_mails():
    mails = Message.objects.filter(kind="batch_confirmed")
    return sorted(mails.values_list("order_id", flat=True))


def test_killed_after_the_decision_the_sweep_tells_everyone_once(monkeypatch):
    decided_with(orders=5)
    monkeypatch.setattr(batch_news, "CHUNK", 2)
    store, stored = mail_rows.store, []

    def die_at_the_second_chunk(mails):
        if len(stored) == 1:
            raise KeyboardInterrupt
        stored.append(store(mails))
        return stored[-1]

    monkeypatch.setattr(mail_rows, "store", die_at_the_second_chunk)
    with pytest.raises(KeyboardInterrupt):
        minimum_news.tell_going_ahead()
    assert len(confirmed_mails()) == 2
    monkeypatch.setattr(mail_rows, "store", store)

    finish_all()

    assert confirmed_mails() == sorted(Order.objects.values_list("pk", flat=True))
    assert_invariants()


def test_told_by_many_sweeps_at_once_everyone_is_told_once():
    decided_with(orders=6)

    outcomes = race([minimum_news.tell_going_ahead] * 6)

    assert outcomes == {"ok": 6}
    assert confirmed_mails() == sorted(Order.objects.values_list("pk", flat=True))
    assert_invariants()
