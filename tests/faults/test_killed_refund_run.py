"""kill -9 of a mass refund: whoever goes on refunds each payment exactly once."""

import os
import signal
import subprocess
import sys
import time

import pytest
from django.core.management import CommandError, call_command

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from orders.models import Message
from payments.gateways.sandbox import SandboxGateway
from payments.models import LedgerEntry, Refund, RefundRun, SandboxPayment
from payments.refunds import sending as refund_sending
from tests.concurrency.racing import assert_invariants
from tests.drafts import make_offer, place_paid
from tests.web import database_url

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 240
# A refund takes longer; asking all the time would only keep it from working.
PAUSE_SECONDS = 0.005
FEW, MANY = 24, 500


def a_canceled_batch(payments):
    batch = make_offer(capacity=10_000)
    for _n in range(payments):
        place_paid(batch)
    batch.cancel(actor=SYSTEM)
    return batch


def refund_in_a_process(batch, *arguments):
    command = [sys.executable, "manage.py", "refund_batch", str(batch.pk), *arguments]
    environment = {
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    return subprocess.Popen(
        command,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def sent():
    return Refund.objects.exclude(state="requested").count()


def kill_once_sent(process, count):
    """The moment so many are on their way, or done."""
    end = time.monotonic() + PATIENCE_SECONDS
    while sent() < count:
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < end, "it does not get there"
        time.sleep(PAUSE_SECONDS)
    kill(process)


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def its_lease_runs_out():
    RefundRun.objects.update(leased_until=database_now())


def assert_refunded_once_each(payments):
    made = [row.refunds for row in SandboxPayment.objects.all()]
    run = RefundRun.objects.get()
    assert [len(refunds) for refunds in made] == [1] * payments
    assert run.state == "done"
    assert run.refunds.filter(state="succeeded").count() == payments
    assert LedgerEntry.objects.filter(kind="refund").count() == payments
    assert Message.objects.filter(kind="refund_sent").count() == payments
    assert Message.objects.filter(kind="refund_started").count() == payments
    assert_invariants()


def test_killed_again_and_again_it_refunds_each_once():
    batch = a_canceled_batch(FEW)

    for count in (1, FEW // 2, FEW - 1):
        kill_once_sent(refund_in_a_process(batch), count)
        assert sent() < FEW or RefundRun.objects.get().state == "running"
        its_lease_runs_out()
    call_command("refund_batch", str(batch.pk))

    assert_refunded_once_each(FEW)


def test_a_second_one_is_refused_while_the_first_works():
    batch = a_canceled_batch(3)
    first = refund_in_a_process(batch, "--per-minute", "1")
    try:
        while not sent():
            assert first.poll() is None
            time.sleep(PAUSE_SECONDS)
        with pytest.raises(CommandError, match="by another process"):
            call_command("refund_batch", str(batch.pk))
        assert sent() == 1
    finally:
        kill(first)

    its_lease_runs_out()
    call_command("refund_batch", str(batch.pk), "--per-minute", "0")

    assert_refunded_once_each(3)


@pytest.mark.long
def test_killed_at_two_hundred_of_five_hundred_it_goes_on_by_itself():
    batch = a_canceled_batch(MANY)

    kill_once_sent(refund_in_a_process(batch, "--per-minute", "0"), 200)
    assert 200 <= sent() < MANY
    call_command("refund_batch", str(batch.pk), "--per-minute", "0")

    assert_refunded_once_each(MANY)


def test_control_without_the_row_before_the_call_a_death_pays_twice(monkeypatch):
    """The gateway made it, and nobody here knows: that is what the row is for."""
    batch = a_canceled_batch(1)
    book = SandboxGateway.refund

    def forgetful(refund, *, look_up):
        answer = book(SandboxGateway(), _another_key(refund))
        raise SystemExit(answer)

    monkeypatch.setattr(refund_sending, "_call", forgetful)
    for _n in range(2):
        with pytest.raises(SystemExit):
            call_command("refund_batch", str(batch.pk))
        Refund.objects.update(state="requested")
        its_lease_runs_out()

    assert len(SandboxPayment.objects.get().refunds) == 2


def _another_key(refund):
    refund.idempotency_key = os.urandom(8).hex()
    return refund_sending.gateways.refund_in(refund)
