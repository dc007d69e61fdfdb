"""Waiting for what is sold out: a place, an offer, and who is next."""

from datetime import timedelta

import pytest
from django.utils import translation
from django.utils.translation import gettext

from campaigns import capacity
from campaigns.actors import SYSTEM
from campaigns.capacity import Gate
from campaigns.clock import database_now
from campaigns.errors import BatchClosed, SoldOut
from campaigns.models import Allotment, Batch
from orders import (
    cancellation,
    lifecycle,
    public_sale,
    sweep,
    waitlist,
    waitlist_offers,
)
from orders.models import BuyerTally, Message, Order, WaitlistEntry
from orders.public_sale import NotSold, StillAvailable
from payments import expiry
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    end_hold,
    mails_of,
    make_draft,
    make_offer,
    order_once,
    place_order,
    place_paid,
    rows_of_orders,
    run_out,
)
from tests.fulfillment.goods import close
from tests.waiting import (
    full_batch,
    give_back,
    offered_to,
    sales_of,
    states,
    unsaved,
    wait,
)

pytestmark = pytest.mark.django_db


def places():
    return list(WaitlistEntry.objects.order_by("pk").values())


# --- joining


def test_joining_keeps_a_sold_out_variant_for_the_list_and_sends_the_secret_link():
    batch, _orders = full_batch()

    entry = wait(batch, email="ani@example.com", quantity=2)

    assert (entry.state, entry.quantity, entry.order) == ("waiting", 2, None)
    assert sales_of(batch) == ["waitlist"]
    mail = Message.objects.get(kind="waitlist_joined")
    assert mail.to == "ani@example.com"
    assert f"/waitlist/{entry.token}/" in mail.text
    assert (mail.order, mail.campaign) == (None, batch.campaign)
    assert_invariants()


def test_the_same_address_keeps_its_one_place_and_gets_no_second_mail_at_once():
    batch, _orders = full_batch()
    wait(batch, email="ani@example.com")

    waitlist.join(unsaved(batch, email="Ani+lagi@example.com", quantity=5))

    assert WaitlistEntry.objects.values_list("quantity", flat=True).get() == 1
    assert Message.objects.filter(kind="waitlist_joined").count() == 1


def test_another_variant_is_another_place():
    batch, _orders = full_batch(variants=2)

    wait(batch, nth=0, email="ani@example.com")
    wait(batch, nth=1, email="ani@example.com")

    assert states() == ["waiting", "waiting"]


@pytest.mark.parametrize(
    ("prepare", "refusal"),
    [
        (lambda batch: Batch.objects.update(capacity=3), StillAvailable),
        (lambda batch: batch.close(actor=SYSTEM), BatchClosed),
        (lambda batch: Allotment.objects.update(sale="stopped"), NotSold),
        (lambda batch: batch.campaign.variants.update(active=False), NotSold),
    ],
)
def test_where_there_is_nothing_to_wait_for_nothing_is_written(prepare, refusal):
    batch, _orders = full_batch()
    prepare(batch)
    before = (rows_of_orders(), places())

    with pytest.raises(refusal):
        waitlist.join(unsaved(batch))

    assert (rows_of_orders(), places()) == before


def test_a_variant_with_a_cap_of_its_own_is_kept_alone():
    batch = make_offer(variants=2, capacity=10)
    own = Allotment.objects.order_by("pk").first()
    Allotment.objects.filter(pk=own.pk).update(capacity=1)
    place_order(batch)

    wait(batch)

    assert sales_of(batch) == ["waitlist", "open"]


def test_a_full_batch_keeps_all_its_variants():
    batch, _orders = full_batch(variants=3)

    wait(batch, nth=1)

    assert sales_of(batch) == ["waitlist", "waitlist", "waitlist"]


def test_a_cap_in_money_that_bears_no_unit_more_is_sold_out_too():
    batch = make_offer(goods_capacity=200_000)
    place_order(batch)

    wait(batch)

    assert sales_of(batch) == ["waitlist"]


# --- offering


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
    assert waitlist.end_lists() == 0
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


# --- an offer that ends


