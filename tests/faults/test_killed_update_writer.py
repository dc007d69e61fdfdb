"""kill -9 in the middle of an update's mails: whoever goes on writes each once."""

import signal
import subprocess
import sys

import pytest

from orders.updates import writing as update_writing
from tests.concurrency.racing import assert_invariants
from tests.drafts import make_offer, place_paid
from tests.orders.posts import make_update, publish, written_to
from tests.web import shop_environment

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_writer_killed_between_storing_and_commit_leaves_whole_chunks():
    batch = make_offer(capacity=10)
    orders = [place_paid(batch) for _n in range(5)]
    update = make_update(campaign=batch.campaign)
    publish(update)
    command = [sys.executable, "-m", "tests.faults.dying_writer"]

    died = subprocess.run(command, env=shop_environment(), check=False)

    update.refresh_from_db()
    first = [order.email for order in orders[:2]]
    assert died.returncode == -signal.SIGKILL
    assert (written_to(update), update.written_to) == (first, orders[1].pk)
    assert update.written_at is None
    update_writing.write_due()
    assert written_to(update) == [order.email for order in orders]
    assert_invariants()
