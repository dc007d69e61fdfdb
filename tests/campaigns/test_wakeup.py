import socket
import time

import pytest
import redis
from django.db import transaction

from campaigns import wakeup
from config.celery import app


@pytest.fixture
def bell(monkeypatch):
    fresh = wakeup.Bell()
    monkeypatch.setattr(wakeup, "bell", fresh)
    return fresh


@pytest.fixture
def broker(settings, monkeypatch):
    def use(url):
        settings.CELERY_BROKER_URL = url
        monkeypatch.setattr(app.conf, "broker_url", url)
        monkeypatch.setattr(app.conf, "broker_write_url", url)

    return use


def test_without_a_broker_nothing_rings(bell, monkeypatch):
    monkeypatch.setattr(bell, "ring", pytest.fail)

    wakeup.wake_up()


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_woken_after_commit_and_not_after_rollback(bell, broker, redis_url):
    broker(redis_url)
    queue = redis.Redis.from_url(redis_url)
    queue.flushdb()

    with transaction.atomic():
        wakeup.wake_up()
        assert queue.llen("celery") == 0
    with transaction.atomic():
        wakeup.wake_up()
        transaction.set_rollback(True)

    assert queue.llen("celery") == 1
    queue.close()


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_does_not_answer_costs_less_than_a_second_and_once(
    bell, broker, caplog
):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        broker(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0")
        started = time.monotonic()
        wakeup.wake_up()
        first = time.monotonic()
        wakeup.wake_up()
        second = time.monotonic()

    assert first - started < 1
    assert second - first < 0.1
    assert "no worker could be woken up" in caplog.text
