"""kill -9 of the web worker around the commit: the buyer's second tap mends it."""

import http.client
from pathlib import Path

import pytest

from campaigns.models import Batch
from orders.models import Message, Order
from payments.models import Payment
from tests.concurrency.racing import assert_invariants
from tests.drafts import make_offer, new_key
from tests.web import Browser, gunicorn

pytestmark = pytest.mark.django_db(transaction=True)


def shop_where_workers_die(fault_at: str, once: str):
    """Loaded before its workers are made, so that another one is there at once."""
    application = "tests.faults.broken_wsgi"
    return gunicorn(application, "--preload", FAULT_AT=fault_at, FAULT_ONCE=once)


def order_with_a_dying_worker(tmp_path: Path, fault_at: str, batch: Batch, key: str):
    """The first tap dies with its worker: what was there then, and the retry."""
    once = str(tmp_path / "dead")
    with shop_where_workers_die(fault_at, once) as port:
        buyer = Browser(port)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            buyer.checkout(batch, submit_key=key)
        between = (Order.objects.count(), Batch.objects.get().taken)
        return between, buyer.checkout(batch, submit_key=key)


def test_death_before_the_commit_leaves_nothing_and_the_retry_orders(tmp_path):
    batch, key = make_offer(capacity=3), new_key()

    between, retry = order_with_a_dying_worker(tmp_path, "before-commit", batch, key)

    assert between == (0, 0)
    assert retry.status == 303
    assert_one_order(key)


def test_death_after_the_commit_leaves_one_order_and_the_retry_leads_to_it(tmp_path):
    batch, key = make_offer(capacity=3), new_key()

    between, retry = order_with_a_dying_worker(tmp_path, "after-commit", batch, key)

    assert between == (1, 1)
    assert retry.location == f"/o/{Order.objects.get().token}/pay/"
    assert_one_order(key)


def test_control_another_key_after_the_death_is_a_second_order(tmp_path):
    batch = make_offer(capacity=3)

    with shop_where_workers_die("after-commit", str(tmp_path / "dead")) as port:
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            Browser(port).checkout(batch)
        Browser(port).checkout(batch)

    assert Order.objects.count() == 2


def assert_one_order(key):
    assert Order.objects.get().submit_key == key
    assert Message.objects.get().kind == "order_placed"
    assert Payment.objects.count() == 1
    assert Batch.objects.get().taken == 1
    assert_invariants()
