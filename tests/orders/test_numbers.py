"""Units of a batch: rows add up to totals, totals to the batch, the past to the now."""

from datetime import timedelta

import pytest

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.models import Allotment, Batch
from orders import cancellation
from orders.flow import capacity_of, flow_of
from orders.models import Order, OrderLine, WaitlistEntry
from orders.numbers.batch import BatchNumbers
from tests.drafts import end_hold, finish, make_offer, place_order, place_paid
from tests.factories import make_batch, make_variant

pytestmark = pytest.mark.django_db


def numbers_of(batch):
    return BatchNumbers.read(Batch.objects.select_related("campaign").get(pk=batch.pk))


def taken_now(batch):
    flows = flow_of(Batch.objects.get(pk=batch.pk))
    return sum(flow.came - flow.went for flow in flows)


def wait(batch, n=0, **columns):
    variant = batch.campaign.variants.order_by("pk")[n]
    name = f"w{WaitlistEntry.objects.count()}"
    values = {"quantity": 1, "email": f"{name}@example.com", "identity": name}
    return WaitlistEntry.objects.create(
        batch=batch, variant=variant, **values | columns
    )


def cancel(order):
    order = Order.objects.for_page().get(pk=order.pk)
    cancellation.cancel(order, kept=0, actor=SYSTEM)


def make_lively_batch():
    """Every way in and out: paid, free, unpaid, expired, canceled, paid late."""
    batch = make_offer(variants=2, capacity=40)
    place_paid(batch, units=[2, 1])
    place_order(batch, units=[3])
    end_hold(place_order(batch, units=[1, 1]))
    cancel(place_paid(batch, units=[4]))
    cancel(place_order(batch, units=[1]))
    late = place_order(batch, units=[5])
    end_hold(late)
    finish(late, "pay_late")
    return Batch.objects.get(pk=batch.pk)


def test_sums_of_variants_are_the_batch():
    batch = make_lively_batch()

    numbers = numbers_of(batch)

    rows = [row.units for row in numbers.variants]
    assert [(row.taken, row.paid, row.held) for row in rows] == [(10, 7, 3), (1, 1, 0)]
    assert numbers.units.taken == batch.taken == 11
    assert numbers.units.paid + numbers.units.held == batch.taken


def test_what_came_less_what_went_is_what_is_taken():
    batch = make_lively_batch()

    flows = flow_of(batch)

    assert sum(flow.came for flow in flows) == 23
    assert sum(flow.went for flow in flows) == 12
    assert taken_now(batch) == batch.taken == 11


def test_units_come_and_go_in_their_own_quarter():
    batch = make_offer(capacity=20)
    order = place_order(batch, units=[5])
    cancel(order)
    moment = database_now().replace(minute=14, second=59, microsecond=999_000)
    times = {"placed_at": moment, "canceled_at": moment + timedelta(minutes=31)}
    Order.objects.filter(pk=order.pk).update(**times)

    came, went = sorted(flow_of(batch), key=lambda flow: flow.at)

    assert (came.came, came.went, came.at.minute) == (5, 0, 0)
    assert (went.came, went.went, went.at.minute) == (0, 5, 45)


def test_line_given_back_in_part_counts_what_is_left_of_it():
    batch = make_offer(capacity=20)
    order = place_paid(batch, units=[5])
    OrderLine.objects.filter(order=order).update(quantity=3)
    Allotment.objects.filter(batch=batch).update(taken=3)
    Batch.objects.filter(pk=batch.pk).update(taken=3)

    assert taken_now(batch) == numbers_of(batch).units.paid == 3


def test_order_that_was_moved_came_when_it_was_moved():
    first = make_offer(capacity=20)
    second = make_batch(campaign=first.campaign)
    order = place_paid(first, units=[4])
    hours_ago = database_now() - timedelta(hours=5)
    Order.objects.filter(pk=order.pk).update(batch=second, placed_at=hours_ago)

    order.record("moved", actor=SYSTEM, data={"from": first.pk, "to": second.pk})

    totals = {
        batch: [(f.came, f.went) for f in sorted(flow_of(batch), key=lambda f: f.at)]
        for batch in (first, second)
    }
    assert totals[first] == [(4, 0), (0, 4)]
    assert [came for came, _went in totals[second]] == [4, -4, 4]
    assert taken_now(first) == 0
    assert taken_now(second) == 4


