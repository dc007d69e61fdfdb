"""Holds end, are paid, extended and canceled at one moment: each exactly one way."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction
from django.db.models import F

from campaigns.clock import Clock, database_now
from campaigns.models import Batch
from orders import cancellation, lifecycle, tallies
from orders.holds import limits as hold_limits
from orders.models import Message, Order, OrderEvent
from orders.models.order import OrderQuerySet
from orders.origins import of_address
from payments import closing, expiry, extension, gateways, settlement
from payments.closing import Pages
from payments.models import Payment, SandboxPayment
from payments.sandbox import provider as sandbox
from tests.concurrency.racing import BUYERS, assert_invariants, race
from tests.drafts import (
    make_draft,
    make_drafts,
    make_offer,
    new_key,
    order_once,
    place_order,
)
from tests.silence import down

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def three_per_buyer(monkeypatch):
    monkeypatch.setattr(hold_limits, "PER_BUYER", 3)


ANI = {"email": "ani@example.com", "phone": "+6281234567890"}
HERE = of_address("203.0.113.7")
# So many end at one moment, each in the hands of several.
HOLDS = 8


def holds(count, *, ended=True):
    """Unpaid orders of one batch, with other units beside them."""
    batch = make_offer(capacity=1000)
    beside = place_order(batch, units=[100])
    placed = [place_order(batch) for _n in range(count)]
    if ended:
        orders = Order.objects.filter(pk__in=[order.pk for order in placed])
        orders.update(expires_at=database_now() - timedelta(seconds=1))
    return beside, placed


def pay(order):
    """The buyer's last click, and the shop that hears of it at once."""
    payment = order.payments.select_related("order").get()
    sandbox.finish(payment.reference, "pay")
    snapshot = gateways.get("sandbox").fetch(gateways.payment_in(payment))
    settlement.apply(payment, snapshot)


def cancel(order):
    cancellation.cancel_as_shown(order.pk, shown=0)


def events(kind):
    return OrderEvent.objects.filter(kind=kind)


def test_32_sweeps_at_once_end_each_hold_once():
    _beside, placed = holds(HOLDS)

    outcomes = race([expiry.expire_overdue] * BUYERS)

    assert outcomes == {"ok": BUYERS}
    assert events("expired").count() == len(placed)
    assert Message.objects.filter(kind="order_expired").count() == len(placed)
    assert Batch.objects.get().taken == 100
    assert_invariants()


def test_control_without_compare_and_set_one_hold_ends_many_times(monkeypatch):
    _beside, [order] = holds(1)
    place_order(order.batch, units=[20], email=order.email, phone=order.phone)
    monkeypatch.setattr(Order, "move_to", naive_move)
    stale = [Order.objects.get(pk=order.pk) for _n in range(3)]

    outcomes = race([partial(expire_as_seen, each) for each in stale])

    assert outcomes == {"ok": 3}
    assert events("expired").count() == 3
    assert Batch.objects.get().taken == 121 - 3
    with pytest.raises(SystemExit):
        assert_invariants()


def expire_as_seen(order):
    with transaction.atomic():
        lifecycle.expire(order)


def naive_move(order, target, *, actor, data=None, **_columns):
    """What the row says by now is not asked."""
    Order.objects.filter(pk=order.pk).update(status=target, expired_at=Clock())
    order.record(target, actor=actor, data=data)


def test_payment_and_expiry_at_the_same_moment_end_one_way():
    _beside, placed = holds(HOLDS)
    payers = [partial(pay, order) for order in placed]

    outcomes = race([expiry.expire_overdue] * HOLDS + payers)

    paid = SandboxPayment.objects.filter(state="paid").count()
    found = Order.objects.filter(pk__in=[order.pk for order in placed])
    assert (outcomes["ok"], outcomes["SessionOver"]) == (HOLDS + paid, HOLDS - paid)
    assert found.filter(status="confirmed").count() == paid
    assert found.filter(status="expired").count() == len(placed) - paid
    assert not OrderEvent.objects.filter(data__reinstated=True).exists()
    assert Batch.objects.get().taken == 100 + paid
    assert_invariants()


def test_holds_that_end_in_silence_end_once_and_what_was_paid_is_late_money():
    _beside, placed = holds(HOLDS)
    Payment.objects.update(hold_until=database_now())
    references = list(Payment.objects.values_list("reference", flat=True))[1:]

    with down():
        payers = [partial(sandbox.finish, each, "pay") for each in references]
        assert race([expiry.expire_overdue] * HOLDS + payers) == {"ok": 2 * HOLDS}
    assert events("expired").count() == len(placed)
    assert Batch.objects.get().taken == 100
    race([closing.close_abandoned] * 8)

    reinstated = OrderEvent.objects.filter(data__reinstated=True)
    assert reinstated.count() == len(placed)
    assert Batch.objects.get().taken == 100 + HOLDS
    assert_invariants()


def test_control_a_hold_that_ends_here_first_is_paid_on_a_page_still_open(monkeypatch):
    _beside, placed = holds(HOLDS)
    monkeypatch.setattr(Pages, "close", lambda _pages, _payment: True)
    expiry.expire_overdue()

    race([partial(pay, order) for order in placed])

    assert OrderEvent.objects.filter(data__reinstated=True).count() == len(placed)


