"""An update says for ever what it said when it was published."""

from datetime import timedelta

import pytest
from django.utils import translation

from campaigns import dates
from campaigns.models import Batch, ScheduleChange, Update
from orders.models import Message, Order
from orders.news.buyer import posts_for
from tests.factories import make_confirmed_order, make_shop
from tests.orders import moving
from tests.orders.delaying import delay
from tests.orders.posts import make_update, send_out

pytestmark = pytest.mark.django_db

TITLE = "Still on schedule: {batch} ships {window}"


def window_of(batch):
    batch.refresh_from_db()
    with translation.override("en"):
        return dates.window(batch.ships_from, batch.ships_until)


def titles_for(order):
    with translation.override("en"):
        found = posts_for(Order.objects.for_page().get(pk=order.pk))
    return [post.title for post in found]


def a_week_passes():
    """All that was told so far was told a week earlier."""
    week = timedelta(days=7)
    for update in Update.objects.exclude(published_at=None):
        earlier = {"published_at": update.published_at - week}
        Update.objects.filter(pk=update.pk).update(**earlier)
    for model, column in (
        (Message, "created_at"),
        (Order, "placed_at"),
        (ScheduleChange, "announced_at"),
    ):
        for row in model._default_manager.all():
            values = {column: getattr(row, column) - week}
            model._base_manager.filter(pk=row.pk).update(**values)


def test_a_window_announced_later_does_not_enter_an_older_update():
    batch = make_shop()
    order = make_confirmed_order(batch=batch)
    first = window_of(batch)
    send_out(make_update(campaign=batch.campaign, title=TITLE))
    mail = Message.objects.get(update_of__title=TITLE)
    written = mail.subject, mail.text
    a_week_passes()

    delay(batch, days=10)
    second = window_of(batch)
    a_week_passes()
    send_out(make_update(campaign=batch.campaign, title=TITLE))
    a_week_passes()
    delay(batch, days=10)

    assert titles_for(order) == [
        f"Still on schedule: batch 1 ships {second}",
        f"Still on schedule: batch 1 ships {first}",
    ]
    mail.refresh_from_db()
    assert (mail.subject, mail.text) == written
    assert len({first, second, window_of(batch)}) == 3


def test_a_move_to_another_batch_does_not_enter_an_older_update():
    batch, target = moving.two_batches()
    order = make_confirmed_order(batch=batch)
    first = window_of(batch)
    send_out(make_update(campaign=batch.campaign, title=TITLE))
    a_week_passes()

    moving.answer(moving.ask(order, target))

    order.refresh_from_db()
    assert order.batch == target
    assert titles_for(order) == [f"Still on schedule: batch 1 ships {first}"]


def test_who_ordered_later_was_told_no_window_by_it():
    batch = make_shop()
    send_out(make_update(campaign=batch.campaign, title=TITLE))
    a_week_passes()
    delay(batch, days=10)

    order = make_confirmed_order(batch=Batch.objects.get(pk=batch.pk))

    assert titles_for(order) == ["Still on schedule: batch 1 ships the promised window"]


def test_reading_them_takes_five_queries_for_any_number(django_assert_num_queries):
    batch = make_shop()
    order = make_confirmed_order(batch=batch)
    for _number in range(3):
        send_out(make_update(campaign=batch.campaign, title=TITLE))
    delay(batch, days=10)
    order = Order.objects.for_page().get(pk=order.pk)

    # The updates with pictures and additions, the moves, the changes.
    with django_assert_num_queries(5):
        assert len(posts_for(order)) == 3
