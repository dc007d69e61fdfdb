"""All refunds of a canceled batch, each once, however often the work breaks off."""

import io
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.core.management import CommandError, call_command
from django.test import TestCase

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.models import Batch
from config import sweep
from orders.minimum import emails as minimum_emails
from orders.models import Message, Order
from payments import inbox
from payments.errors import Declined, Unavailable, Unknown
from payments.gateways.sandbox import SandboxGateway
from payments.models import Dispute, Payment, Refund, RefundRun, SandboxPayment
from payments.refunds import runs as refund_runs
from payments.refunds import sending as refund_sending
from payments.refunds import worker as refund_worker
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    finish,
    mails_of,
    make_offer,
    payment_of,
    place_order,
    place_paid,
    press,
    refunds_of,
    rows_of_orders,
    sums_of,
)
from tests.payments.test_refunds import answer_with, make_due

pytestmark = [pytest.mark.django_db, pytest.mark.once(on="postgres")]


def a_canceled_batch(*, paid=3, unpaid=1):
    batch = make_offer(capacity=10_000)
    for _n in range(paid):
        place_paid(batch)
    for _n in range(unpaid):
        place_order(batch)
    batch.cancel(actor=SYSTEM)
    return batch


def refund_batch(batch, *arguments):
    """What the command prints; SystemExit and CommandError are its exit codes."""
    out = io.StringIO()
    with TestCase.captureOnCommitCallbacks(execute=True):
        call_command("refund_batch", str(batch.pk), *arguments, stdout=out)
    inbox.process_due()
    return out.getvalue()


def at_all_gateways():
    """Payment references, once for each refund the gateway made."""
    rows = SandboxPayment.objects.order_by("pk")
    return [row.reference for row in rows for _refund in row.refunds]


def states():
    return sorted(Refund.objects.values_list("state", flat=True))


def test_everybody_is_refunded_once_and_unpaid_orders_end():
    batch = a_canceled_batch(paid=3, unpaid=2)

    said = refund_batch(batch)

    assert "Paid back: 3 payments, Rp\xa0504.000" in said
    assert states() == ["succeeded"] * 3
    assert len(set(at_all_gateways())) == len(at_all_gateways()) == 3
    assert set(Order.objects.values_list("status", flat=True)) == {"canceled"}
    run = RefundRun.objects.get()
    assert (run.state, run.leased_until, run.refunds.count()) == ("done", None, 3)
    assert run.finished_at
    assert_invariants()


def test_running_it_again_writes_nothing():
    batch = a_canceled_batch()
    refund_batch(batch)
    before = rows_of_orders()

    said = refund_batch(batch)

    assert "Paid back: 3 payments" in said
    assert rows_of_orders() == before
    assert RefundRun.objects.count() == 1


def test_a_dry_run_tells_and_writes_nothing():
    batch = a_canceled_batch(paid=2, unpaid=1)
    before = rows_of_orders()

    said = refund_batch(batch, "--dry-run")

    assert said.startswith("3 orders to cancel, Rp\xa0336.000 to refund: 2 payments by")
    assert rows_of_orders() == before
    assert not RefundRun.objects.exists()


@pytest.mark.parametrize("stage", ["draft", "open", "closed", "production", "shipping"])
def test_a_batch_that_is_not_canceled_is_refused(stage):
    batch = make_offer()
    place_paid(batch)
    Batch.objects.update(stage=stage)
    before = rows_of_orders()

    with pytest.raises(CommandError, match="only a canceled batch is refunded"):
        refund_batch(batch)

    assert rows_of_orders() == before


@pytest.mark.parametrize("arguments", [["0"], ["999999"]])
def test_an_unknown_batch_is_refused(arguments):
    with pytest.raises(CommandError, match="There is no batch"):
        call_command("refund_batch", *arguments)


