"""What is checked of waiting lists, and the rows that break it."""

from datetime import timedelta

import pytest

from campaigns.clock import database_now
from campaigns.models import Allotment
from orders.models import Order, WaitlistEntry
from orders.waitlist import offers as waitlist_offers
from orders.waitlist.invariants import (
    offers_that_differ_from_their_order,
    units_kept_for_nobody,
)
from tests.drafts import make_offer
from tests.waiting import full_batch, give_back, offered_to, wait

pytestmark = pytest.mark.django_db


def an_offer():
    batch, [order, _other] = full_batch()
    entry = wait(batch)
    give_back(order)
    waitlist_offers.offer_freed()
    return offered_to(entry)


def test_units_kept_while_nobody_waits_are_found_after_a_while():
    batch = make_offer(capacity=3)
    Allotment.objects.update(sale="waitlist")

    [told] = units_kept_for_nobody()

    assert told == f"allotment {batch.allotments.get().pk}: 3 left, kept for nobody"


def test_units_somebody_waits_for_or_just_let_go_are_not_kept_for_nobody():
    batch, [order, _other] = full_batch()
    wait(batch)
    give_back(order)
    assert list(units_kept_for_nobody()) == []

    just_now = database_now() - timedelta(seconds=30)
    WaitlistEntry.objects.update(state="left", ended_at=just_now)
    assert list(units_kept_for_nobody()) == []

    WaitlistEntry.objects.update(ended_at=database_now() - timedelta(minutes=3))
    assert len(list(units_kept_for_nobody())) == 1


@pytest.mark.parametrize(
    "break_it",
    [
        lambda offer: Order.objects.filter(pk=offer.pk).update(status="canceled"),
        lambda offer: Order.objects.filter(pk=offer.pk).update(rules={"plan": "full"}),
        lambda offer: WaitlistEntry.objects.update(state="claimed"),
        lambda offer: WaitlistEntry.objects.update(state="expired"),
        lambda offer: WaitlistEntry.objects.update(order=None, state="left"),
    ],
)
def test_an_offer_that_says_something_else_than_its_place_is_found(break_it):
    offer = an_offer()
    assert list(offers_that_differ_from_their_order()) == []

    break_it(offer)

    [told] = offers_that_differ_from_their_order()
    assert told.startswith(f"order {offer.pk}: ")
