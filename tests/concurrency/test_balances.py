"""Balances end while their buyers pay: money is counted, or goes back, never lost."""

from functools import partial

import pytest

from orders.models import Order
from payments import attempts, balances, gateways, settlement
from payments.dues import balance_of
from payments.ledger import books
from payments.models import Payment, Refund
from payments.sandbox import provider as sandbox
from tests.concurrency.racing import assert_invariants, race
from tests.drafts import place_paid, send_refunds
from tests.payments.deposits import (
    BALANCE,
    DEPOSIT,
    deposit_paid,
    let_last_notice_pass,
    make_deposit_offer,
    open_balance,
    start_production,
)

pytestmark = pytest.mark.django_db(transaction=True)

BUYERS = 8


def overdue(orders):
    """One batch of orders whose last notice has passed; each has its page open."""
    batch = make_deposit_offer(unpaid_balance="forfeit")
    placed = [place_paid(batch) for _n in range(orders)]
    start_production(batch)
    payments = [open_balance(order) for order in placed]
    let_last_notice_pass(placed[0])
    return placed, payments


def pay(payment):
    """The buyer's last click, and the shop that hears of it at once."""
    sandbox.finish(payment.reference, "pay")
    snapshot = gateways.get("sandbox").fetch(gateways.payment_in(payment))
    settlement.apply(payment, snapshot)


def test_a_balance_paid_as_it_ends_is_counted_or_returned():
    placed, payments = overdue(BUYERS)

    outcomes = race(
        [
            *(partial(pay, payment) for payment in payments),
            *(partial(balances.end, order.pk) for order in placed),
        ]
    )
    send_refunds()

    assert set(outcomes) <= {"ok", "SessionOver"}
    for order in Order.objects.all():
        kept, paid, back = order.amount_kept, order.amount_paid, order.amount_refunded
        if order.status == Order.Status.CONFIRMED:
            assert (paid, back) == (DEPOSIT + BALANCE, 0)
        else:
            assert (order.status, kept) == ("canceled", DEPOSIT)
            assert paid - back == DEPOSIT
    assert_invariants()


def test_two_sweeps_at_once_end_each_order_once():
    placed, _payments = overdue(3)

    outcomes = race([balances.end_unpaid] * 4)

    assert outcomes == {"ok": 4}
    assert Order.objects.filter(status="canceled").count() == 3
    assert [order.events.filter(kind="canceled").count() for order in placed] == [1] * 3
    mails = [order.messages.filter(kind="order_canceled").count() for order in placed]
    assert mails == [1] * 3
    assert_invariants()


def test_two_sweeps_at_once_tell_each_buyer_once():
    order = deposit_paid()

    outcomes = race([balances.remind_due] * 4)

    assert outcomes == {"ok": 4}
    assert order.messages.filter(kind="balance_due").count() == 1


def paid_meanwhile(monkeypatch, order):
    """A payment settles after the decision was made, and before the lock is taken."""
    payment = attempts.unsaved(order, "sandbox", BALANCE)
    payment.state = Payment.State.CANCELED
    payment.save()
    end_under_lock = balances._end

    def pay_first(locked):
        Payment.objects.filter(pk=payment.pk).update(
            state=Payment.State.CONFIRMED, amount_received=BALANCE
        )
        books.update_sums(locked, list(locked.payments.all()))
        return end_under_lock(locked)

    monkeypatch.setattr(balances, "_end", pay_first)


def test_what_settled_before_the_lock_is_seen_under_it(monkeypatch):
    order = deposit_paid("forfeit")
    let_last_notice_pass(order)
    paid_meanwhile(monkeypatch, order)

    assert balances.end_unpaid() == 0

    assert Order.objects.get().status == Order.Status.CONFIRMED
    assert balance_of(Order.objects.get()).due == 0


def test_control_without_the_second_look_a_paid_order_is_forfeited(monkeypatch):
    order = deposit_paid("forfeit")
    let_last_notice_pass(order)
    paid_meanwhile(monkeypatch, order)
    monkeypatch.setattr(balances, "may_end", lambda _order: True)

    assert balances.end_unpaid() == 1

    order.refresh_from_db()
    assert (order.status, order.amount_kept) == ("canceled", DEPOSIT + BALANCE)
    assert not Refund.objects.exists()
