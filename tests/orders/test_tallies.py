"""A buyer's units are counted over all orders, by e-mail and by phone."""

import pytest
from django.db import transaction

from campaigns.models import Campaign
from orders import tallies
from orders.models import BuyerTally, Order
from orders.tallies import BuyerLimitReached, identities, normalised_email
from tests.factories import make_campaign

pytestmark = pytest.mark.django_db

PHONE = "+6281234567890"


def order_of(*, email="ani@example.com", phone=PHONE):
    """Tallies read nothing of an order but the identities it was placed with."""
    return Order(limit_keys=identities(email=email, phone=phone))


def claim(campaign, units, **buyer):
    with transaction.atomic():
        tallies.claim(order_of(**buyer), campaign=campaign, units=units)


def assert_refused(campaign, units, **buyer):
    before = counted()
    with pytest.raises(BuyerLimitReached) as refusal:
        claim(campaign, units, **buyer)
    assert (refusal.value.limit, refusal.value.wanted) == (campaign.buyer_limit, units)
    assert counted() == before


def counted():
    rows = BuyerTally.objects.order_by("campaign_id", "pk")
    return list(rows.values_list("campaign_id", "units"))


@pytest.mark.parametrize(
    "email",
    [
        *("ani@example.com", "ANI@Example.COM", " ani@example.com "),
        *("ani+batik@example.com", "Ani+@example.com", "ani+a+b@EXAMPLE.com"),
    ],
)
def test_one_mailbox_has_one_spelling(email):
    assert normalised_email(email) == "ani@example.com"


@pytest.mark.parametrize(
    "email",
    ["a.n.i+x@gmail.com", "Ani@GoogleMail.com", "ani@\uff47mail.com", "ani@gmail.com"],
)
def test_one_mailbox_at_gmail_has_one_spelling(email):
    assert normalised_email(email) == "ani@gmail.com"


def test_a_domain_in_its_own_letters_and_in_ascii_is_one_domain():
    assert normalised_email("ani@b\u00fccher.example") == "ani@xn--bcher-kva.example"
    assert normalised_email("ani@xn--bcher-kva.example") == "ani@xn--bcher-kva.example"
    assert normalised_email("ani@a..example") == "ani@a..example"


@pytest.mark.parametrize(
    "email",
    [
        *("ani@example.org", "a.ni@example.com", "ani2@example.com"),
        *("ani@gmail.com", "ani@gma\u0131l.com"),
    ],
)
def test_other_mailboxes_stay_other_mailboxes(email):
    assert normalised_email(email) != "ani@example.com"


def test_identities_tell_nothing_and_depend_on_what_they_are_of():
    email, phone = identities(email="ani@example.com", phone=PHONE)

    assert len(email) == len(phone) == 64
    assert "ani" not in email + phone
    assert identities(email=PHONE, phone="ani@example.com") != [phone, email]
    assert identities(email="", phone=PHONE) == [phone]
    assert identities(email="ANI+x@example.com", phone="") == [email]
    assert identities(email="", phone="") == []


def test_units_add_up_to_the_limit_and_not_above():
    campaign = make_campaign(buyer_limit=3)

    claim(campaign, 2)
    assert_refused(campaign, 2)
    claim(campaign, 1)

    assert_refused(campaign, 1)
    assert counted() == [(campaign.pk, 3), (campaign.pk, 3)]


def test_more_than_the_limit_at_once_writes_nothing():
    campaign = make_campaign(buyer_limit=3)

    assert_refused(campaign, 4)

    assert counted() == []


@pytest.mark.parametrize(
    "buyer",
    [
        {"email": "ANI+2@example.com", "phone": "+6281234567891"},
        {"email": "budi@example.com", "phone": PHONE},
    ],
    ids=["same mailbox", "same phone"],
)
def test_either_identity_counts_and_both_or_none_are_claimed(buyer):
    campaign = make_campaign(buyer_limit=3)
    claim(campaign, 2)

    assert_refused(campaign, 2, **buyer)

    assert counted() == [(campaign.pk, 2), (campaign.pk, 2)]


def test_another_buyer_and_another_campaign_are_not_concerned():
    first, second = make_campaign(buyer_limit=2), make_campaign(buyer_limit=2)
    claim(first, 2)

    claim(second, 2)
    claim(first, 2, email="budi@example.com", phone="+6281234567891")

    assert [units for _campaign, units in counted()] == [2] * 6


def test_without_a_limit_units_are_still_counted():
    campaign = make_campaign(buyer_limit=None)

    claim(campaign, 500)
    claim(campaign, 500)

    assert counted() == [(campaign.pk, 1000)] * 2


def test_a_limit_set_later_counts_what_was_ordered_before():
    campaign = make_campaign(buyer_limit=None)
    claim(campaign, 2)
    Campaign.objects.update(buyer_limit=2)
    campaign.refresh_from_db()

    assert_refused(campaign, 1)


def test_what_is_released_may_be_ordered_again():
    campaign = make_campaign(buyer_limit=2)
    claim(campaign, 2)

    tallies.release(order_of(), campaign_id=campaign.pk, units=2)

    assert counted() == [(campaign.pk, 0), (campaign.pk, 0)]
    claim(campaign, 2)
    assert_refused(campaign, 1)


def test_a_release_is_of_the_identities_that_were_claimed():
    campaign = make_campaign(buyer_limit=2)
    order = order_of()
    tallies.claim(order, campaign=campaign, units=2)
    order.email = "corrected@example.com"

    tallies.release(order, campaign_id=campaign.pk, units=2)

    assert counted() == [(campaign.pk, 0), (campaign.pk, 0)]


def test_what_a_buyer_holds_is_the_larger_of_both_counts():
    campaign = make_campaign()
    claim(campaign, 2)
    claim(campaign, 1, email="budi@example.com")

    def held(**buyer):
        return tallies.held_by(campaign_id=campaign.pk, **buyer)

    assert held(email="ani@example.com", phone="") == 2
    assert held(email="budi@example.com", phone="") == 1
    assert held(email="budi@example.com", phone=PHONE) == 3
    assert held(email="citra@example.com", phone="+6281234567899") == 0
