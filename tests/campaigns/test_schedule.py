"""Announcing another window: what is refused, and what an announcement writes."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from campaigns import schedule
from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.errors import BatchNotReady
from campaigns.models import Batch, BatchEvent, ScheduleChange
from campaigns.schedule import NotAnnounceable, Reason, Window
from tests.factories import make_batch

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
JAKARTA = ZoneInfo("Asia/Jakarta")


def today():
    return database_now().astimezone(JAKARTA).date()


def say(batch, window, **options):
    given = {"reason": "The dye house is late.", "actor": SYSTEM} | options
    return schedule.announce(batch, window=window, **given)


def later(batch, days=14):
    return Window(batch.ships_from + days * DAY, batch.ships_until + days * DAY)


def everything():
    models = (Batch, BatchEvent, ScheduleChange)
    return [list(model.objects.order_by("pk").values()) for model in models]


def refusal_of(batch, window, **options):
    before = everything()
    with pytest.raises(NotAnnounceable) as refusal:
        say(batch, window, **options)
    assert everything() == before
    return refusal.value


def test_an_announcement_raises_the_version_with_the_window():
    batch = make_batch()
    old, new = (batch.ships_from, batch.ships_until), later(batch)

    change = say(batch, new, reason=" The dye\r\n house  is late. ")

    stored = Batch.objects.get()
    assert stored.schedule_version == batch.schedule_version == change.version == 2
    assert (stored.ships_from, stored.ships_until) == new
    assert (change.old_from, change.old_until) == old
    assert ScheduleChange.objects.get().reason == "The dye house is late."
    event = BatchEvent.objects.get()
    assert event.kind == "schedule"
    assert event.data == {
        "from": [day.isoformat() for day in old],
        "to": [day.isoformat() for day in new],
        "version": 2,
    }


def test_buyers_usually_have_a_week():
    batch = make_batch()

    change = say(batch, later(batch))

    assert abs(change.answer_by - database_now() - 7 * DAY) < timedelta(minutes=1)


def test_a_delay_is_answered_before_the_promised_window_ends():
    ends = today() + 4 * DAY
    batch = make_batch(stage="shipping", ships_from=today() - DAY, ships_until=ends)
    end = datetime.combine(ends, time(23, 59, 59), JAKARTA)

    refusal = refusal_of(batch, later(batch), answer_by=end + timedelta(seconds=1))
    change = say(batch, later(batch))

    assert (refusal.reason, refusal.limit) == (Reason.ANSWER_TOO_LATE, end)
    assert change.answer_by == end


def test_a_window_that_is_all_but_over_leaves_a_week_all_the_same():
    batch = make_batch(
        stage="shipping", ships_from=today() - 5 * DAY, ships_until=today()
    )

    change = say(batch, later(batch))

    assert change.answer_by > database_now() + 6 * DAY


@pytest.mark.parametrize(
    ("hours", "reason"),
    [
        (-1, Reason.ANSWER_TOO_SOON),
        (47, Reason.ANSWER_TOO_SOON),
        (61 * 24, Reason.ANSWER_TOO_LATE),
    ],
)
def test_an_hour_nobody_can_keep_is_refused(hours, reason):
    batch = make_batch()
    answer_by = database_now() + timedelta(hours=hours)

    assert refusal_of(batch, later(batch), answer_by=answer_by).reason == reason


@pytest.mark.parametrize("stage", ["draft", "completed", "canceled"])
def test_only_what_is_promised_and_not_over_is_announced(stage):
    batch = make_batch(stage=stage)

    assert refusal_of(batch, later(batch)).reason == Reason.STAGE


@pytest.mark.parametrize("stage", ["open", "closed", "production", "shipping"])
def test_each_stage_in_between_allows_it(stage):
    batch = make_batch(stage=stage)

    assert say(batch, later(batch)).version == 2


def windows():
    """From, until in days from the promised window's, and why not."""
    return [
        (0, 0, Reason.SAME),
        (3, -6, Reason.BACKWARDS),
        (-300, -300, Reason.PAST),
        (-300, 0, Reason.PAST),
        (4000, 4000, Reason.TOO_FAR),
        (-20, -20, Reason.BEFORE_PRODUCTION),
    ]


@pytest.mark.parametrize(("first", "last", "reason"), windows())
def test_a_window_that_cannot_be_is_refused(first, last, reason):
    batch = make_batch()
    window = Window(batch.ships_from + first * DAY, batch.ships_until + last * DAY)

    assert refusal_of(batch, window).reason == reason


def test_the_past_is_counted_on_the_sellers_calendar():
    batch = make_batch(stage="shipping")
    yesterday = today() - DAY

    refusal = refusal_of(batch, Window(yesterday, yesterday))

    assert (refusal.reason, refusal.limit) == (Reason.PAST, today())


def test_a_window_that_began_may_be_made_longer():
    batch = make_batch(
        stage="shipping", ships_from=today() - 3 * DAY, ships_until=today() + 2 * DAY
    )

    change = say(batch, Window(batch.ships_from, today() + 9 * DAY))

    assert change.new_from == today() - 3 * DAY


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("", Reason.NO_REASON),
        (" \r\n\t ", Reason.NO_REASON),
        ("x" * 1001, Reason.REASON_TOO_LONG),
        ("late\x00", Reason.REASON_UNREADABLE),
        ("late \u202egnihton", Reason.REASON_UNREADABLE),
        ("late \u2066now", Reason.REASON_UNREADABLE),
        ("late \x1b[31m", Reason.REASON_UNREADABLE),
        ("\u200b\u2060", Reason.REASON_UNREADABLE),
    ],
)
def test_a_reason_that_cannot_be_read_is_refused(reason, why):
    batch = make_batch()

    assert refusal_of(batch, later(batch), reason=reason).reason == why


def test_nobody_can_order_what_has_no_date():
    batch = make_batch()

    assert refusal_of(batch, None).reason == Reason.TAKES_ORDERS


def test_a_closed_batch_without_a_date_reopens_only_with_one():
    batch = make_batch(stage="closed")
    say(batch, None)

    with pytest.raises(BatchNotReady):
        batch.reopen(closes_at=database_now() + DAY, actor=SYSTEM)
    assert refusal_of(batch, None).reason == Reason.SAME
    say(batch, Window(today() + 60 * DAY, today() + 65 * DAY))
    batch.reopen(closes_at=database_now() + DAY, actor=SYSTEM)

    assert (batch.stage, batch.schedule_version) == ("open", 3)


def test_a_batch_that_may_extend_by_itself_keeps_its_date():
    batch = make_batch(stage="closed", minimum_units=5, minimum_rule="extend")

    assert refusal_of(batch, None).reason == Reason.MAY_REOPEN
