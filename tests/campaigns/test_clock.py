"""The database's clock, written, compared and read."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F

from campaigns.actors import SYSTEM
from campaigns.clock import Clock, database_now
from campaigns.models import Batch, BatchEvent, Seller
from tests.factories import make_batch, make_seller

pytestmark = pytest.mark.django_db

MILLISECOND = timedelta(milliseconds=1)


def test_it_is_utc_and_does_not_run_backwards():
    first, second = database_now(), database_now()

    assert first.tzinfo is not None
    assert first.utcoffset() == timedelta(0)
    assert first <= second
    assert abs(datetime.now(UTC) - first) < timedelta(seconds=30)


def test_an_insert_takes_the_databases_time():
    before = database_now()

    make_seller()

    created = Seller.objects.get().created_at
    assert before - MILLISECOND <= created <= database_now()


def test_an_update_takes_the_databases_time():
    batch = make_batch()
    before = database_now()

    batch.close(actor=SYSTEM)

    closed_at = Batch.objects.get().closed_at
    assert before - MILLISECOND <= closed_at <= database_now()
    assert batch.closed_at == closed_at


def test_a_query_reads_it_as_a_moment():
    before = database_now()
    make_batch()

    clock = Batch.objects.with_clock().get().clock

    assert before - MILLISECOND <= clock <= database_now()


@pytest.mark.parametrize(
    ("distance", "is_past"),
    [
        (timedelta(seconds=-1), True),
        (-5 * MILLISECOND, True),
        (timedelta(seconds=30), False),
        (timedelta(days=365 * 200), False),
        (timedelta(days=-365 * 200), True),
    ],
)
def test_it_is_compared_with_what_python_wrote(distance, is_past):
    make_batch(stage="draft")
    Batch.objects.update(opens_at=None, closes_at=database_now() + distance)

    assert Batch.objects.filter(closes_at__lte=Clock()).exists() is is_past
    assert Batch.objects.filter(closes_at__gt=Clock()).exists() is not is_past


def test_what_it_wrote_is_compared_with_what_python_wrote():
    make_batch(stage="draft", opens_at=None)
    Batch.objects.update(closed_at=Clock())
    closed_at = Batch.objects.get().closed_at

    for python, later in [(closed_at - MILLISECOND, True), (closed_at, False)]:
        Batch.objects.update(closes_at=python)
        after = Batch.objects.filter(closed_at__gt=F("closes_at"))
        assert after.exists() is later


def test_whole_seconds_and_fractions_sort_in_the_order_of_time():
    second = datetime(2026, 12, 1, 14, 0, tzinfo=UTC)
    moments = [second, second + timedelta(microseconds=1), second + MILLISECOND]
    moments.append(second + timedelta(seconds=1))
    for moment in reversed(moments):
        make_batch(closes_at=moment)

    stored = Batch.objects.order_by("closes_at").values_list("closes_at", flat=True)

    assert list(stored) == moments


def test_history_sorts_as_it_happened():
    batch = make_batch()
    batch.close(actor=SYSTEM)
    batch.reopen(closes_at=database_now() + timedelta(days=1), actor=SYSTEM)
    batch.close(actor=SYSTEM)

    by_time = BatchEvent.objects.order_by("at", "pk").values_list("kind", flat=True)

    assert list(by_time) == ["closed", "open", "closed"]
