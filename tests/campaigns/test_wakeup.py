import socket
from contextlib import suppress

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


@pytest.fixture
def deaf_broker(broker):
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        deaf.setblocking(False)
        broker(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0")
        yield deaf


@pytest.fixture
def patience(monkeypatch):
    """How long each connection to a broker was ready to wait: to connect, to hear."""
    waits, connect = [], redis.Connection.connect

    def connect_and_tell(self):
        waits.append((self.socket_connect_timeout, self.socket_timeout))
        return connect(self)

    monkeypatch.setattr(redis.Connection, "connect", connect_and_tell)
    return waits


def visitors(server):
    """How many connected since the last look."""
    count = 0
    with suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            count += 1
    return count


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_does_not_answer_is_allowed_less_than_a_second_and_once(
    bell, deaf_broker, patience, caplog
):
    wakeup.wake_up()
    first = visitors(deaf_broker)
    wakeup.wake_up()
    second = visitors(deaf_broker)

    assert (first, second) == (2, 0)
    assert patience == [(0.3, 0.3)] * first
    assert caplog.text.count("no worker could be woken up") == 1


@pytest.mark.django_db(transaction=True)
def test_control_more_impatient_and_without_silence_it_is_asked_each_time(
    bell, deaf_broker, patience, monkeypatch
):
    monkeypatch.setitem(wakeup.IMPATIENT, "socket_timeout", 0.1)
    monkeypatch.setattr(bell, "SILENCE_SECONDS", 0)

    wakeup.wake_up()
    wakeup.wake_up()

    assert visitors(deaf_broker) == 4
    assert patience == [(0.3, 0.1)] * 4