def test_order_moved_there_and_back_is_here_again():
    first = make_offer(capacity=20)
    second = make_batch(campaign=first.campaign)
    order = place_paid(first, units=[4])

    order.record("moved", actor=SYSTEM, data={"from": first.pk, "to": second.pk})
    order.record("moved", actor=SYSTEM, data={"from": second.pk, "to": first.pk})

    assert (taken_now(first), taken_now(second)) == (4, 0)


def test_capacity_is_told_with_its_changes():
    batch = make_offer(capacity=10)
    batch.change_capacity(15, actor=SYSTEM)
    batch.change_capacity(30, actor=SYSTEM)

    assert [level.units for level in capacity_of(batch)] == [10, 15, 30]


def test_capacity_set_by_hand_is_the_last_one():
    batch = make_offer(capacity=10)
    batch.change_capacity(15, actor=SYSTEM)
    Batch.objects.filter(pk=batch.pk).update(capacity=12)
    batch.refresh_from_db()

    assert [level.units for level in capacity_of(batch)] == [10, 12]


def test_waiting_list_counts_people_units_and_their_worth():
    batch = make_offer(variants=2, capacity=20)
    wait(batch, quantity=2, identity="sri")
    wait(batch, n=1, quantity=3, identity="sri")
    wait(batch, quantity=4, identity="adi")
    wait(batch, quantity=9, state=WaitlistEntry.State.LEFT)
    offer = place_order(batch, units=[1])
    wait(batch, quantity=5, state=WaitlistEntry.State.OFFERED, order=offer)

    numbers = numbers_of(batch)

    assert numbers.people_waiting == 2
    assert numbers.units.waiting == 9
    assert numbers.units.offered == numbers.units.held == 1
    assert numbers.worth_waiting == 9 * 150_000


def test_public_can_have_no_more_than_the_variants_on_sale():
    batch = make_offer(variants=2, capacity=20)
    first, second = batch.allotments.order_by("pk")
    Allotment.objects.filter(pk=first.pk).update(capacity=3)
    Allotment.objects.filter(pk=second.pk).update(sale=Allotment.Sale.WAITLIST)

    numbers = numbers_of(batch)

    assert [row.left for row in numbers.variants] == [3, 0]
    assert numbers.left == 3


@pytest.mark.parametrize(
    ("own", "goods", "is_whole"),
    [(10, None, True), (None, None, False), (10, 2_000_000, False)],
)
def test_what_is_left_adds_up_unless_variants_share_it(own, goods, is_whole):
    batch = make_offer(capacity=20, goods_capacity=goods)
    make_variant(campaign=batch.campaign)
    batch.complete_allotments()
    batch.allotments.update(capacity=own)

    assert numbers_of(batch).adds_up is is_whole


def test_minimum_waits_for_paid_units():
    batch = make_offer(capacity=20, minimum_units=5)
    place_paid(batch, units=[3])
    place_order(batch, units=[4])

    assert numbers_of(batch).short_of_minimum == 2


def test_numbers_cost_the_same_for_any_number_of_variants_and_orders(
    django_assert_num_queries,
):
    batch = make_lively_batch()
    for _n in range(3):
        make_variant(campaign=batch.campaign)
    batch.complete_allotments()
    batch = Batch.objects.select_related("campaign").get(pk=batch.pk)

    with django_assert_num_queries(4):
        numbers = BatchNumbers.read(batch)
        assert numbers.units.waiting + numbers.worth_waiting == 0
    with django_assert_num_queries(2):
        assert flow_of(batch)
        assert capacity_of(batch)


def test_draft_has_numbers_too():
    numbers = numbers_of(make_offer(stage="draft", opens_at=None, closes_at=None))

    assert numbers.units.taken == numbers.people_waiting == 0
    assert flow_of(numbers.batch) == []
