"""kill -9 of senders at random: every mail arrives, and at most one twice per death."""

import random
import time

import pytest

from tests.concurrency.racing import assert_invariants
from tests.doubles.smtp import Smtp
from tests.faults.sending import (
    PATIENCE_SECONDS,
    kill,
    leases_run_out,
    start,
    wait_until_arrived,
)
from tests.orders.mailbox import make_messages, states

pytestmark = pytest.mark.django_db(transaction=True)


def storm(server, *, mails, kills, seed):
    """Senders in pairs, killed at a random moment; returns how many were."""
    dice, killed = random.Random(seed), 0
    for _n in range(kills):
        senders = [start(server), start(server)]
        goal = len(server.arrived) + dice.randrange(1, max(2, mails // kills))
        wait_until_arrived(server, senders[0], goal)
        time.sleep(dice.random() * 0.01)
        if senders[0].poll() is None:
            kill(senders[0])
            killed += 1
        kill(senders[1])
        killed += 1
        leases_run_out()
    start(server).wait(timeout=PATIENCE_SECONDS)
    return killed


def assert_each_arrived(server, *, mails, killed):
    copies = server.copies()
    assert len(copies) == mails
    assert len(server.arrived) - mails <= killed
    assert states() == {"sent": mails}
    assert_invariants()


def test_killed_senders_lose_no_mail_and_repeat_few():
    make_messages(80)

    with Smtp(seconds_per_mail=0.01).running() as server:
        killed = storm(server, mails=80, kills=2, seed=1)

    assert killed >= 2
    assert_each_arrived(server, mails=80, killed=killed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_a_storm_of_kills_loses_no_mail(seed):
    make_messages(600)

    with Smtp(seconds_per_mail=0.005).running() as server:
        killed = storm(server, mails=600, kills=12, seed=seed)

    assert_each_arrived(server, mails=600, killed=killed)


def test_control_marked_before_it_is_sent_a_mail_is_lost():
    make_messages(20)

    with Smtp(seconds_per_mail=0.2).running() as server:
        sender = start(server, "mark-first")
        wait_until_arrived(server, sender, 3)
        kill(sender)
        leases_run_out()
        start(server).wait(timeout=PATIENCE_SECONDS)

    assert states() == {"sent": 20}
    assert len(server.copies()) < 20
