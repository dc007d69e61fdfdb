"""A freed unit while the public, the list and the sweep all reach for it."""

from functools import partial

import pytest

from campaigns import capacity
from campaigns.actors import SYSTEM
from campaigns.capacity import Gate
from campaigns.errors import InvalidTransition
from campaigns.models import Allotment, Batch
from orders.models import Order, WaitlistEntry
from orders.waitlist import offers as waitlist_offers
from orders.waitlist import places, public_sale, wishes
from payments import expiry
from payments.checkout import claiming
from payments.models import Payment
from tests.concurrency.racing import BUYERS, assert_invariants, race
from tests.drafts import make_draft, make_drafts, order_once, run_out
from tests.waiting import (
    full_batch,
    give_back,
    offered_to,
    sales_of,
    states,
    unsaved,
    wait,
)

pytestmark = pytest.mark.django_db(transaction=True)

FREED = 4


def public_orders():
    return Order.objects.filter(source="shop", status="pending").count()


def everyone_at_once(batch, orders):
    """Units come free, the public buys, two sweeps run."""
    freed = [partial(give_back, order) for order in orders[:FREED]]
    public = [order_once(draft) for draft in make_drafts(batch, BUYERS - FREED)]
    sweeps = [waitlist_offers.offer_freed] * 2
    return race([*freed, *public, *sweeps])


def test_freed_units_go_to_the_list_while_28_buyers_wait_for_one():
    batch, orders = full_batch(capacity=6)
    for _n in range(FREED + 1):
        wait(batch)

    outcomes = everyone_at_once(batch, orders)
    waitlist_offers.offer_freed()

    assert outcomes == {"ok": FREED + 2, "SoldOut": BUYERS - FREED}
    assert states() == ["offered"] * FREED + ["waiting"]
    assert public_orders() == 6 - FREED
    assert_invariants()


def test_control_without_the_switch_the_public_takes_what_the_list_waits_for(
    monkeypatch,
):
    batch, orders = full_batch(capacity=6)
    monkeypatch.setattr(public_sale, "_keep", lambda _allotments: None)
    for _n in range(FREED + 1):
        wait(batch)
    for order in orders[:FREED]:
        give_back(order)

    outcomes = race([order_once(draft) for draft in make_drafts(batch, BUYERS)])

    assert outcomes["ok"] == FREED
    assert states() == ["waiting"] * (FREED + 1)


def test_eight_sweeps_at_once_offer_each_unit_once():
    batch, orders = full_batch(capacity=6)
    for _n in range(6):
        wait(batch)
    for order in orders[:FREED]:
        give_back(order)

    outcomes = race([waitlist_offers.offer_freed] * 8)
    waitlist_offers.offer_freed()

    assert outcomes == {"ok": 8}
    assert states() == ["offered"] * FREED + ["waiting"] * 2
    assert Order.objects.filter(source="waitlist").count() == FREED
    assert Batch.objects.get().taken == 6
    assert_invariants()


@pytest.mark.postgres
def test_control_without_the_entrys_lock_two_sweeps_stumble_over_each_other(
    monkeypatch,
):
    """The database still refuses a second order of one place; it is an error then."""
    batch, orders = full_batch(capacity=6)
    entry = wait(batch)
    for order in orders[:2]:
        give_back(order)

    def unlocked(_rows, entry_id):
        rows = WaitlistEntry.objects.select_related(
            "variant", "batch__campaign__seller"
        )
        return rows.get(pk=entry_id)

    monkeypatch.setattr(type(WaitlistEntry.objects.all()), "locked", unlocked)
    outcomes = race([partial(waitlist_offers._offer, entry.pk, 1)] * 8)

    assert outcomes["ok"] >= 1
    assert Order.objects.filter(source="waitlist").count() == 1
    assert_invariants()


def wants(entry, quantity):
    return partial(wishes.change, entry.pk, quantity=quantity, accepts_fewer=False)


@pytest.mark.parametrize("quantity", [1, 2])
def test_a_quantity_changed_while_the_list_is_asked_is_offered_or_stays(quantity):
    batch, orders = full_batch(capacity=6)
    entry = wait(batch, quantity=3)
    for order in orders[:3]:
        give_back(order)

    outcomes = race([wants(entry, quantity), *[waitlist_offers.offer_freed] * 3])
    waitlist_offers.offer_freed()

    entry.refresh_from_db()
    assert outcomes in ({"ok": 4}, {"ok": 3, "InvalidTransition": 1})
    assert entry.quantity == (3 if "InvalidTransition" in outcomes else quantity)
    assert offered_to(entry).units == entry.quantity
    assert_invariants()


def test_what_is_offered_is_what_is_wanted_now_not_when_the_room_was_read():
    batch, orders = full_batch(capacity=6)
    entry = wait(batch, quantity=3)
    for order in orders[:3]:
        give_back(order)
    wants(entry, 1)()

    waitlist_offers._offer(entry.pk, 3)

    assert offered_to(entry).units == 1
    assert_invariants()


def test_control_without_the_second_look_more_is_offered_than_is_wanted(monkeypatch):
    batch, orders = full_batch(capacity=6)
    entry = wait(batch, quantity=3)
    for order in orders[:3]:
        give_back(order)
    wants(entry, 1)()
    monkeypatch.setattr(WaitlistEntry, "fitting", lambda _entry, left: left)

    waitlist_offers._offer(entry.pk, 3)

    assert offered_to(entry).units == 3


