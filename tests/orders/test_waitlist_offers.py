"""What comes free: who is asked first, what the public gets, and when."""

from datetime import timedelta

import pytest

from campaigns import capacity
from campaigns.actors import SYSTEM
from campaigns.capacity import Gate
from campaigns.clock import database_now
from campaigns.errors import SoldOut
from campaigns.models import Allotment
from orders.models import BuyerTally, Message, WaitlistEntry
from orders.waitlist import endings, public_sale
from orders.waitlist import offers as waitlist_offers
from orders.waitlist import places as waitlist
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    mails_of,
    make_draft,
    make_offer,
    order_once,
    place_order,
    rows_of_orders,
)
from tests.waiting import (
    full_batch,
    give_back,
    offered_to,
    sales_of,
    states,
    wait,
)

pytestmark = pytest.mark.django_db


def places():
    return list(WaitlistEntry.objects.order_by("pk").values())


def test_a_freed_unit_is_offered_to_the_first_in_line_for_a_day():
    batch, [order, _other] = full_batch()
    first, second = wait(batch), wait(batch)
    give_back(order)
    now = database_now()

    assert waitlist_offers.offer_freed() == 1

    offer = offered_to(first)
    assert states() == ["offered", "waiting"]
    assert (offer.status, offer.source) == ("pending", "waitlist")
    assert offer.submit_key == f"waitlist-{first.pk}"
    assert (offer.email, offer.name, offer.phone, offer.address) == (
        first.email,
        "",
        "",
        "",
    )
    assert (offer.goods, offer.shipping, offer.total) == (150_000, 0, 150_000)
    assert offer.is_unfinished
    assert now <= offer.expires_at - timedelta(hours=24) <= database_now()
    assert offer.limit_keys == [first.identity]
    assert [e.kind for e in offer.events.all()] == ["offered"]
    assert mails_of(offer) == ["waitlist_offer"]
    assert f"/waitlist/{first.token}/" in offer.messages.get().text
    assert BuyerTally.objects.get(identity=first.identity).units == 1
    assert sales_of(batch) == ["waitlist"]
    assert second.order is None
    assert_invariants()


def test_sweeping_again_offers_nothing_again():
    batch, [order, _other] = full_batch()
    wait(batch)
    give_back(order)
    waitlist_offers.offer_freed()
    before = (rows_of_orders(), places())

    assert waitlist_offers.offer_freed() == 0

    assert (rows_of_orders(), places()) == before


def test_the_public_buys_nothing_that_somebody_waits_for():
    batch, [order, _other] = full_batch()
    wait(batch)
    give_back(order)

    with pytest.raises(SoldOut):
        order_once(make_draft(batch))()

    assert waitlist_offers.offer_freed() == 1


def test_control_without_the_switch_the_public_is_faster_than_the_list(monkeypatch):
    batch, [order, _other] = full_batch()
    monkeypatch.setattr(public_sale, "_keep", lambda _allotments: None)
    wait(batch)
    give_back(order)

    order_once(make_draft(batch))()

    assert waitlist_offers.offer_freed() == 0
    assert states() == ["waiting"]


def test_a_unit_of_another_variant_in_a_full_batch_is_wanted_too():
    batch = make_offer(variants=2, capacity=2)
    other = place_order(batch)
    place_order(batch)
    wait(batch, nth=1)
    give_back(other)

    assert waitlist_offers.offer_freed() == 1
    assert states() == ["offered"]


def test_a_batch_that_filled_up_later_keeps_the_next_freed_unit_for_the_list():
    batch = make_offer(variants=2, capacity=3)
    own, other = Allotment.objects.order_by("pk")
    Allotment.objects.filter(pk=own.pk).update(capacity=1)
    scarce = place_order(batch)
    wait(batch)
    assert sales_of(batch) == ["waitlist", "open"]
    fill = make_draft(batch, units=[2])
    line = fill.lines[0]
    object.__setattr__(line, "allotment", other)
    object.__setattr__(line, "variant", other.variant)
    order_once(fill)()

    give_back(scarce)

    assert sales_of(batch) == ["waitlist", "waitlist"]
    assert waitlist_offers.offer_freed() == 1
    assert_invariants()


def test_who_wants_more_than_is_left_is_passed_over_and_keeps_the_place():
    batch, [order, _other] = full_batch()
    wait(batch, quantity=2)
    wait(batch, quantity=1)
    give_back(order)

    assert waitlist_offers.offer_freed() == 1

    assert states() == ["waiting", "offered"]


def test_who_accepts_fewer_is_offered_what_there_is():
    batch, [order, _other] = full_batch()
    entry = wait(batch, quantity=5, accepts_fewer=True)
    give_back(order)

    waitlist_offers.offer_freed()

    assert offered_to(entry).units == 1


