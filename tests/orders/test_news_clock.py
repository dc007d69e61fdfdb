"""Nobody is left in the dark: sellers are reminded to speak, and buyers may ask."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from campaigns.clock import database_now
from campaigns.models import Batch, Update
from orders import daily_alerts
from orders.mail import outbox
from orders.models import Message, Order, OrderEvent
from orders.news import alerts as news_alerts
from orders.news import asked_alerts, last_words
from orders.news import asking as asking_for_news
from orders.news import clock as news_clock
from orders.news.clock import Matter
from tests.announced import UNKNOWN, announce
from tests.drafts import make_offer, place_order
from tests.factories import make_campaign, make_seller

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
FAR = date(2099, 1, 1)


def ago(**time):
    return database_now() - timedelta(**time)


def waiting_batch(closed_at, *, orders=1, zone="Asia/Jakarta", **columns):
    """Closed then; its paid orders are not shipped, and no date has passed."""
    seller = make_seller(time_zone=zone)
    batch = make_offer(campaign=make_campaign(seller=seller, lang="en"), capacity=20)
    for _n in range(orders):
        place_order(batch)
    paid = {"status": "confirmed", "confirmed_at": closed_at - DAY}
    Order.objects.filter(batch=batch).update(**paid, locale="en")
    dates = {"production_starts_on": FAR, "production_ends_on": FAR}
    dates |= {"ships_from": FAR, "ships_until": FAR}
    stage = {"stage": "closed", "closed_at": closed_at}
    Batch.objects.filter(pk=batch.pk).update(**stage | dates | columns)
    Message.objects.all().delete()
    batch.refresh_from_db()
    return batch


def owed(now=None):
    found = news_clock.owed(news_clock.awaited(), now or database_now())
    return [(each.batch.pk, each.matter) for each in found]


def publish(batch, at, /, **columns):
    values = {"title": "News", "body": "All is well.", "publish_at": at}
    of = {"campaign": batch.campaign, "state": "published", "published_at": at}
    return Update.objects.create(**values | of | columns)


# What is a word


@pytest.mark.parametrize(
    ("columns", "counts"),
    [
        ({}, True),
        ({"audience": "buyers"}, True),
        ({"statuses": ["confirmed"]}, True),
        ({"statuses": ["pending"]}, False),
        ({"kind": "promotion"}, False),
        ({"state": "scheduled", "published_at": None}, False),
    ],
)
def test_a_published_update_about_the_order_is_a_word(columns, counts):
    batch = waiting_batch(ago(days=30))
    at = ago(days=1)
    publish(batch, at, **columns)

    assert last_words.of([batch]) == {batch.pk: at if counts else batch.closed_at}
    assert owed() == ([] if counts else [(batch.pk, Matter.SILENCE)])


def test_news_for_a_part_of_the_buyers_is_no_word_to_the_others():
    batch = waiting_batch(ago(days=30))
    other = waiting_batch(ago(days=30))
    publish(batch, ago(days=1), variant=batch.campaign.variants.get())
    publish(other, ago(days=1), campaign=other.campaign, batch=other)

    assert owed() == [(batch.pk, Matter.SILENCE)]


@pytest.mark.parametrize(
    "column", ["minimum_decided_at", "extended_at", "production_at"]
)
def test_milestones_are_words(column):
    at = ago(days=2)
    waiting_batch(ago(days=30), minimum_units=1, **{column: at})

    assert owed() == []


def test_an_announced_change_is_a_word_even_without_a_date():
    batch = waiting_batch(ago(days=30))
    announce(batch, UNKNOWN, at=ago(days=1))

    assert owed() == []


def test_any_number_of_batches_takes_two_queries(django_assert_num_queries):
    batches = [waiting_batch(ago(days=30)) for _n in range(3)]

    with django_assert_num_queries(2):
        assert len(last_words.of(batches)) == 3


# When it is owed


def test_three_weeks_of_silence_are_too_long():
    now = database_now()
    batch = waiting_batch(now - news_clock.LONGEST_SILENCE)

    assert owed(now - MINUTE) == []
    assert owed(now) == [(batch.pk, Matter.SILENCE)]


@pytest.mark.parametrize("stage", ["open", "completed", "canceled"])
def test_other_stages_owe_nothing(stage):
    waiting_batch(ago(days=60), stage=stage)

    assert owed() == []


def test_nothing_is_owed_to_nobody():
    waiting_batch(ago(days=60))
    Order.objects.update(status="fulfilled")

    assert owed() == []


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("Asia/Jakarta", datetime(2028, 2, 29, 17, tzinfo=UTC)),
        ("Asia/Jayapura", datetime(2028, 2, 29, 15, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize(
    ("stage", "column", "matter"),
    [
        ("closed", "production_starts_on", Matter.PRODUCTION_START),
        ("production", "production_ends_on", Matter.PRODUCTION_END),
        ("shipping", "ships_until", Matter.SHIPPING),
        ("closed", "ships_until", Matter.SHIPPING),
    ],
)
def test_a_date_has_passed_when_its_day_is_over_at_the_sellers(
    zone, midnight, stage, column, matter
):
    leap_day = {column: date(2028, 2, 29)} | (
        {"ships_from": date(2028, 2, 28)} if column == "ships_until" else {}
    )
    closed_at = datetime(2028, 2, 20, tzinfo=UTC)
    batch = waiting_batch(closed_at, zone=zone, stage=stage, **leap_day)

    assert owed(midnight - MINUTE) == []
    assert owed(midnight) == [(batch.pk, matter)]
    publish(batch, midnight - MINUTE)
    assert owed(midnight) == [(batch.pk, matter)]
    publish(batch, midnight)
    assert owed(midnight + MINUTE) == []


def test_the_last_day_of_a_year_passes_like_any_other():
    batch = waiting_batch(
        datetime(2026, 12, 20, tzinfo=UTC), production_starts_on=date(2026, 12, 31)
    )

    assert owed(datetime(2026, 12, 31, 16, 59, tzinfo=UTC)) == []
    assert owed(datetime(2026, 12, 31, 17, 0, tzinfo=UTC)) == [
        (batch.pk, Matter.PRODUCTION_START)
    ]


# Who is reminded


def test_the_seller_is_reminded_once_then_weekly_and_the_operator_once():
    batch = waiting_batch(ago(days=21), orders=2)
    seller = batch.campaign.seller.email
    User.objects.create_superuser("ops", "ops@example.com")
    User.objects.create_superuser("silent", "")
    began = Batch.objects.get().closed_at

    def told_after(days):
        """The same silence, looked at so many days after it became too long."""
        last = Message.objects.order_by("pk").values_list("pk", flat=True).last() or 0
        too_long = began + news_clock.LONGEST_SILENCE
        news_alerts.remind_as_of(too_long + timedelta(days=days))
        new = Message.objects.filter(pk__gt=last).order_by("pk")
        return list(new.values_list("to", flat=True))

    assert told_after(0) == [seller]
    assert told_after(6.9) == []
    assert told_after(7) == [seller, "ops@example.com"]
    assert told_after(7.1) == []
    assert told_after(14) == [seller]
    publish(batch, began + timedelta(days=36))
    assert told_after(21) == []


def test_the_mails_say_what_is_owed_and_to_how_many():
    batch = waiting_batch(ago(days=29), orders=2)
    User.objects.create_superuser("ops", "ops@example.com")

    assert [news_alerts.remind(), news_alerts.remind()] == [2, 0]

    to_seller, to_operator = Message.objects.order_by("pk")
    title = batch.campaign.title
    assert to_seller.subject == f"Your buyers wait for news – {title}, batch 1"
    assert "2 paid orders are not shipped." in to_seller.text
    assert f"/admin/campaigns/batch/{batch.pk}/change/" in to_seller.text
    assert "once a week" in to_seller.text
    assert to_operator.to == "ops@example.com"
    assert title in to_operator.text
    outbox.deliver_due()
    assert len(mail.outbox) == 2


def test_a_date_that_passed_is_told_the_next_day():
    batch = waiting_batch(ago(days=3), production_starts_on=ago(days=2).date())

    assert news_alerts.remind() == 1

    told = Message.objects.get()
    title = batch.campaign.title
    assert told.subject == f"A date passed without a word – {title}, batch 1"
    assert "Production was to start on" in told.text


def test_a_quiet_round_takes_two_queries(django_assert_num_queries):
    Message.objects.all().delete()

    with django_assert_num_queries(2):
        assert news_alerts.remind() == 0


# Asking for news


def page_of(order):
    return f"/o/{order.token}/news/"


def asked(order=None):
    events = OrderEvent.objects.filter(kind="news_asked")
    return events.filter(order=order).count() if order else events.count()


def test_a_buyer_may_ask_after_four_weeks_once(client):
    waiting_batch(ago(days=28, minutes=1))
    order = Order.objects.get()
    status = client.get(order.get_absolute_url()).content.decode()
    assert f'href="{page_of(order)}"' in status
    assert client.get(page_of(order)).status_code == 200
    assert asked() == 0

    answers = [client.post(page_of(order)) for _n in range(3)]

    assert [answer.status_code for answer in answers] == [303] * 3
    assert asked() == 1
    assert "You asked for news" in client.get(page_of(order)).content.decode()
    told = client.get(order.get_absolute_url()).content.decode()
    assert "You asked the seller for news." in told
    assert f'href="{page_of(order)}"' not in told


def test_before_that_nobody_may(client):
    waiting_batch(ago(days=27, hours=23))
    order = Order.objects.get()

    refused = client.post(page_of(order))

    assert (refused.status_code, asked()) == (409, 0)
    assert "There is nothing to ask for now" in refused.content.decode()
    assert page_of(order) not in client.get(order.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "fulfilled"},
        {"status": "canceled"},
        {"status": "pending"},
        {"confirmed_at": datetime(2099, 1, 1, tzinfo=UTC)},
    ],
    ids=str,
)
def test_nor_who_waits_for_nothing_or_came_later(client, columns):
    waiting_batch(ago(days=60))
    Order.objects.update(**columns)

    assert client.post(page_of(Order.objects.get())).status_code == 409
    assert asked() == 0


def test_news_answers_those_who_asked_and_a_new_silence_can_be_asked_again(client):
    batch = waiting_batch(ago(days=90), orders=2)
    first, second = Order.objects.order_by("pk")
    asking_for_news.ask(first.pk)
    OrderEvent.objects.filter(kind="news_asked")._raw_delete("default")
    old = OrderEvent(order=first, kind="news_asked", actor="buyer", at=ago(days=60))
    old.save()
    batches = list(news_clock.awaited())
    assert len(asking_for_news.unanswered(batches)[batch.pk]) == 1

    publish(batch, ago(days=40))
    assert asking_for_news.unanswered(batches) == {}

    client.post(page_of(first))
    client.post(page_of(second))
    assert (asked(first), asked(second)) == (2, 1)
    assert len(asking_for_news.unanswered(batches)[batch.pk]) == 2


def test_the_seller_hears_once_a_day_how_many_ask():
    batch = waiting_batch(ago(days=40), orders=3)
    orders = list(Order.objects.order_by("pk"))
    for order in orders[:2]:
        asking_for_news.ask(order.pk)

    assert [asked_alerts.tell_sellers(), asked_alerts.tell_sellers()] == [1, 0]
    told = Message.objects.get()
    assert told.to == batch.campaign.seller.email
    assert told.subject == "2 buyers ask for news"
    assert f"- {batch.campaign.title}, batch 1: 2" in told.text
    assert "/admin/orders/order/?news=asked" in told.text

    asking_for_news.ask(orders[2].pk)
    assert asked_alerts.tell_sellers() == 0


def test_the_next_day_only_new_ones_are_worth_a_mail():
    batch = waiting_batch(ago(days=40), orders=2)
    first, second = Order.objects.order_by("pk")
    asking_for_news.ask(first.pk)
    asked_alerts.tell_sellers()
    seller = batch.campaign.seller
    yesterday = database_now().astimezone(seller.zone).date() - DAY
    yesterdays = daily_alerts.key_of_day(asked_alerts.WORDS, seller, yesterday)
    Message.objects.update(dedupe_key=yesterdays)

    assert asked_alerts.tell_sellers() == 0
    asking_for_news.ask(second.pk)
    assert asked_alerts.tell_sellers() == 1


def test_the_desk_leads_to_who_is_owed_a_word_and_who_asks():
    batch = waiting_batch(ago(days=40), orders=3)
    waiting_batch(ago(days=5))
    asking_for_news.ask(batch.orders.order_by("pk")[0].pk)
    staff = Client()
    staff.force_login(User.objects.create_superuser("admin"))

    desk = staff.get("/admin/", headers={"accept-language": "en"}).context["dashboard"]

    numbers = {number.label: number for number in desk.alerts}
    owed_to = numbers["Batch whose buyers are owed a word"]
    asks = numbers["Buyer who asks for news"]
    assert (owed_to.value, asks.value) == (1, 1)
    listed = [staff.get(n.url).context["cl"].queryset for n in (owed_to, asks)]
    assert [list(rows) for rows in listed] == [[batch], [batch.orders.earliest("pk")]]


def test_the_page_speaks_the_orders_language_and_is_private(client):
    waiting_batch(ago(days=40))
    Order.objects.update(locale="id")
    order = Order.objects.get()

    response = client.get(page_of(order))

    assert response["Content-Language"] == "id"
    assert "private" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert client.post("/o/nonsense/news/").status_code == 404
