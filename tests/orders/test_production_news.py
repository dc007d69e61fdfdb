"""When production starts, each buyer of the batch is told once what that means."""

from datetime import timedelta

import pytest
from django.utils import translation

from campaigns import dates
from campaigns.clock import database_now
from campaigns.models import Batch
from orders.models import Message, Order
from orders.news import production as production_news
from tests.drafts import mails_of, place_paid
from tests.fulfillment.goods import in_production, ship

pytestmark = pytest.mark.django_db


def mail_of(order):
    return order.messages.get(kind="production_started")


def test_every_confirmed_order_is_told_once():
    batch, orders = in_production([1], [2])

    assert [production_news.tell_started(), production_news.tell_started()] == [2, 0]

    for order in orders:
        mail = mail_of(order)
        assert mail.priority == Message.Priority.BULK
        assert mail.schedule_version == 1
        assert mail.dedupe_key == f"production_started:{order.number}:{batch.pk}-1"


def test_the_mail_says_what_until_when_and_what_is_fixed_now():
    batch, [order] = in_production([1])
    Order.objects.update(locale="en")

    production_news.tell_started()

    mail = mail_of(order)
    state, when, link, fixed = mail.text.split("\n\n")[:4]
    assert state == "Production has started: your order is being made."
    with translation.override("en"):
        end, short = batch.production_ends_on, dates.day_short(batch.production_ends_on)
        day, window = dates.day(end), dates.window(batch.ships_from, batch.ships_until)
    assert when == (
        f"By plan it is made until {day}. Batch 1 ships {window}"
        " (estimated). If that date slips, we tell you and ask you what to do."
    )
    assert link == f"http://127.0.0.1:8000/o/{order.token}/"
    assert fixed == (
        "From now on what you ordered cannot be changed, and the order cannot be"
        " canceled on its page. The address can be changed until it is packed."
    )
    assert mail.subject == f"In production until {short} – {order.number}"


def test_a_canceled_or_shipped_order_hears_nothing():
    _batch, [canceled, shipped] = in_production([1], [1])
    Order.objects.filter(pk=canceled.pk).update(status="canceled")
    ship(shipped)
    Batch.objects.update(stage="production")

    assert production_news.tell_started() == 0


@pytest.mark.parametrize("stage", ["closed", "shipping", "completed", "canceled"])
def test_only_while_it_is_made(stage):
    in_production([1])
    Batch.objects.update(stage=stage)

    assert production_news.tell_started() == 0


def test_weeks_later_it_is_no_news():
    in_production([1])
    Batch.objects.update(production_at=database_now() - timedelta(days=8))

    assert production_news.tell_started() == 0


def test_what_was_withdrawn_for_an_older_window_is_written_anew():
    batch, [order] = in_production([1])
    production_news.tell_started()
    Batch.objects.filter(pk=batch.pk).update(schedule_version=2)
    assert production_news.tell_started() == 0

    order.messages.update(state=Message.State.ABORTED)

    assert production_news.tell_started() == 1
    assert mails_of(order).count("production_started") == 2
    assert order.messages.order_by("pk").last().schedule_version == 2


def test_an_order_without_an_address_is_passed_over():
    batch, [order] = in_production([1])
    Order.objects.filter(pk=order.pk).update(source="chat", email="")

    assert production_news.tell_started() == 0
    assert batch.orders.count() == 1


def test_orders_of_a_batch_on_sale_are_told_nothing(client):
    batch, _orders = in_production([1])
    Batch.objects.filter(pk=batch.pk).update(stage="open")
    place_paid(Batch.objects.get(pk=batch.pk))

    assert production_news.tell_started() == 0
