"""A real worker on a real broker runs the same functions as the sweep."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config import sweep
from orders.models import Message, Order
from payments import sandbox
from tests.drafts import make_offer, payment_of, place_order
from tests.web import database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once(on="postgres")]

PATIENCE_SECONDS = 60


@contextmanager
def worker(redis_url: str, mails: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "celery", "-A", "config", "worker"]
    process = subprocess.Popen(
        [*command, "--concurrency=1", "--loglevel=ERROR", "--without-gossip"],
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "tests.worker_settings",
            "DATABASE_URL": database_url(),
            "TEST_BROKER_URL": redis_url,
            "TEST_MAIL_FOLDER": str(mails),
        },
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


def test_without_a_broker_nothing_waits_and_the_sweep_finishes(settings, mailoutbox):
    order = place_order(make_offer())
    sandbox.finish(payment_of(order).reference, "pay")

    sweep.run()

    order.refresh_from_db()
    assert order.status == Order.Status.CONFIRMED
    assert [mail.to for mail in mailoutbox] == [[order.email]] * 2