def test_one_address_joining_sixteen_times_at_once_has_one_place():
    batch, _orders = full_batch()
    entries = [unsaved(batch, email="ani@example.com") for _n in range(16)]

    outcomes = race([partial(places.join, entry) for entry in entries])

    assert outcomes == {"ok": 16}
    assert states() == ["waiting"]
    assert_invariants()


def test_joining_while_the_unit_comes_free_loses_nothing():
    """Either the unit was free before, and is refused to wait for, or it is kept."""
    for _turn in range(6):
        batch, [order, _other] = full_batch()
        entry = unsaved(batch)

        outcomes = race([partial(places.join, entry), partial(give_back, order)])

        waits = WaitlistEntry.objects.filter(batch=batch).exists()
        assert outcomes in ({"ok": 2}, {"ok": 1, "StillAvailable": 1})
        assert waits is (outcomes["ok"] == 2)
        assert sales_of(batch) == (["waitlist"] if waits else ["open"])
    assert_invariants()


def test_control_without_the_allotments_lock_a_freed_unit_is_kept_for_nobody_to_see(
    monkeypatch,
):
    """Who looks before the unit comes free and decides after it keeps it wrongly."""
    batch, [order, _other] = full_batch()
    read = public_sale._read

    def freed_after_the_look(batch_id):
        seen = read(batch_id)
        give_back(order)
        return seen

    monkeypatch.setattr(public_sale, "_read", freed_after_the_look)
    monkeypatch.setattr(public_sale, "keep_freed", lambda *_freed, **_beside: None)
    places.join(unsaved(batch))

    assert Batch.objects.get().rest == 1
    assert sales_of(batch) == ["waitlist"]


def test_declining_expiring_and_sweeping_at_once_ends_an_offer_once():
    batch, orders = full_batch(capacity=4)
    entries = [wait(batch) for _n in range(6)]
    for order in orders:
        give_back(order)
    waitlist_offers.offer_freed()
    for entry in entries[:4]:
        run_out(offered_to(entry))

    outcomes = race(
        [
            *(partial(places.depart, entry.pk) for entry in entries[:4]),
            *[expiry.expire_overdue] * 2,
            *[waitlist_offers.offer_freed] * 2,
        ]
    )
    waitlist_offers.offer_freed()

    assert outcomes == {"ok": 8}
    assert set(states()[:4]) <= {"declined", "expired"}
    assert states()[4:] == ["offered", "offered"]
    assert_invariants()


def test_the_public_buys_the_rest_while_the_list_is_asked_and_no_cap_is_overrun():
    batch, orders = full_batch(capacity=8)
    for _n in range(3):
        wait(batch)
    for order in orders:
        give_back(order)

    buyers = [order_once(draft) for draft in make_drafts(batch, BUYERS)]
    race([*buyers, *[waitlist_offers.offer_freed] * 3])
    waitlist_offers.offer_freed()

    assert states() == ["offered"] * 3
    assert sales_of(batch) == ["open"]
    assert Batch.objects.get().taken <= 8
    assert Allotment.objects.get().taken == Batch.objects.get().taken
    assert_invariants()


def test_control_without_the_gate_of_an_offer_the_cut_off_does_not_hold(monkeypatch):
    batch, [order, _other] = full_batch()
    wait(batch)
    give_back(order)
    batch.close(actor=SYSTEM)
    assert waitlist_offers.offer_in(batch.pk) == 0

    monkeypatch.setattr(Gate, "waitlist_offer", lambda _version: capacity.ANY_TIME)
    waitlist_offers.offer_in(batch.pk)

    with pytest.raises(SystemExit):
        assert_invariants()


def an_offer():
    batch, [order, _other] = full_batch()
    entry = wait(batch)
    give_back(order)
    waitlist_offers.offer_freed()
    return entry, offered_to(entry)


def accept(entry):
    """The buyer's click on the page of the offer."""
    draft = make_draft(entry.batch, email=entry.email)
    return partial(claiming.complete, entry.pk, draft, gateway="sandbox")


def test_an_offer_accepted_sixteen_times_at_once_is_one_order():
    entry, order = an_offer()
    click = accept(entry)

    outcomes = race([click] * 16)

    assert outcomes == {"ok": 16}
    assert states() == ["claimed"]
    assert Payment.objects.filter(order=order).count() == 1
    assert order.events.filter(kind="placed").count() == 1
    assert_invariants()


@pytest.mark.parametrize("end", ["decline", "expire"])
def test_accepting_and_ending_at_once_agree_on_one_of_the_two(end):
    for _turn in range(4):
        entry, order = an_offer()
        if end == "expire":
            run_out(order)
        ends = {
            "decline": partial(places.depart, entry.pk),
            "expire": expiry.expire_overdue,
        }

        outcomes = race([*[accept(entry)] * 4, ends[end]])

        entry.refresh_from_db()
        is_claimed = entry.state == "claimed"
        assert outcomes == ({"ok": 5} if is_claimed else {"ok": 1, "OfferOver": 4})
        assert Payment.objects.filter(order=order).count() == is_claimed
    assert_invariants()


def test_control_without_the_second_look_a_declined_offer_is_refused_by_the_row_alone(
    monkeypatch,
):
    entry, order = an_offer()
    click = accept(entry)
    places.depart(entry.pk)
    monkeypatch.setattr(claiming, "is_live", lambda _entry, _order: True)

    with pytest.raises(InvalidTransition):
        click()

    assert not Payment.objects.filter(order=order).exists()
