"""kill -9 between the gateway's answer and the commit: the event has one effect."""

import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from campaigns.clock import database_now
from payments.models import GatewayEvent
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    ledger_of,
    mails_of,
    make_offer,
    payment_of,
    place_order,
    press,
    sums_of,
)
from tests.web import shop_environment

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str) -> int:
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=shop_environment(), check=False).returncode


def process() -> int:
    return run("manage.py", "process_gateway_events")


def test_an_event_whose_worker_was_killed_is_applied_once():
    order = place_order(make_offer())
    press(payment_of(order), "pay")

    assert run("-m", "tests.faults.dying_inbox") == -signal.SIGKILL
    event = GatewayEvent.objects.get()
    assert (event.state, event.attempts) == ("received", 1)
    assert sums_of(order)[0] == "pending"

    past = database_now() - timedelta(seconds=1)
    GatewayEvent.objects.update(next_attempt_at=past)
    assert [process(), process()] == [0, 0]

    assert GatewayEvent.objects.get().state == "done"
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert ledger_of(order) == [("payment", TOTAL)]
    assert mails_of(order).count("order_confirmed") == 1
    assert_invariants()


def test_two_workers_at_once_both_end_well_and_apply_each_event_once():
    batch = make_offer(capacity=12)
    orders = [place_order(batch) for _n in range(12)]
    for order in orders:
        press(payment_of(order), "pay")

    command = [sys.executable, "manage.py", "process_gateway_events"]
    environment = shop_environment()
    workers = [subprocess.Popen(command, env=environment) for _n in range(2)]
    codes = [worker.wait(timeout=60) for worker in workers]

    assert codes == [0, 0]
    assert set(GatewayEvent.objects.values_list("state", "attempts")) == {("done", 1)}
    assert [ledger_of(order) for order in orders] == [[("payment", TOTAL)]] * 12
    assert_invariants()