@pytest.mark.parametrize("argument", ["--per-minute=-1", "--per-minute=x"])
def test_a_wrong_rate_is_refused(argument):
    batch = a_canceled_batch()

    with pytest.raises(CommandError):
        refund_batch(batch, argument)

    assert not RefundRun.objects.exists()


def test_buyers_are_told_that_it_has_started_and_once_that_it_is_sent(monkeypatch):
    batch = a_canceled_batch(paid=1, unpaid=0)
    order = Order.objects.get()
    with monkeypatch.context() as patch:
        answer_with(patch, Unknown("timed out"), after_booking=True)
        with pytest.raises(CommandError, match="not known yet"):
            refund_batch(batch)
    assert mails_of(order)[-2:] == ["batch_canceled", "refund_started"]

    make_due()
    refund_sending.send_due()
    refund_batch(batch)

    assert mails_of(order)[-2:] == ["refund_started", "refund_sent"]
    assert len(at_all_gateways()) == 1


def test_a_payment_confirmed_during_the_run_is_added():
    batch = a_canceled_batch(paid=2, unpaid=1)
    late = Order.objects.get(status="pending")
    run = refund_runs.begin(batch)
    pays = iter([partial(press, payment_of(late), "pay_late")])

    assert refund_runs.take(run)
    worker = refund_worker.Worker(run, told=lambda: _now(pays))
    with TestCase.captureOnCommitCallbacks(execute=True):
        worker.work()

    assert refunds_of(late) == [("succeeded", TOTAL, "mass")]
    assert run.refunds.count() == 3
    assert RefundRun.objects.get().state == "done"
    assert sums_of(late) == ("canceled", TOTAL, TOTAL, 0)


def _now(pays):
    """The buyer pays while the run works, and the shop hears of it."""
    for pay in pays:
        pay()
        inbox.process_due()


def test_some_that_fail_stay_listed_and_the_batch_stays_canceled(monkeypatch):
    batch = a_canceled_batch(paid=4, unpaid=0)
    bad = payment_of(Order.objects.earliest("pk"))
    book = SandboxGateway.refund

    def refund(gateway, request):
        if request.payment_reference == bad.reference:
            raise Declined("account closed")
        return book(gateway, request)

    monkeypatch.setattr(SandboxGateway, "refund", refund)
    with pytest.raises(CommandError, match="1 refunds failed at their gateway"):
        refund_batch(batch)

    assert states() == ["failed", "manual", "succeeded", "succeeded", "succeeded"]
    assert RefundRun.objects.get().refunds.count() == 4
    assert Batch.objects.get().stage == "canceled"
    assert mails_of(bad.order)[-2:] == ["refund_started", "payout_account"]
    assert_invariants()


def test_it_stops_itself_when_the_gateway_keeps_failing_and_resumes(monkeypatch):
    batch = a_canceled_batch(paid=refund_worker.STOP_AFTER + 2, unpaid=0)
    with monkeypatch.context() as patch:
        answer_with(patch, Unavailable("no route to host"), after_booking=False)
        with pytest.raises(CommandError, match="Stopped: 10 refunds in a row.*again"):
            refund_batch(batch)
    assert RefundRun.objects.get().state == "stopped"
    assert states().count("requested") == 2
    assert refund_sending.send_due() == 0

    refund_batch(batch)

    assert states() == ["succeeded"] * 12
    assert len(at_all_gateways()) == 12
    assert RefundRun.objects.get().state == "done"


def test_what_a_stopped_run_may_have_sent_is_still_looked_up(monkeypatch):
    batch = a_canceled_batch(paid=refund_worker.STOP_AFTER + 1, unpaid=0)
    with monkeypatch.context() as patch:
        answer_with(patch, Unknown("timed out"), after_booking=True)
        with pytest.raises(CommandError, match="Stopped"):
            refund_batch(batch)

    make_due()
    refund_sending.send_due()

    assert states() == ["requested"] + ["succeeded"] * 10


