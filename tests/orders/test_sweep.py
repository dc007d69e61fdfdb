"""One reminder to pay, to buyers who had time to forget."""

from datetime import timedelta

import pytest

from campaigns.clock import database_now
from orders.models import Message, Order
from orders.reminders.payment import remind_of_payment
from tests.drafts import finish, mails_of, make_offer, place_order, rows_of_orders

pytestmark = pytest.mark.django_db

HOURS = timedelta(hours=1)


def an_order(*, placed, ends):
    """Placed that many hours ago, with a hold that ends in so many."""
    order = place_order(make_offer())
    now = database_now()
    Order.objects.filter(pk=order.pk).update(
        placed_at=now - placed * HOURS, expires_at=now + ends * HOURS
    )
    return order


@pytest.mark.parametrize(
    ("placed", "ends"), [(18, 5.9), (18, 0.01), (2.1, 3), (100, 6)]
)
def test_a_hold_about_to_end_is_reminded_of_once(placed, ends):
    order = an_order(placed=placed, ends=ends)

    assert [remind_of_payment(), remind_of_payment()] == [1, 0]

    assert mails_of(order) == ["order_placed", "payment_reminder"]
    reminder = Message.objects.get(kind="payment_reminder")
    assert (reminder.priority, reminder.state) == (Message.Priority.NOTICE, "queued")


@pytest.mark.parametrize(
    ("placed", "ends"),
    [(0, 1), (1.9, 0.1), (18, 6.1), (24, 0), (25, -1)],
    ids=["short hold", "just placed", "time enough", "over", "long over"],
)
def test_others_are_left_in_peace(placed, ends):
    an_order(placed=placed, ends=ends)
    before = rows_of_orders()

    assert remind_of_payment() == 0

    assert rows_of_orders() == before


@pytest.mark.parametrize("status", ["confirmed", "expired", "canceled", "fulfilled"])
def test_only_a_hold_is_reminded_of(status):
    an_order(placed=18, ends=3)
    Order.objects.update(status=status)

    assert remind_of_payment() == 0


def test_a_buyer_who_paid_is_not_asked_to_pay():
    order = an_order(placed=18, ends=3)
    finish(order, "pay")

    assert remind_of_payment() == 0
    assert mails_of(order) == ["order_placed", "order_confirmed"]
