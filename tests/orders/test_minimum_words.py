"""What a buyer's page says of the minimum: only what concerns this order."""

from datetime import timedelta

import pytest

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.models import Batch
from config import sweep as round_of_all
from orders import cancellation
from orders.minimum import words as minimum_words
from orders.models import Order
from tests.drafts import make_offer, place_paid

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]

MISSED = "Fewer than 9 were paid, so everyone gets a full refund."


@pytest.fixture
def in_english(settings):
    settings.LANGUAGE_CODE = "en"


def words_of(order):
    return minimum_words.of_order(Order.objects.for_page().get(pk=order.pk))


def cancel(order):
    cancellation.cancel(Order.objects.for_page().get(pk=order.pk), kept=0, actor=SYSTEM)


def miss_the_minimum():
    Batch.objects.update(closes_at=database_now() - timedelta(seconds=1))
    round_of_all.run()


def test_a_running_order_is_told_where_its_batch_stands():
    batch = make_offer(minimum_units=9)
    order = place_paid(batch)

    assert words_of(order) == [
        "1 of at least 9 paid.",
        "If fewer than 9 are paid, everyone gets a full refund.",
    ]


def test_whose_order_is_canceled_is_not_told_what_becomes_of_the_batch():
    order = place_paid(make_offer(minimum_units=9))
    cancel(order)

    assert words_of(order) == []


def test_only_who_was_still_in_is_told_that_the_minimum_was_missed():
    batch = make_offer(minimum_units=9)
    left, stayed = place_paid(batch), place_paid(batch)
    cancel(left)

    miss_the_minimum()

    assert Order.objects.get(pk=stayed.pk).status == "canceled"
    assert words_of(stayed) == [MISSED]
    assert words_of(left) == []
