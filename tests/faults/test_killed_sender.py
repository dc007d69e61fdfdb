"""kill -9 of senders at random: every mail arrives, and at most one twice per death."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import connection

from campaigns.clock import database_now
from campaigns.models import Batch
from orders.mail import claims as mail_claims
from orders.models import Message
from tests.concurrency.racing import assert_invariants
from tests.doubles.smtp import Smtp
from tests.drafts import make_offer, place_order
from tests.orders.mailbox import make_message, make_messages, states
from tests.web import shop_environment

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 120
BULK = Message.Priority.BULK


def start(server, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.mail_sender", *arguments],
        env=shop_environment() | {"TEST_SMTP_PORT": str(server.port)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def wait_until_arrived(server, process, count):
    """Or until the sender has nothing left to do."""
    end = time.monotonic() + PATIENCE_SECONDS
    while len(server.arrived) < count and process.poll() is None:
        assert time.monotonic() < end, "no mail arrives"
        time.sleep(0.001)


def leases_run_out():
    Message.objects.filter(state="sending").update(
        leased_until=database_now() - timedelta(seconds=1)
    )
    connection.close()


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


@pytest.mark.long
def test_five_thousand_at_a_throttled_server_and_a_new_date_in_the_middle():
    """The server takes one mail at a time; nobody is left with the older date."""
    batch = make_offer(capacity=10_000)
    orders = [place_order(batch) for _n in range(50)]
    Message.objects.update(state="sent")
    make_dated(orders, version=1)

    with Smtp(seconds_per_mail=0.02).running() as server:
        sender = start(server)
        wait_until_arrived(server, sender, 1500)
        Batch.objects.filter(pk=batch.pk).update(schedule_version=2)
        make_dated(orders, version=2)
        before = len(server.arrived)
        make_message(to="payer@example.com", subject="paid")
        mail_claims.abort_superseded()
        sender.wait(timeout=600)
        start(server).wait(timeout=600)

    overtook = server.recipients().index("payer@example.com") - before
    # A handful is held for two seconds, a hundred of these mails at most.
    assert overtook <= 100
    last = {mail.to: mail.mail["Subject"] for mail in server.arrived}
    del last["payer@example.com"]
    assert set(last.values()) == {"date 2"}
    assert len(last) == 5000
    assert states()["sent"] == len(server.arrived) + len(orders)
    assert_invariants()


def make_dated(orders, *, version):
    Message.objects.bulk_create(
        Message(
            dedupe_key=f"date:{version}:{n}",
            message_id=f"<date.{version}.{n}@127.0.0.1>",
            order=orders[n % len(orders)],
            kind="schedule_change",
            to=f"buyer{n}@example.com",
            locale="id",
            subject=f"date {version}",
            text="Tanggal baru.\n",
            priority=BULK,
            schedule_version=version,
        )
        for n in range(5000)
    )