def test_more_time_is_given_once_however_often_it_is_asked_for():
    _beside, [order] = holds(1, ended=False)
    end = order.expires_at

    outcomes = race([partial(extension.extend, order.pk)] * BUYERS)

    order.refresh_from_db()
    assert outcomes == {"ok": 1, "NotExtendable": BUYERS - 1}
    assert order.expires_at == end + timedelta(days=1)
    assert events("hold_extended").count() == 1
    assert_invariants()


def test_control_without_its_condition_every_request_gives_more_time(monkeypatch):
    _beside, [order] = holds(1, ended=False)
    end = order.expires_at
    monkeypatch.setattr(OrderQuerySet, "extendable", OrderQuerySet.all)

    outcomes = race([partial(extension.extend, order.pk)] * BUYERS)

    order.refresh_from_db()
    assert outcomes == {"ok": BUYERS}
    assert order.expires_at == end + BUYERS * timedelta(days=1)


def test_at_its_end_a_hold_is_extended_or_over():
    _beside, placed = holds(HOLDS, ended=False)
    end = database_now() + timedelta(milliseconds=400)
    Order.objects.filter(pk__in=[o.pk for o in placed]).update(expires_at=end)

    def sweep_until_the_end():
        while database_now() <= end:
            expiry.expire_overdue()
        expiry.expire_overdue()

    def ask_at_the_end(order):
        while (end - database_now()) > timedelta(milliseconds=5):
            pass
        extension.extend(order.pk)

    askers = [partial(ask_at_the_end, order) for order in placed]
    outcomes = race([sweep_until_the_end] * 4 + askers)

    found = Order.objects.filter(pk__in=[order.pk for order in placed])
    extended = found.filter(status="pending", extended_at__isnull=False).count()
    over = found.filter(status="expired", extended_at__isnull=True).count()
    assert set(outcomes) <= {"ok", "NotExtendable"}
    assert outcomes["ok"] == 4 + extended
    assert extended + over == len(placed)
    assert Batch.objects.get().taken == 100 + extended
    assert_invariants()


def test_control_by_a_clock_read_before_an_expired_hold_is_extended(monkeypatch):
    _beside, [order] = holds(1)
    expiry.expire_overdue()
    seen = Order.objects.select_related("batch__campaign__seller")
    monkeypatch.setattr(OrderQuerySet, "extendable", OrderQuerySet.all)
    monkeypatch.setattr(lifecycle, "locked", lambda pk: seen.get(pk=pk))

    extension.extend(order.pk)

    order.refresh_from_db()
    assert order.status == "expired"
    assert order.extended_at is not None


def test_pay_cancel_extend_and_sweep_at_once_leave_every_order_in_one_state():
    _beside, placed = holds(HOLDS, ended=False)
    for order in placed[::2]:
        Order.objects.filter(pk=order.pk).update(
            expires_at=F("expires_at") - timedelta(days=2)
        )
    runners = [expiry.expire_overdue] * 4
    for order in placed:
        extend = partial(extension.extend, order.pk)
        runners += [partial(pay, order), partial(cancel, order), extend]

    outcomes = race(runners)

    allowed = {"ok", "SessionOver", "NotCancelable", "QuoteChanged", "NotExtendable"}
    assert set(outcomes) <= allowed
    endings = OrderEvent.objects.filter(kind__in=["confirmed", "expired", "canceled"])
    assert [endings.filter(order=order).count() for order in placed] == [1] * HOLDS
    assert_invariants()


def test_32_orders_of_one_buyer_at_once_are_three():
    batch = make_offer(capacity=100)
    drafts = make_drafts(batch, BUYERS, origin=HERE, **ANI)

    outcomes = race([order_once(draft) for draft in drafts])

    assert outcomes == {"ok": 3, "TooManyUnpaid": BUYERS - 3}
    assert Order.objects.count() == 3
    assert Batch.objects.get().taken == 3
    assert_invariants()


@pytest.mark.postgres
def test_control_counted_before_the_tallies_are_claimed_they_are_more(monkeypatch):
    batch = make_offer(capacity=100)
    drafts = make_drafts(batch, BUYERS, origin=HERE, **ANI)
    check, claim = hold_limits.check, tallies.claim

    def check_first(order, *, campaign, units):
        check(order, campaign_id=campaign.pk, units=0)
        claim(order, campaign=campaign, units=units)

    monkeypatch.setattr(tallies, "claim", check_first)
    monkeypatch.setattr(hold_limits, "check", lambda *_args, **_options: None)

    outcomes = race([order_once(draft) for draft in drafts])

    assert outcomes["ok"] > 3


def test_strangers_at_one_address_exceed_its_limit_by_those_placed_at_once(monkeypatch):
    monkeypatch.setattr(hold_limits, "PER_ADDRESS", 5)
    batch = make_offer(capacity=100)
    drafts = make_drafts(batch, BUYERS, origin=HERE)

    outcomes = race([order_once(draft) for draft in drafts])
    again = race([order_once(make_draft(batch, origin=HERE), new_key())])

    assert set(outcomes) <= {"ok", "TooManyUnpaid"}
    assert 5 <= outcomes["ok"] <= BUYERS
    assert again == {"TooManyUnpaid": 1}
    assert_invariants()