def test_a_second_worker_is_refused_while_the_first_gives_signs_of_life():
    batch = a_canceled_batch()
    run = refund_runs.begin(batch)
    first = RefundRun.objects.get()
    assert first.take_lease(refund_worker.LEASE)

    with pytest.raises(refund_runs.InProgress):
        refund_runs.take(run, pause=lambda _s: first.renew_lease(refund_worker.LEASE))

    assert not Refund.objects.exists()


def test_a_dead_worker_is_taken_over_once_its_lease_has_run_out():
    batch = a_canceled_batch()
    run = refund_runs.begin(batch)
    assert RefundRun.objects.get().take_lease(refund_worker.LEASE)

    def time_passes(_seconds):
        RefundRun.objects.update(leased_until=database_now() - timedelta(seconds=1))

    assert refund_runs.take(run, pause=time_passes)


def test_a_worker_that_lost_its_lease_sends_nothing_more():
    batch = a_canceled_batch()
    run = refund_runs.begin(batch)
    assert refund_runs.take(run)
    RefundRun.objects.update(leased_until=database_now() + refund_worker.LEASE)

    assert refund_worker.Worker(run).work() == 0

    assert at_all_gateways() == []
    assert RefundRun.objects.get().state == "running"


def test_what_a_dead_worker_was_sending_is_looked_up_and_not_sent_again():
    batch = a_canceled_batch(paid=2, unpaid=0)
    run = refund_runs.begin(batch)
    for order in Order.objects.all():
        refund_worker.cancellation.cancel_with_batch(order.pk)
    refund_sending.request_all_owed()
    sent = Refund.objects.select_related("payment__order").earliest("pk")
    assert sent.lease()
    assert sent.advance(Refund.State.SENDING, sent_at=database_now())
    refund_sending._ask(sent, look_up=False)

    refund_batch(batch)

    assert states() == ["succeeded"] * 2
    assert len(at_all_gateways()) == 2
    assert run.refunds.count() == 2


def test_no_more_calls_a_minute_than_asked_for():
    batch = a_canceled_batch(paid=3, unpaid=0)
    run = refund_runs.begin(batch)
    pauses = []

    def a_minute_passes(seconds):
        pauses.append(len(at_all_gateways()))
        Refund.objects.update(sent_at=database_now() - timedelta(minutes=2))

    assert refund_runs.take(run)
    worker = refund_worker.Worker(run, per_minute=1, pause=a_minute_passes)
    with TestCase.captureOnCommitCallbacks(execute=True):
        worker.work()

    assert pauses == [1, 2]
    assert states() == ["succeeded"] * 3


def test_the_sweep_begins_and_finishes_what_nobody_started():
    a_canceled_batch(paid=2, unpaid=1)

    with TestCase.captureOnCommitCallbacks(execute=True):
        sweep.run()

    run = RefundRun.objects.get()
    assert (run.state, run.refunds.count()) == ("done", 2)
    assert states() == ["succeeded"] * 2


def test_the_sweep_leaves_alone_a_run_that_has_a_worker():
    batch = a_canceled_batch()
    assert refund_runs.take(refund_runs.begin(batch))

    assert refund_runs.carry_on_all() == 0
    refund_sending.send_due()

    assert at_all_gateways() == []


def test_a_worker_of_the_sweep_goes_home_and_the_next_one_goes_on(monkeypatch):
    batch = a_canceled_batch(paid=3, unpaid=0)
    refund_runs.begin(batch)
    monkeypatch.setattr(refund_worker, "PER_MINUTE", 0)
    monkeypatch.setattr(refund_runs, "SWEEP_SECONDS", 0)

    assert refund_runs.carry_on_all() == 0
    assert RefundRun.objects.get().leased_until is None

    monkeypatch.setattr(refund_runs, "SWEEP_SECONDS", 60)
    assert refund_runs.carry_on_all() == 9
    assert RefundRun.objects.get().state == "done"


