"""A real worker on a real broker runs the same functions as the sweep."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from campaigns.clock import database_now
from campaigns.wakeup import bell
from config import sweep
from config.celery import MAIL_QUEUE
from orders.models import Message, Order
from payments.sandbox import provider as sandbox
from tests.concurrency.racing import assert_invariants
from tests.doubles.smtp import Smtp
from tests.drafts import make_offer, payment_of, place_order
from tests.orders.mailbox import make_messages, states
from tests.web import database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once(on="postgres")]

PATIENCE_SECONDS = 120


@contextmanager
def worker(
    redis_url: str, mails: Path, *arguments: str, **environment: str
) -> Iterator[None]:
    command = [sys.executable, "-m", "celery", "-A", "config", "worker"]
    process = subprocess.Popen(
        [
            *(*command, "--loglevel=ERROR", "--without-gossip"),
            *(arguments or ("--concurrency=1",)),
        ],
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "tests.worker_settings",
            "DATABASE_URL": database_url(),
            "TEST_BROKER_URL": redis_url,
            "TEST_MAIL_FOLDER": str(mails),
        }
        | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)


def wait_until(is_so) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < end, "the worker did nothing"
        time.sleep(0.1)


def test_a_payment_is_applied_and_its_mail_sent_by_the_worker(
    redis_url, tmp_path, settings
):
    settings.CELERY_BROKER_URL = redis_url
    order = place_order(make_offer())

    sandbox.finish(payment_of(order).reference, "pay")
    with worker(redis_url, tmp_path):
        wait_until(lambda: Message.objects.filter(state="sent").count() == 2)

    order.refresh_from_db()
    assert order.status == Order.Status.CONFIRMED
    assert sorted(Message.objects.values_list("kind", flat=True)) == [
        "order_confirmed",
        "order_placed",
    ]
    mails = "".join(file.read_text() for file in tmp_path.iterdir())
    assert mails.count("Message-ID:") == 2


def test_a_fan_out_is_sent_by_two_senders_each_mail_once(redis_url, tmp_path, settings):
    settings.CELERY_BROKER_URL = redis_url
    make_messages(300, priority=Message.Priority.BULK)

    with Smtp(seconds_of_each=0.01).running() as server:
        beat = ("--concurrency=2", "--beat", f"--schedule={tmp_path}/beat")
        with worker(redis_url, tmp_path, *beat, TEST_SMTP_PORT=str(server.port)):
            wait_until(lambda: Message.objects.filter(state="sent").count() == 300)

        assert server.sessions >= 2
        assert len(server.arrived) == len(server.copies()) == 300
    assert_invariants()


def test_mails_have_a_queue_whose_worker_leaves_all_else_alone(
    redis_url, tmp_path, settings
):
    settings.CELERY_BROKER_URL = redis_url
    order = place_order(make_offer())
    sandbox.finish(payment_of(order).reference, "pay")

    with worker(redis_url, tmp_path, "--concurrency=1", "--queues=celery"):
        wait_until(lambda: Order.objects.get().status == Order.Status.CONFIRMED)
        wait_until(lambda: calls_of_a_sender(redis_url) > 0)
    assert states() == {"queued": 2}

    make_messages(1)
    beat = ("--beat", f"--schedule={tmp_path}/beat")
    with worker(redis_url, tmp_path, "--concurrency=1", "--queues=mails", *beat):
        wait_until(lambda: states() == {"sent": 3})


def calls_of_a_sender(redis_url):
    with redis.Redis.from_url(redis_url) as broker:
        return broker.llen(MAIL_QUEUE)


def test_what_an_emptied_broker_forgot_the_sweep_sends(
    redis_url, tmp_path, settings, mailoutbox
):
    settings.CELERY_BROKER_URL = redis_url
    make_messages(300)
    with Smtp(seconds_of_each=0.02).running() as server:
        with worker(redis_url, tmp_path, TEST_SMTP_PORT=str(server.port)):
            bell.ring()
            wait_until(lambda: Message.objects.filter(state="sent").exists())
            with redis.Redis.from_url(redis_url) as broker:
                broker.flushall()
        arrived = len(server.copies())

    sweep.run()

    # What the worker still held when it was stopped, its lease gives back.
    assert arrived + len(mailoutbox) == 300 - states().get("sending", 0)
    Message.objects.filter(state="sending").update(leased_until=database_now())
    sweep.run()
    assert states() == {"sent": 300}


def test_without_a_broker_nothing_waits_and_the_sweep_finishes(settings, mailoutbox):
    order = place_order(make_offer())
    sandbox.finish(payment_of(order).reference, "pay")

    sweep.run()

    order.refresh_from_db()
    assert order.status == Order.Status.CONFIRMED
    assert [mail.to for mail in mailoutbox] == [[order.email]] * 2
