"""Who waits may want another quantity: on the secret page, and nowhere else."""

import pytest

from campaigns.errors import InvalidTransition
from campaigns.models import Allotment, Campaign
from orders import tallies
from orders.models import Message, WaitlistEntry
from orders.waitlist import offers as waitlist_offers
from orders.waitlist import places, wishes
from tests.concurrency.racing import assert_invariants
from tests.drafts import rows_of_orders
from tests.waiting import full_batch, give_back, offered_to, states, unsaved, wait

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def waiting(**columns):
    batch, orders = full_batch(capacity=6)
    return wait(batch, locale="en", **columns), orders


def page_of(entry):
    return f"/waitlist/{entry.token}/"


def send(client, entry, quantity, **fields):
    return client.post(f"{page_of(entry)}quantity/", {"quantity": quantity} | fields)


def rows():
    return rows_of_orders(), list(WaitlistEntry.objects.order_by("pk").values())


def wish_of(entry):
    place = WaitlistEntry.objects.get(pk=entry.pk)
    return place.quantity, place.accepts_fewer


def text_of(response):
    return " ".join(response.content.decode().replace("\xa0", " ").split())


def mails():
    return Message.objects.filter(kind="waitlist_joined").order_by("pk")


def test_the_page_tells_the_rule_and_changes_the_quantity(client):
    entry, _orders = waiting(quantity=2)

    before = text_of(client.get(page_of(entry)))
    response = send(client, entry, 4, accepts_fewer="on")

    assert "You keep your place in line, with fewer and with more." in before
    assert 'value="2"' in before
    assert (response.status_code, response["Location"]) == (303, page_of(entry))
    assert wish_of(entry) == (4, True)
    assert "4 × " in text_of(client.get(page_of(entry)))
    assert mails().count() == 1


def test_the_same_again_changes_nothing(client):
    entry, _orders = waiting(quantity=2)
    before = rows()

    assert send(client, entry, 2).status_code == 303
    assert send(client, entry, 2).status_code == 303

    assert rows() == before


@pytest.mark.parametrize("quantity", [1, 3])
def test_fewer_and_more_keep_the_place_in_line(quantity):
    entry, orders = waiting(quantity=2)
    wait(entry.batch, quantity=1)

    wishes.change(entry.pk, quantity=quantity, accepts_fewer=False)
    for order in orders[:quantity]:
        give_back(order)
    waitlist_offers.offer_freed()

    assert states() == ["offered", "waiting"]
    assert offered_to(entry).units == quantity
    assert_invariants()


def test_who_wants_more_than_is_free_is_passed_over():
    entry, [order, *_others] = waiting(quantity=1)
    wait(entry.batch, quantity=1)

    wishes.change(entry.pk, quantity=2, accepts_fewer=False)
    give_back(order)
    waitlist_offers.offer_freed()

    assert states() == ["waiting", "offered"]
    assert_invariants()


@pytest.mark.parametrize("quantity", ["0", "-1", "1.5", "", "x", "5", "9" * 20])
def test_bad_input_is_told_and_changes_nothing(client, quantity):
    entry, _orders = waiting(quantity=2)
    Campaign.objects.update(buyer_limit=4)
    before = rows()

    response = send(client, entry, quantity)

    assert response.status_code == 422
    assert 'role="alert"' in text_of(response)
    assert "Leave the list" in text_of(response)
    assert rows() == before


def test_the_limit_counts_what_the_buyer_has_in_other_orders(client):
    entry, _orders = waiting(quantity=1)
    Campaign.objects.update(buyer_limit=4)
    tallies.claim_for([entry.identity], campaign=Campaign.objects.get(), units=2)
    before = rows()

    response = send(client, entry, 3)

    assert response.status_code == 422
    assert (
        "You can order at most 4 units of this campaign."
        " You already have 2 in other orders."
    ) in text_of(response)
    assert rows() == before
    assert send(client, entry, 2).status_code == 303


@pytest.mark.parametrize(("own", "most"), [(None, 6), (4, 4)])
def test_more_than_the_batch_makes_is_refused(client, own, most):
    entry, orders = waiting(quantity=1)
    for order in orders[:2]:
        give_back(order)
    Allotment.objects.update(capacity=own)
    before = rows()

    response = send(client, entry, most + 1)

    assert response.status_code == 422
    assert f"The batch makes at most {most} of it." in text_of(response)
    assert rows() == before
    assert send(client, entry, most).status_code == 303


def test_fewer_are_never_refused_for_a_limit(client):
    entry, _orders = waiting(quantity=5)
    Campaign.objects.update(buyer_limit=4)
    tallies.claim_for([entry.identity], campaign=Campaign.objects.get(), units=3)

    assert send(client, entry, 4).status_code == 303


def test_once_an_offer_is_out_nothing_is_changed(client):
    entry, [order, *_others] = waiting(quantity=1)
    give_back(order)
    waitlist_offers.offer_freed()
    before = rows()

    response = send(client, entry, 2)
    with pytest.raises(InvalidTransition):
        wishes.change(entry.pk, quantity=2, accepts_fewer=False)

    assert response.status_code == 409
    assert "An offer for your place is out, so nothing was changed." in text_of(
        response
    )
    assert rows() == before


def test_a_place_that_is_over_changes_nothing(client):
    entry, _orders = waiting(quantity=1)
    places.depart(entry.pk)
    before = rows()

    response = send(client, entry, 2)

    assert response.status_code == 409
    assert "Your place does not wait any more" in text_of(response)
    assert rows() == before


def test_reading_changes_nothing_and_a_wrong_link_is_unknown(client):
    entry, _orders = waiting()

    assert client.get(f"{page_of(entry)}quantity/").status_code == 405
    assert client.post("/waitlist/wrong/quantity/", {"quantity": 2}).status_code == 404


def test_joining_again_for_more_tells_by_mail_alone_where_to_change_it():
    entry, _orders = waiting(quantity=2, email="ani@example.com")

    places.join(unsaved(entry.batch, email="Ani@example.com", quantity=3))
    places.join(unsaved(entry.batch, email="ani@example.com", quantity=4))

    first, again = mails()
    assert wish_of(entry) == (2, False)
    assert "already" not in first.text
    assert "You are on the waiting list already" in again.text
    assert "Now 3 were asked for. That changed nothing" in again.text
    assert f"2 × {entry.variant.label}" in again.text
    assert entry.token in again.text


def test_joining_again_while_an_offer_is_out_says_that_it_is_held():
    entry, [order, *_others] = waiting(quantity=1, email="ani@example.com")
    give_back(order)
    waitlist_offers.offer_freed()

    places.join(unsaved(entry.batch, email="ani@example.com", quantity=3))

    assert "the quantity cannot be changed any more" in mails().last().text