def test_what_nobody_who_waits_can_use_is_the_publics():
    batch, [order, _other] = full_batch()
    wait(batch, quantity=2)
    give_back(order)

    assert waitlist_offers.offer_freed() == 0

    assert sales_of(batch) == ["open"]
    order_once(make_draft(batch))()
    assert_invariants()


def test_a_unit_that_makes_an_offer_possible_is_kept_though_the_rest_was_public():
    batch, [order, other] = full_batch()
    wait(batch, quantity=2)
    give_back(order)
    waitlist_offers.offer_freed()

    give_back(other)

    assert sales_of(batch) == ["waitlist"]
    assert waitlist_offers.offer_freed() == 1


def test_after_the_last_one_left_the_variant_is_sold_to_all_again():
    batch, [order, _other] = full_batch()
    entry = wait(batch)
    give_back(order)
    waitlist.depart(entry.pk)

    assert waitlist_offers.offer_freed() == 0

    assert (states(), sales_of(batch)) == (["left"], ["open"])


def test_a_stopped_variant_is_neither_offered_nor_reopened():
    batch, [order, _other] = full_batch()
    wait(batch)
    Allotment.objects.update(sale="stopped")
    give_back(order)

    assert waitlist_offers.offer_freed() == 0

    assert (states(), sales_of(batch)) == (["waiting"], ["stopped"])


def test_a_raised_capacity_is_asked_of_the_list_first():
    batch, _orders = full_batch()
    wait(batch), wait(batch)
    batch.change_capacity(5, actor=SYSTEM)

    assert waitlist_offers.offer_freed() == 2

    assert (states(), sales_of(batch)) == (["offered", "offered"], ["open"])
    assert_invariants()


def test_a_unit_freed_while_the_list_is_asked_is_not_let_go(monkeypatch):
    batch, [order, _other] = full_batch()
    wait(batch)
    divide = public_sale.divide

    def freed_at_the_last_moment(batch_id):
        give_back(order)
        divide(batch_id)

    monkeypatch.setattr(public_sale, "divide", freed_at_the_last_moment)
    assert waitlist_offers.offer_freed() == 0

    assert sales_of(batch) == ["waitlist"]
    monkeypatch.setattr(public_sale, "divide", divide)
    assert waitlist_offers.offer_freed() == 1


def test_control_without_the_second_look_that_unit_goes_to_the_public(monkeypatch):
    batch, [order, _other] = full_batch()
    wait(batch)
    divide = public_sale.divide

    def freed_at_the_last_moment(batch_id):
        give_back(order)
        divide(batch_id)

    monkeypatch.setattr(public_sale, "has_takers", lambda _waiting, _left: False)
    monkeypatch.setattr(public_sale, "divide", freed_at_the_last_moment)
    waitlist_offers.offer_freed()

    assert sales_of(batch) == ["open"]
    order_once(make_draft(batch))()
    assert states() == ["waiting"]


def test_who_holds_all_a_buyer_may_have_ends_quietly_and_the_next_is_asked():
    batch, [order, mine] = full_batch()
    batch.campaign.buyer_limit = 1
    batch.campaign.save(update_fields=["buyer_limit"])
    wait(batch, email=mine.email)
    wait(batch)
    give_back(order)

    assert waitlist_offers.offer_freed() == 1

    assert states() == ["ended", "offered"]
    assert WaitlistEntry.objects.first().end_reason == "limit"
    told = Message.objects.filter(to=mine.email).order_by("pk")
    assert [mail.kind for mail in told] == ["order_placed", "waitlist_joined"]
    assert_invariants()


def test_a_closed_batch_offers_nothing_and_its_list_waits():
    batch, [order, _other] = full_batch()
    wait(batch)
    give_back(order)
    batch.close(actor=SYSTEM)

    assert waitlist_offers.offer_freed() == 0
    assert endings.end_lists() == 0
    assert states() == ["waiting"]

    batch.reopen(closes_at=database_now() + timedelta(days=1), actor=SYSTEM)
    assert waitlist_offers.offer_freed() == 1


def test_the_gate_refuses_an_offer_after_the_cut_off_even_if_the_sweep_asks(
    monkeypatch,
):
    batch, [order, _other] = full_batch()
    wait(batch)
    give_back(order)
    batch.close(actor=SYSTEM)
    before = (rows_of_orders(), places())

    assert waitlist_offers.offer_in(batch.pk) == 0
    assert (rows_of_orders(), places()) == before

    monkeypatch.setattr(Gate, "waitlist_offer", lambda _version: capacity.ANY_TIME)
    assert waitlist_offers.offer_in(batch.pk) == 1
