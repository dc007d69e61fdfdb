"""Each check of refunds finds what it is there for, and nothing in a sound shop."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from payments.models import LedgerEntry, Payment, Refund, RefundRun
from payments.refunds import invariants as refund_invariants
from payments.refunds import runs as refund_runs
from payments.refunds import worker as refund_worker
from tests.drafts import TOTAL, make_offer, place_paid, send_refunds
from tests.payments.test_refund_runs import a_canceled_batch, refund_batch
from tests.payments.test_refunds import a_canceled_order

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(hours=1)


def found(check):
    return list(check())


def broken():
    """Numbers of the invariants that check_invariants finds broken."""
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("check_invariants", quiet=True, stdout=out, stderr=io.StringIO())
    return {
        int(line.split()[1])
        for line in out.getvalue().splitlines()
        if line.startswith("✗")
    }


def test_a_sound_shop_breaks_none():
    refund_batch(a_canceled_batch())
    a_canceled_order()
    send_refunds()

    for invariant in refund_invariants.INVARIANTS:
        assert found(invariant.violations) == [], invariant.says


def a_sent_refund():
    a_canceled_order()
    send_refunds()
    return Refund.objects.get()


def test_a_refund_booked_in_other_money_is_found():
    refund = a_sent_refund()
    rows = LedgerEntry.objects.filter(refund=refund)
    super(type(rows), rows).update(currency="USD")

    assert found(refund_invariants.refunds_in_other_money)
    assert 14 in broken()


def test_a_refund_that_is_not_booked_is_found():
    refund = a_sent_refund()
    Refund.objects.filter(pk=refund.pk).update(state="pending")

    assert found(refund_invariants.refunds_not_booked_once) == [
        f"refund {refund.pk} pending: booked 1 times out, 0 back"
    ]


def test_more_taken_back_than_came_is_found():
    place_paid(make_offer())
    Payment.objects.update(amount_reversed=TOTAL + 1)

    assert found(refund_invariants.reversed_beyond_what_came)


def test_a_call_without_its_moment_is_found():
    refund = a_sent_refund()
    Refund.objects.filter(pk=refund.pk).update(state="unknown", sent_at=None)

    assert found(refund_invariants.sent_without_a_moment)
    assert 16 in broken()


def test_a_call_without_approval_is_found():
    a_sent_refund()
    Refund.objects.update(approved_at=None)

    assert found(refund_invariants.sent_unapproved)


def test_a_key_used_twice_is_found():
    a_sent_refund()
    a_canceled_order()
    send_refunds()
    Refund.objects.update(idempotency_key=Refund.objects.earliest("pk").idempotency_key)

    assert found(refund_invariants.keys_used_twice)


def test_a_run_of_another_batch_is_found():
    batch = a_canceled_batch()
    a_sent = a_canceled_order()
    send_refunds()
    Refund.objects.filter(payment__order=a_sent).update(run=refund_runs.begin(batch))

    assert found(refund_invariants.runs_of_other_batches)
    assert 17 in broken()


def test_a_run_that_ended_before_its_end_is_found():
    run = refund_runs.begin(a_canceled_batch())
    past = database_now() - LONG_AGO
    RefundRun.objects.filter(pk=run.pk).update(state="done", finished_at=past)

    assert found(refund_invariants.runs_that_ended_early)
    assert 17 in broken()


def test_a_run_nobody_works_on_is_found(monkeypatch):
    batch = a_canceled_batch()
    refund_runs.begin(batch)
    refund_batch_requests(batch, monkeypatch)
    RefundRun.objects.update(started_at=database_now() - LONG_AGO)

    assert found(refund_invariants.runs_nobody_works_on)


def refund_batch_requests(batch, monkeypatch):
    """Everything is written, and nothing sent."""
    monkeypatch.setattr(refund_worker.Worker, "_send", lambda _self, _refund: 0)
    monkeypatch.setattr(refund_worker, "has_work", lambda _batch: True)
    run = refund_runs.begin(batch, started_by=SYSTEM.user)
    assert refund_runs.take(run)
    refund_worker.Worker(run).work()
