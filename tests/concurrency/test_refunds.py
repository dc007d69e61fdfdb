"""Refunds at the same moment: never more than was received, never one twice."""

from decimal import Decimal
from functools import partial

import pytest

from campaigns.actors import SYSTEM
from orders import cancellation
from orders.models import Message, Order
from payments import approvals, cash
from payments.models import Payment, Refund, RefundRun, SandboxPayment
from payments.refunds import by_seller as seller_refunds
from payments.refunds import retries as refund_retries
from payments.refunds import runs as refund_runs
from payments.refunds import sending as refund_sending
from payments.refunds import worker as refund_worker
from tests.concurrency.racing import assert_invariants, race
from tests.drafts import (
    TOTAL,
    finish,
    make_offer,
    payment_of,
    place_order,
    place_paid,
    refunds_of,
    sums_of,
)

pytestmark = pytest.mark.django_db(transaction=True)

SIXTY, FIFTY = TOTAL * Decimal("0.6"), TOTAL * Decimal("0.5")


def grant(order, amount):
    return partial(
        seller_refunds.refund,
        order.pk,
        amount=amount,
        note="Noda",
        shown=TOTAL,
        is_goodwill=True,
        actor=SYSTEM,
    )


def at_the_gateway():
    return [len(row.refunds) for row in SandboxPayment.objects.all()]


def test_sixty_and_fifty_percent_at_once_leave_one_refused():
    order = place_paid(make_offer())

    outcomes = race([grant(order, SIXTY), grant(order, FIFTY)])

    assert outcomes == {"ok": 1, "RefundRefused": 1}
    assert len(refunds_of(order)) == 1
    assert payment_of(order).amount_refunding in (SIXTY, FIFTY)
    assert_invariants()


def test_control_without_the_locks_both_are_let_through(monkeypatch):
    order = place_paid(make_offer())
    stale_order = Order.objects.select_related("batch__campaign__seller").get()
    stale = list(Payment.objects.all())
    monkeypatch.setattr(seller_refunds.lifecycle, "locked", lambda _pk: stale_order)
    monkeypatch.setattr(seller_refunds.books, "locked_payments", lambda _order: stale)
    monkeypatch.setattr(seller_refunds.settlement, "settle", lambda _order: 0)

    grant(order, SIXTY)()
    stale[0].amount_refunding = Decimal(0)
    grant(order, FIFTY)()

    amounts = Refund.objects.values_list("amount", flat=True)
    assert sum(amounts) > TOTAL
    with pytest.raises(SystemExit):
        assert_invariants()


def test_refund_and_cancellation_at_once_return_the_money_once():
    order = place_paid(make_offer())

    cancel = partial(cancellation.cancel_as_shown, order.pk, shown=TOTAL)
    outcomes = race([grant(order, SIXTY), cancel])
    refund_sending.request_all_owed()
    refund_sending.send_due()

    assert outcomes["ok"] >= 1
    assert sums_of(order)[1:3] == (TOTAL, TOTAL) or outcomes["ok"] == 1
    assert sum(amount for _state, amount, _source in refunds_of(order)) <= TOTAL
    assert_invariants()


def test_many_approvals_at_once_are_one():
    order = place_order(make_offer())
    finish(order, "pay_twice")
    refund = Refund.objects.get()

    outcomes = race([partial(approvals.approve, refund.pk, actor=SYSTEM)] * 8)
    race([refund_sending.send_due] * 4)

    assert outcomes == {"ok": 1, "InvalidTransition": 7}
    assert at_the_gateway() == [1]
    assert_invariants()


def test_approving_and_declining_at_once_is_one_of_both():
    order = place_order(make_offer())
    finish(order, "pay_twice")
    refund = Refund.objects.get()

    approve = partial(approvals.approve, refund.pk, actor=SYSTEM)
    decline = partial(approvals.decline, refund.pk, note="Kredit", actor=SYSTEM)
    outcomes = race([approve, decline] * 4)

    assert outcomes == {"ok": 1, "InvalidTransition": 7}
    kinds = order.events.filter(kind__in=["refund_approved", "credit_kept"])
    assert kinds.count() == 1
    assert_invariants()


def a_listed_refund():
    order = place_paid(make_offer())
    cancellation.cancel_as_shown(order.pk, shown=TOTAL)
    refund_sending.request_all_owed()
    refund = Refund.objects.get()
    refund_retries.pay_by_hand(refund.pk, actor=SYSTEM)
    return order, refund


def test_paid_by_hand_and_tried_again_at_once_pays_once():
    order, refund = a_listed_refund()

    by_hand = partial(cash.pay_back, refund.pk, reference="TRX", actor=SYSTEM)
    again = partial(refund_retries.try_again, refund.pk, actor=SYSTEM)
    outcomes = race([by_hand, again])
    refund_sending.send_due()

    assert outcomes["ok"] == 1
    assert sums_of(order)[1:3] == (TOTAL, TOTAL)
    assert order.ledger_entries.filter(kind="refund").count() == 1
    assert_invariants()


def test_workers_of_many_sweeps_work_on_a_run_one_at_a_time():
    batch = make_offer(capacity=100)
    for _n in range(12):
        place_paid(batch)
    batch.cancel(actor=SYSTEM)

    race([refund_runs.carry_on_all, refund_sending.send_due] * 3)
    refund_runs.carry_on_all()

    run = RefundRun.objects.get()
    assert (run.state, run.refunds.count()) == ("done", 12)
    assert at_the_gateway() == [1] * 12
    assert Message.objects.filter(kind="refund_sent").count() == 12
    assert_invariants()


def test_many_that_begin_a_run_begin_one():
    batch = make_offer(capacity=100)
    place_paid(batch)
    batch.cancel(actor=SYSTEM)

    outcomes = race([partial(refund_runs.begin, batch)] * 8)

    assert outcomes == {"ok": 8}
    assert RefundRun.objects.count() == 1


def test_one_lease_is_taken_by_one_worker():
    batch = make_offer(capacity=100)
    place_paid(batch)
    batch.cancel(actor=SYSTEM)
    refund_runs.begin(batch)
    taken = []

    def take():
        taken.append(RefundRun.objects.get().take_lease(refund_worker.LEASE))

    race([take] * 8)

    assert sorted(taken) == [False] * 7 + [True]
