"""Closing while buyers order: nothing is accepted after the stamp."""

import pytest

from campaigns import capacity
from campaigns.actors import SYSTEM
from campaigns.capacity import Gate
from campaigns.models import Batch
from orders.models import Order
from tests.concurrency.racing import BUYERS, assert_invariants, race
from tests.drafts import make_draft, make_drafts, make_offer, order_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_order_is_placed_after_the_batch_closed():
    batch = make_offer(capacity=10_000)
    buyers = [order_once(draft) for draft in make_drafts(batch, BUYERS)]

    outcomes = race([*buyers, lambda: Batch.objects.get().close(actor=SYSTEM)])

    closed_at = Batch.objects.get().closed_at
    accepted = outcomes["ok"] - 1
    assert Order.objects.count() == accepted
    assert not Order.objects.filter(placed_at__gte=closed_at).exists()
    assert set(outcomes) <= {"ok", "BatchClosed"}
    assert_invariants()


def test_closing_twice_at_once_closes_once():
    batch = make_offer()

    outcomes = race([lambda: Batch.objects.get().close(actor=SYSTEM)] * 8)

    assert outcomes == {"ok": 1, "InvalidTransition": 7}
    assert batch.events.filter(kind="closed").count() == 1


def test_control_without_the_gate_an_order_comes_in_after_the_close(monkeypatch):
    batch = make_offer(capacity=100)
    draft = make_draft(batch)
    Batch.objects.get().close(actor=SYSTEM)

    monkeypatch.setattr(Gate, "new_order", lambda _version: capacity.ANY_TIME)
    order_once(draft)()

    with pytest.raises(SystemExit):
        assert_invariants()
