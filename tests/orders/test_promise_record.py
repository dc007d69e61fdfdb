"""The record of dates kept: which orders count, on which day, for how much."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Batch
from orders.models import Decision, Order
from orders.promise_record import PromiseRecord, groups
from tests.announced import announce
from tests.drafts import make_offer, place_order
from tests.factories import make_campaign, make_seller

pytestmark = pytest.mark.django_db

LEAP_DAY = date(2024, 2, 29)
NEW_YEARS_EVE = date(2025, 12, 31)
ENGLISH = {"accept-language": "en"}
NOON = datetime(2024, 2, 29, 5, tzinfo=UTC)


@pytest.fixture
def batch():
    cache.clear()
    return make_offer(capacity=40, stage="open")


def made(batch, **columns):
    """An order that ended as its columns say, promised until leap day."""
    order = place_order(batch)
    values = {"promised_from": LEAP_DAY, "promised_until": LEAP_DAY}
    if columns.get("status") in ("confirmed", "canceled"):
        values |= {"confirmed_at": NOON, "amount_paid": order.total}
    if columns.get("status") == "canceled":
        values |= {"canceled_at": NOON}
    Order.objects.filter(pk=order.pk).update(**values | columns)
    return Order.objects.get(pk=order.pk)


def shipped(batch, at=NOON, **columns):
    return made(batch, status="fulfilled", fulfilled_at=at, **columns)


def record_of(batch):
    record = PromiseRecord.of_seller(batch.campaign.seller)
    assert record == PromiseRecord.of_batch(batch)
    return record


def sums(batch):
    record = record_of(batch)
    return record.on_time, record.counts, record.median_slip


@pytest.mark.parametrize(
    ("zone", "at", "until", "slip"),
    [
        ("Asia/Jakarta", "2024-02-29 16:59:59", LEAP_DAY, 0),
        ("Asia/Jakarta", "2024-02-29 17:00:00", LEAP_DAY, 1),
        ("Asia/Jayapura", "2024-02-29 14:59:59", LEAP_DAY, 0),
        ("Asia/Jayapura", "2024-02-29 15:00:00", LEAP_DAY, 1),
        ("Asia/Jakarta", "2025-12-31 17:00:00", NEW_YEARS_EVE, 1),
        ("Asia/Jakarta", "2024-02-01 00:00:00", LEAP_DAY, 0),
        ("Asia/Jakarta", "2024-03-31 00:00:00", LEAP_DAY, 31),
    ],
)
def test_days_are_those_of_the_seller(zone, at, until, slip):
    campaign = make_campaign(seller=make_seller(time_zone=zone))
    batch = make_offer(campaign=campaign)
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    shipped(batch, moment, promised_until=until, time_zone="Europe/London")

    assert sums(batch) == (int(slip == 0), 1, slip)


def test_what_is_not_known_yet_counts_for_nothing(batch):
    today = timezone.localdate(timezone=batch.campaign.seller.zone)
    made(batch)
    made(batch, status="expired")
    made(batch, status="confirmed", promised_until=today)
    made(batch, status="confirmed", promised_until=None)
    shipped(batch, promised_until=None)

    assert sums(batch) == (0, 0, None)


def test_an_order_that_is_overdue_slips_further_every_day(batch):
    today = timezone.localdate(timezone=batch.campaign.seller.zone)
    made(batch, status="confirmed", promised_until=today - timedelta(days=1))
    made(batch, status="confirmed", promised_until=today - timedelta(days=9))

    assert record_of(batch).slips == Counter({1: 1, 9: 1})
    assert sums(batch) == (0, 2, 5)


def test_who_owes_the_balance_is_not_shipped_to_and_not_counted(batch):
    made(batch, status="confirmed", amount_paid=100_000)

    assert sums(batch) == (0, 0, None)


def test_a_later_announcement_does_not_mend_the_first_promise(batch):
    order = shipped(batch, NOON + timedelta(days=10))
    announce(batch, (date(2024, 3, 8), date(2024, 3, 12)))
    Order.objects.filter(pk=order.pk).update(schedule_version=2)

    assert sums(batch) == (0, 1, 10)


# Cancellations


def canceled(batch, actor="buyer", **columns):
    order = made(batch, status="canceled", **columns)
    order.events.create(kind="canceled", actor=actor)
    return order


def delay_answered(order, **columns):
    Decision.objects.create(
        order=order,
        kind="delay",
        silence="wait",
        schedule_change=announce(order.batch, (date(2024, 3, 8), date(2024, 3, 12))),
        origin=order.batch,
        schedule_version=2,
        answer_by=timezone.now(),
        settled_at=timezone.now(),
        **columns,
    )


def test_a_buyer_who_left_before_the_day_says_nothing_of_the_seller(batch):
    canceled(batch, canceled_at=NOON)
    canceled(batch, confirmed_at=None, canceled_at=NOON + timedelta(days=40))

    assert sums(batch) == (0, 0, None)


def test_a_buyer_who_left_after_the_day_had_waited_too_long(batch):
    canceled(batch, canceled_at=datetime(2024, 2, 29, 17, tzinfo=UTC))
    canceled(batch, "staff", canceled_at=datetime(2024, 2, 29, 17, tzinfo=UTC))

    assert sums(batch) == (0, 1, None)


@pytest.mark.parametrize(
    ("state", "answer", "counts"),
    [
        ("answered", "cancel", 1),
        ("lapsed", "cancel", 1),
        ("answered", "wait", 0),
        ("withdrawn", "", 0),
    ],
)
def test_a_cancellation_for_a_delay_counts_against(batch, state, answer, counts):
    delay_answered(canceled(batch), state=state, answer=answer)

    assert sums(batch) == (0, counts, None)


def test_a_batch_taken_back_by_its_seller_counts_against_but_not_by_its_rule(batch):
    canceled(batch, "system", canceled_at=NOON)
    off = {"stage": Batch.Stage.CANCELED, "canceled_at": NOON}
    Batch.objects.filter(pk=batch.pk).update(**off)
    by_seller = sums(batch)
    Batch.objects.filter(pk=batch.pk).update(minimum_missed_at=NOON)

    assert (by_seller, sums(batch)) == ((0, 1, None), (0, 0, None))


# What is told


@pytest.mark.parametrize(
    ("slips", "median"),
    [
        ([0], 0),
        ([0, 0, 0, 9], 0),
        ([0, 1], 1),
        ([0, 0, 3, 3], 2),
        ([1, 2, 40], 2),
        ([5] * 3 + [6] * 2, 5),
    ],
)
def test_half_a_day_of_the_median_is_never_rounded_in_the_sellers_favor(slips, median):
    assert PromiseRecord(slips=Counter(slips)).median_slip == median


@pytest.mark.parametrize(
    ("record", "is_told"),
    [
        ({"shipped": 9}, False),
        ({"shipped": 9, "overdue": 1}, True),
        ({"shipped": 8, "broken": 2}, True),
        ({"shipped": 2, "in_done_batches": 2}, False),
        ({"shipped": 3, "in_done_batches": 3}, True),
    ],
)
def test_few_orders_say_nothing(record, is_told):
    assert PromiseRecord(**record).is_telling is is_told


def test_the_public_reads_it_on_both_pages_once_it_tells(client, batch):
    campaign, seller = batch.campaign, batch.campaign.seller
    pages = (f"/en/c/{campaign.slug}/", f"/en/s/{seller.slug}/")
    late = datetime(2024, 3, 5, 5, tzinfo=UTC)
    for at in [NOON] * 7 + [late, late]:
        shipped(batch, at)
    before = [client.get(page).content.decode() for page in pages]
    made(batch, status="confirmed")
    cache.clear()

    after = [client.get(page).content.decode() for page in pages]

    assert not any("on time" in html for html in before)
    assert all("7 of 10 orders shipped on time" in html for html in after)
    assert f'href="/en/s/{seller.slug}/#promises"' in after[0]
    assert "Median slip: none" in after[1]
    assert "1 order is overdue and not shipped yet." in after[1]
    assert "public" in client.get(pages[1])["Cache-Control"]


def test_any_number_of_orders_takes_one_query(batch, django_assert_num_queries):
    seller = batch.campaign.seller
    for days in range(4):
        shipped(batch, NOON + timedelta(days=days))
        canceled(batch)
        made(batch, status="confirmed")

    with django_assert_num_queries(1):
        record = PromiseRecord.of_seller(seller)
    assert (record.on_time, record.counts) == (1, 8)


def test_pages_count_again_after_minutes_only(client, batch, django_assert_num_queries):
    page = f"/en/s/{batch.campaign.seller.slug}/"
    with CaptureQueriesContext(connection) as cold:
        client.get(page)

    with django_assert_num_queries(len(cold) - 1):
        client.get(page)


def test_without_its_cache_the_page_is_shown(client, batch, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1",
        }
    }
    for _n in range(10):
        shipped(batch)

    html = client.get(f"/en/s/{batch.campaign.seller.slug}/").content.decode()

    assert "10 of 10 orders shipped on time" in html


def test_other_sellers_orders_are_not_counted(batch):
    shipped(make_offer())

    assert sums(batch) == (0, 0, None)


def test_equal_endings_are_one_row(batch):
    for _n in range(3):
        shipped(batch)
    zone = ZoneInfo("Asia/Jakarta")

    found = groups(Order.objects.all(), zone=zone, today=date(2024, 3, 1))

    assert found == [("shipped", "open", LEAP_DAY, LEAP_DAY, 3)]


# For the staff


def test_staff_see_the_windows_of_an_order_and_the_record_of_its_batch(client, batch):
    client.force_login(User.objects.create_superuser("admin"))
    order = shipped(batch, NOON + timedelta(days=2))
    announce(batch, (date(2024, 3, 8), date(2024, 3, 12)))

    page = client.get(f"/admin/orders/order/{order.pk}/change/", headers=ENGLISH)
    of_order = page.content.decode()
    page = client.get(f"/admin/campaigns/batch/{batch.pk}/change/", headers=ENGLISH)
    of_batch = page.content.decode()

    assert "2 March 2024 · 2 days late" in " ".join(of_order.split())
    assert "<td>29 February 2024</td>" in of_order
    assert "<td>8–12 March 2024</td>" in of_order
    assert "<td>0 of 1</td>" in of_batch