def test_an_offer_nobody_accepts_expires_and_the_next_is_asked():
    batch, [order, _other] = full_batch()
    first, _second = wait(batch), wait(batch)
    give_back(order)
    waitlist_offers.offer_freed()
    offer = offered_to(first)
    run_out(offer)

    assert expiry.expire_overdue() == 1
    assert waitlist_offers.offer_freed() == 1

    assert states() == ["expired", "offered"]
    assert mails_of(offer) == ["waitlist_offer", "order_expired"]
    with translation.override(offer.locale):
        told = gettext("You are no longer on the list. You can join it again.")
    assert told in offer.messages.get(kind="order_expired").text
    assert BuyerTally.objects.get(identity=first.identity).units == 0
    assert_invariants()


def test_declining_frees_the_unit_for_the_next_and_is_final():
    batch, [order, _other] = full_batch()
    first, _second = wait(batch), wait(batch)
    give_back(order)
    waitlist_offers.offer_freed()
    offer = offered_to(first)

    waitlist.depart(first.pk)
    waitlist.depart(first.pk)

    offer.refresh_from_db()
    assert (offer.status, states()) == ("canceled", ["declined", "waiting"])
    assert mails_of(offer) == ["waitlist_offer", "order_canceled"]
    assert waitlist_offers.offer_freed() == 1
    assert states() == ["declined", "offered"]
    assert_invariants()


def test_leaving_twice_changes_nothing_more():
    batch, _orders = full_batch()
    entry = wait(batch)

    waitlist.depart(entry.pk)
    left_at = WaitlistEntry.objects.get().ended_at
    waitlist.depart(entry.pk)

    entry.refresh_from_db()
    assert (entry.state, entry.ended_at) == ("left", left_at)


def test_who_left_may_join_again_at_the_end_of_the_line():
    batch, _orders = full_batch()
    entry = wait(batch, email="ani@example.com")
    waitlist.depart(entry.pk)
    wait(batch)

    again = wait(batch, email="ani@example.com")

    assert states() == ["left", "waiting", "waiting"]
    assert again.pk != entry.pk


def test_the_seller_takes_an_offer_back_and_its_place_ends():
    batch, [order, _other] = full_batch()
    entry = wait(batch)
    give_back(order)
    waitlist_offers.offer_freed()
    offer = offered_to(entry)

    cancellation.cancel_for_seller(
        offer.pk,
        kept=offer.amount_kept,
        shown=cancellation.quote_for_seller(offer),
        reason="Bahan habis",
        actor=SYSTEM,
    )

    entry.refresh_from_db()
    assert (entry.state, entry.end_reason) == ("ended", "seller")
    assert_invariants()


def test_a_canceled_batch_ends_offers_and_places():
    batch, [order, _other] = full_batch()
    wait(batch), wait(batch)
    give_back(order)
    waitlist_offers.offer_freed()
    batch.cancel(actor=SYSTEM)

    sweep.cancel_orders_of_canceled_batches()
    waitlist.end_lists()

    reasons = WaitlistEntry.objects.values_list("end_reason", flat=True)
    assert states() == ["ended", "ended"]
    assert set(reasons) == {"canceled"}
    assert_invariants()


def test_start_of_production_ends_offers_like_any_hold_and_the_list():
    batch, [order, other] = full_batch()
    entry, _second = wait(batch), wait(batch)
    give_back(order)
    waitlist_offers.offer_freed()
    close(batch)

    lifecycle.end_hold(offered_to(entry), actor=SYSTEM)
    expiry.expire_overdue()
    end_hold(other)
    batch.refresh_from_db()
    batch.start_production(actor=SYSTEM)
    waitlist.end_lists()

    assert states() == ["expired", "ended"]
    assert WaitlistEntry.objects.last().end_reason == "production"
    assert_invariants()


def test_no_payment_reminder_is_sent_for_an_offer():
    batch, [order, _other] = full_batch()
    entry = wait(batch)
    give_back(order)
    waitlist_offers.offer_freed()
    soon = database_now() + timedelta(hours=1)
    long_ago = database_now() - timedelta(hours=23)
    Order.objects.update(expires_at=soon, placed_at=long_ago)

    sweep.remind_of_payment()

    assert "payment_reminder" not in mails_of(offered_to(entry))


def test_an_offer_of_a_paid_place_holds_what_its_cancellation_freed():
    batch = make_offer(capacity=1)
    order = place_paid(batch)
    wait(batch)

    cancellation.cancel_as_shown(order.pk, shown=order.amount_paid)

    assert waitlist_offers.offer_freed() == 1
