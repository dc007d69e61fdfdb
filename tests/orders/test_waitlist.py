"""Waiting for what is sold out: a place, an offer, and who is next."""

from datetime import timedelta

import pytest
from django.utils import translation
from django.utils.translation import gettext

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.errors import BatchClosed
from campaigns.models import Allotment, Batch
from orders import cancellation, lifecycle, sweep
from orders.models import BuyerTally, Message, Order, WaitlistEntry
from orders.reminders import payment as payment_reminders
from orders.waitlist import endings
from orders.waitlist import offers as waitlist_offers
from orders.waitlist import places as waitlist
from orders.waitlist.public_sale import NotSold, StillAvailable
from payments import expiry
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    end_hold,
    mails_of,
    make_offer,
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

    waitlist.join(unsaved(batch, email="Ani+lagi@example.com"))

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
    endings.end_lists()

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
    endings.end_lists()

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

    payment_reminders.remind_of_payment()

    assert "payment_reminder" not in mails_of(offered_to(entry))


def test_an_offer_of_a_paid_place_holds_what_its_cancellation_freed():
    batch = make_offer(capacity=1)
    order = place_paid(batch)
    wait(batch)

    cancellation.cancel_as_shown(order.pk, shown=order.amount_paid)

    assert waitlist_offers.offer_freed() == 1