def test_a_disputed_payment_waits_and_the_run_ends_without_it():
    batch = a_canceled_batch(paid=2, unpaid=0)
    disputed = payment_of(Order.objects.earliest("pk"))
    dispute = Dispute.objects.create(
        payment=disputed, gateway_reference="dp_1", amount=TOTAL, state="open"
    )

    said = refund_batch(batch)
    assert "Requested: 1 payment, Rp\xa0168.000" in said
    assert RefundRun.objects.get().state == "done"

    Dispute.objects.filter(pk=dispute.pk).update(state="won")
    refund_sending.send_due()
    assert states() == ["succeeded"] * 2


def test_payments_past_their_time_are_handed_to_the_seller_without_a_call():
    batch = a_canceled_batch(paid=2, unpaid=0)
    Payment.objects.update(refundable_until=database_now() - timedelta(days=1))

    said = refund_batch(batch)

    assert "To be paid by hand: 2 payments" in said
    assert at_all_gateways() == []
    assert Message.objects.filter(kind="payout_account").count() == 2
    assert not Message.objects.filter(kind="refund_started").exists()


def test_a_paid_order_without_money_needs_no_refund():
    batch = a_canceled_batch(paid=0, unpaid=2)

    said = refund_batch(batch)

    assert said.endswith("0 payments, Rp\xa00 in all.\n")
    assert not Refund.objects.exists()


def test_what_was_paid_in_part_comes_back_too():
    batch = make_offer(capacity=100)
    order = place_order(batch)
    finish(order, "pay_less")
    batch.cancel(actor=SYSTEM)

    refund_batch(batch)

    assert refunds_of(order) == [("succeeded", TOTAL * Decimal("0.9"), "mass")]
    assert minimum_emails.BATCH_CONFIRMED not in mails_of(order)


class Died(BaseException):
    """What kill -9 is to a process: nothing catches it."""


def _dies_before_the_call(monkeypatch):
    monkeypatch.setattr(SandboxGateway, "refund", _die)


def _dies_after_the_call(monkeypatch):
    book = SandboxGateway.refund

    def refund(gateway, request):
        book(gateway, request)
        raise Died

    monkeypatch.setattr(SandboxGateway, "refund", refund)


def _dies_with_the_refund_in_hand(monkeypatch):
    monkeypatch.setattr(refund_sending.refund_rows, "rail_pays_back", _die)


def _dies_before_the_record(monkeypatch):
    monkeypatch.setattr(refund_sending, "record", _die)


def _dies_while_it_cancels(monkeypatch):
    monkeypatch.setattr(refund_worker.cancellation, "cancel_with_batch", _die)


def _dies_while_it_requests(monkeypatch):
    monkeypatch.setattr(refund_sending, "settle_ended", _die)


def _dies_while_it_takes_the_lease(monkeypatch):
    monkeypatch.setattr(refund_worker.Worker, "work", _die)


def _die(*_args, **_options):
    raise Died


@pytest.mark.parametrize(
    "death",
    [
        _dies_while_it_takes_the_lease,
        _dies_while_it_cancels,
        _dies_while_it_requests,
        _dies_with_the_refund_in_hand,
        _dies_before_the_call,
        _dies_after_the_call,
        _dies_before_the_record,
    ],
)
def test_wherever_it_dies_the_next_one_refunds_each_payment_once(monkeypatch, death):
    batch = a_canceled_batch(paid=3, unpaid=1)
    with monkeypatch.context() as patch:
        death(patch)
        with pytest.raises(Died):
            refund_batch(batch)
    RefundRun.objects.update(leased_until=database_now() - timedelta(seconds=1))

    refund_batch(batch)

    assert states() == ["succeeded"] * 3
    assert len(at_all_gateways()) == 3
    assert len(set(at_all_gateways())) == 3
    assert RefundRun.objects.get().refunds.count() == 3
    assert_invariants()
