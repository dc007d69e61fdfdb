"""The seller changes cap or window while 32 buyers order."""

from datetime import timedelta

import pytest
from django.db.models import F

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.errors import CapacityBelowTaken
from campaigns.models import Batch
from orders.models import Order
from tests.concurrency.crowd import (
    assert_counts,
    at,
    buyers_of,
    oversold,
    rush,
    statuses,
    units_sold,
)
from tests.concurrency.racing import BUYERS
from tests.drafts import make_offer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

CONTROL_ROUNDS = 20
# So many answers, and the seller changes something.
MIDDLE = 20
BEFORE, AFTER = 90, 60
FEW, MORE = 20, 45


def lower_while_buyers_order(server):
    batch = make_offer(capacity=BEFORE)
    refusals = []

    def lower():
        row = Batch.objects.get(pk=batch.pk)
        row.change_capacity(AFTER, actor=SYSTEM)
        try:
            row.change_capacity(MIDDLE - 10, actor=SYSTEM)
        except CapacityBelowTaken as refusal:
            refusals.append(refusal)

    answers = rush(server, buyers_of(batch, orders=3), at(MIDDLE, lower))
    return batch, answers, refusals


def test_a_cap_lowered_in_the_middle_is_the_cap_and_never_below_what_is_taken(server):
    batch, answers, refusals = lower_while_buyers_order(server)

    batch.refresh_from_db()
    assert [(r.wanted, r.taken >= MIDDLE) for r in refusals] == [(10, True)]
    assert (batch.capacity, batch.taken) == (AFTER, AFTER)
    assert statuses(answers)[303] == units_sold(batch) == AFTER
    assert_counts(batch, answers)


def test_control_a_cap_read_with_the_page_is_oversold_when_lowered(server_without):
    server = server_without("counter")

    for _round in range(CONTROL_ROUNDS):
        batch, _answers, _refusals = lower_while_buyers_order(server)
        if oversold(batch):
            return
    pytest.fail("not oversold: then the guard would prove nothing")


def raise_while_buyers_wait(server):
    batch = make_offer(capacity=FEW)

    def more():
        Batch.objects.get(pk=batch.pk).change_capacity(MORE, actor=SYSTEM)

    buyers = buyers_of(batch, orders=4, patient=True)
    return batch, rush(server, buyers, at(FEW + BUYERS, more))


def test_a_cap_raised_while_sold_out_opens_exactly_the_difference(server):
    batch, answers = raise_while_buyers_wait(server)

    batch.refresh_from_db()
    assert (batch.capacity, batch.taken) == (MORE, MORE)
    assert statuses(answers)[303] == units_sold(batch) == MORE
    assert_counts(batch, answers)


def test_control_a_counter_read_with_the_page_opens_more_than_the_difference(
    server_without,
):
    server = server_without("counter")

    for _round in range(CONTROL_ROUNDS):
        batch, _answers = raise_while_buyers_wait(server)
        if oversold(batch):
            return
    pytest.fail("not oversold: then the guard would prove nothing")


def change_window_while_buyers_order(server):
    """The batch, the answers, and when nobody could be promised the old window."""
    batch = make_offer(capacity=1000)
    changed = []

    def change():
        later = batch.ships_until + timedelta(days=30)
        Batch.objects.filter(pk=batch.pk).update(
            schedule_version=F("schedule_version") + 1, ships_until=later
        )
        changed.append(database_now())

    answers = rush(server, buyers_of(batch, orders=3), at(MIDDLE, change))
    return batch, answers, changed[0]


def unseen(batch, answers):
    """Orders that hold another window than their buyer's page showed."""
    seen = {answer.key: answer.version for answer in answers if answer.is_order}
    orders = Order.objects.filter(batch=batch)
    held = dict(orders.values_list("submit_key", "schedule_version"))
    return [key for key, version in held.items() if version != seen[key]]


def test_no_order_holds_a_window_its_buyer_did_not_see(server):
    batch, answers, changed_at = change_window_while_buyers_order(server)

    old_window = Order.objects.filter(schedule_version=1)
    assert unseen(batch, answers) == []
    assert not old_window.filter(placed_at__gt=changed_at).exists()
    assert set(old_window.values_list("promised_until", flat=True)) == {
        batch.ships_until
    }
    assert set(
        Order.objects.filter(schedule_version=2).values_list(
            "promised_until", flat=True
        )
    ) == {batch.ships_until + timedelta(days=30)}
    refusals = [answer.notice for answer in answers if answer.status == 409]
    assert refusals
    assert all("The shipping date has changed" in notice for notice in refusals)
    assert_counts(batch, answers)


def test_control_consent_taken_for_granted_promises_a_window_nobody_saw(
    server_without,
):
    batch, answers, _at = change_window_while_buyers_order(server_without("window"))

    assert unseen(batch, answers)
