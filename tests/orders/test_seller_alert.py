"""A seller hears of it when unpaid orders hold most of a batch."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail

from campaigns.models import Batch, Campaign, Seller
from orders.holds.alerts import tell_sellers
from orders.mail import outbox
from orders.models import Message, Order
from tests.drafts import finish, make_offer, place_order, place_paid

pytestmark = pytest.mark.django_db


def held_batch(*units, capacity=10, **overrides):
    """A batch with one unpaid order for each number of units."""
    batch = make_offer(capacity=capacity, **overrides)
    for number in units:
        place_order(batch, units=[number])
    return Batch.objects.get(pk=batch.pk)


def test_a_batch_held_for_the_most_part_is_told_of_once_a_day():
    batch = held_batch(4, 2)
    Campaign.objects.update(lang="en")

    assert [tell_sellers(), tell_sellers()] == [1, 0]

    alert = Message.objects.get(kind="seller_alert")
    seller = batch.campaign.seller
    assert (alert.to, alert.order, alert.campaign) == (
        seller.email,
        None,
        batch.campaign,
    )
    assert alert.locale == "en"
    title = batch.campaign.title
    assert alert.subject == f"6 of 10 units held unpaid – {title}, batch 1"
    assert "Unpaid orders hold 6 of the 10 units of batch 1; 4 are left" in alert.text


def test_an_alert_names_the_cap_where_units_are_left():
    held_batch(6, order_capacity=1)
    Campaign.objects.update(lang="en")

    tell_sellers()

    text = Message.objects.get(kind="seller_alert").text
    assert "0 are left for others. Units are left, but it takes a limited" in text


def test_the_next_day_it_is_told_again():
    held_batch(6)
    tell_sellers()
    Message.objects.filter(kind="seller_alert").update(dedupe_key="yesterday")

    assert tell_sellers() == 1


@pytest.mark.parametrize(
    ("units", "capacity"),
    [([5], 10), ([4], 5), ([4], 4)],
    ids=["just half", "few units", "all of a tiny batch"],
)
def test_others_are_left_in_peace(units, capacity):
    held_batch(*units, capacity=capacity)

    assert tell_sellers() == 0
    assert not Message.objects.filter(kind="seller_alert").exists()


def test_most_of_a_large_batch_is_told_of_however_much_is_left():
    held_batch(60, capacity=100)

    assert tell_sellers() == 1


def test_paid_units_are_no_hoard():
    batch = held_batch(4, 2)
    finish(Order.objects.earliest("pk"), "pay")
    place_paid(batch, units=[4])

    assert tell_sellers() == 0


def test_a_batch_sold_out_by_unpaid_orders_is_told_of():
    held_batch(6, 4)

    assert tell_sellers() == 1


@pytest.mark.parametrize("stage", ["closed", "canceled"])
def test_a_batch_that_takes_no_orders_is_not_told_of(stage):
    held_batch(6)
    Batch.objects.update(stage=stage)

    assert tell_sellers() == 0


def test_a_batch_past_its_cut_off_is_not_told_of():
    batch = held_batch(6)
    Batch.objects.update(closes_at=batch.opens_at + timedelta(minutes=1))

    assert tell_sellers() == 0


def test_a_seller_without_an_address_gets_no_mail():
    held_batch(6)
    Seller.objects.update(email="")

    assert tell_sellers() == 0


def test_any_number_of_batches_costs_two_queries(django_assert_num_queries):
    for _n in range(3):
        held_batch(2)

    with django_assert_num_queries(2):
        tell_sellers()


def test_the_mail_belongs_to_no_thread_and_leads_to_the_orders(client):
    held_batch(6)
    Campaign.objects.update(lang="en")
    tell_sellers()

    outbox.deliver_due()

    sent = next(m for m in mail.outbox if "held unpaid" in m.subject)
    html = sent.alternatives[0][0]
    link = next(line for line in sent.body.splitlines() if line.startswith("http"))
    assert "References" not in sent.extra_headers
    assert "See the orders</a>" in html
    client.force_login(User.objects.create_superuser("admin"))
    page = client.get(link.removeprefix("http://127.0.0.1:8000"))
    assert list(page.context["cl"].queryset) == list(Order.objects.all())


def test_an_unpaid_order_more_changes_nothing_that_day():
    batch = held_batch(6)
    tell_sellers()
    place_order(batch)

    assert tell_sellers() == 0
