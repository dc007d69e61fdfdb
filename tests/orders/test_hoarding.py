"""Who holds too much unpaid is told so; where a buyer came from is soon forgotten."""

import pytest

from campaigns.actors import SYSTEM
from orders import cancellation
from orders.holds import limits as hold_limits
from orders.holds.limits import TooManyUnpaid
from orders.models import Order
from orders.origins import Origin, of_address
from payments.checkout.placing import place
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    end_hold,
    finish,
    make_draft,
    make_offer,
    new_key,
    place_order,
    place_paid,
    rows_of_orders,
)
from tests.factories import make_batch

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def three_per_buyer(monkeypatch):
    monkeypatch.setattr(hold_limits, "PER_BUYER", 3)


ANI = {"email": "ani@example.com", "phone": "+6281234567890"}
HERE = of_address("203.0.113.7")


def order_from(batch, where=HERE, **options):
    return place_order(batch, origin=where, **options)


def refused(batch, where=HERE, **options):
    before = rows_of_orders()
    draft = make_draft(batch, origin=where, **options)
    with pytest.raises(TooManyUnpaid) as refusal:
        place(draft, gateway="sandbox", submit_key=new_key())
    assert rows_of_orders() == before
    return refusal.value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("203.0.113.7", "::ffff:203.0.113.7"),
        ("2001:db8::1", "2001:0db8:0:0::ffff"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_one_place_has_one_digest_however_its_address_is_written(one, other):
    assert of_address(one) == of_address(other)


@pytest.mark.parametrize(
    ("one", "other", "same_network"),
    [
        ("203.0.113.7", "203.0.113.8", True),
        ("203.0.113.7", "203.0.114.7", False),
        ("2001:db8:1:1::1", "2001:db8:1:2::1", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
    ],
)
def test_neighbours_share_their_network_alone(one, other, same_network):
    assert of_address(one).address != of_address(other).address
    assert (of_address(one).network == of_address(other).network) == same_network


def test_a_digest_does_not_tell_the_address():
    assert len(HERE.address) == len(HERE.network) == 64
    assert HERE.address != HERE.network
    assert of_address("203.0.113.8") != HERE


@pytest.mark.parametrize("address", ["", "unix:", "not an address", "1.2.3"])
def test_an_address_nobody_can_read_is_not_counted(address, monkeypatch):
    monkeypatch.setattr(hold_limits, "PER_ADDRESS", 1)
    batch = make_offer()

    assert of_address(address) == Origin()
    order_from(batch, of_address(address))
    order_from(batch, of_address(address))


def test_a_fourth_unpaid_order_of_a_buyer_is_refused():
    batch = make_offer()
    for _n in range(3):
        order_from(batch, **ANI)

    refusal = refused(batch, **ANI)

    assert (refusal.unpaid, refusal.is_buyers) == (3, True)
    assert_invariants()


@pytest.mark.parametrize(
    "alias",
    [
        {"email": "Ani+4@Example.com"},
        {"phone": "+6281234567890"},
    ],
    ids=["e-mail", "phone"],
)
def test_a_buyer_is_known_by_either_the_mailbox_or_the_phone(alias):
    batch = make_offer()
    for _n in range(3):
        order_from(batch, **ANI)

    assert refused(batch, of_address("198.51.100.1"), **alias).is_buyers


@pytest.mark.parametrize("ending", ["paid", "canceled", "expired"])
def test_an_order_that_is_no_longer_unpaid_makes_room(ending):
    batch = make_offer()
    first, *_others = [order_from(batch, **ANI) for _n in range(3)]
    if ending == "paid":
        finish(first, "pay")
    elif ending == "canceled":
        cancellation.cancel_as_shown(first.pk, shown=0)
    else:
        end_hold(first)

    order_from(batch, **ANI)

    assert refused(batch, **ANI).unpaid == 3


def test_many_units_in_few_orders_are_not_many_orders():
    batch = make_offer(capacity=100)
    place_paid(batch, units=[20], **ANI)

    for _n in range(3):
        order_from(batch, units=[5], **ANI)

    assert refused(batch, **ANI).unpaid == 3


def test_another_campaign_counts_for_itself():
    one, other = make_offer(), make_offer()
    for _n in range(3):
        order_from(one, **ANI)

    order_from(other, **ANI)


def test_all_batches_of_a_campaign_count_together():
    one = make_offer()
    other = make_batch(campaign=one.campaign)
    for batch in (one, one, other):
        order_from(batch, **ANI)

    assert refused(other, **ANI).is_buyers


@pytest.mark.parametrize("is_not", [{"source": "chat"}, {"phone": ""}])
def test_what_the_seller_entered_or_the_list_offered_is_no_hoard(is_not):
    """An offer that was not accepted yet has no phone."""
    batch = make_offer()
    for _n in range(4):
        place_order(batch, **ANI)
    Order.objects.update(**is_not)

    order_from(batch, **ANI)


def test_orders_without_an_origin_are_never_refused():
    batch = make_offer()

    for _n in range(5):
        place_order(batch, **ANI)

    assert set(Order.objects.values_list("hold_origin", "hold_network")) == {("", "")}


def test_an_address_is_full_at_its_limit_whoever_orders(monkeypatch):
    monkeypatch.setattr(hold_limits, "PER_ADDRESS", 2)
    batches = [make_offer(), make_offer()]
    for batch in batches:
        order_from(batch)

    refusal = refused(batches[0])

    assert (refusal.unpaid, refusal.is_buyers) == (2, False)
    order_from(batches[0], of_address("203.0.113.8"))


def test_a_network_is_full_at_its_limit_from_any_of_its_addresses(monkeypatch):
    monkeypatch.setattr(hold_limits, "PER_NETWORK", 2)
    batch = make_offer()
    for n in (1, 2):
        order_from(batch, of_address(f"203.0.113.{n}"))

    assert not refused(batch, of_address("203.0.113.3")).is_buyers
    order_from(batch, of_address("203.0.114.3"))


def test_the_default_admits_sixty_four_buyers_of_one_address():
    batch = make_offer(capacity=100)

    for _n in range(64):
        order_from(batch)

    assert Order.objects.filter(hold_origin=HERE.address).count() == 64


@pytest.mark.parametrize("ending", ["confirmed", "canceled", "expired"])
def test_where_a_buyer_came_from_is_forgotten_with_the_hold(ending):
    order = order_from(make_offer())
    assert (order.hold_origin, order.hold_network) == (HERE.address, HERE.network)

    order.move_to(Order.Status(ending), actor=SYSTEM)

    assert (order.hold_origin, order.hold_network) == ("", "")
    stored = Order.objects.values_list("hold_origin", "hold_network")
    assert stored.get(pk=order.pk) == ("", "")
