"""Rows of equal spans, round scales, and a drawing without a decimal comma."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from orders.flow import EPOCH, Flow, Level
from orders.numbers.chart import MOST_ROWS, MOST_TICKS, history, round_ticks, ticks_of
from orders.numbers.chart_words import span_text, tick_text
from orders.numbers.drawing import drawn

pytestmark = pytest.mark.once

JAKARTA = ZoneInfo("Asia/Jakarta")
NEW_YORK = ZoneInfo("America/New_York")
# 14.05 in Jakarta.
NOON = datetime(2026, 11, 26, 7, 5, tzinfo=UTC)
TEN = [Level(EPOCH, 10)]


def past(*flows, levels=TEN, start=NOON, end=NOON, zone=JAKARTA):
    return history(flows, levels, start=start, end=end, zone=zone)


@pytest.mark.parametrize(
    ("span", "step"),
    [
        (timedelta(0), "quarter"),
        (timedelta(hours=14), "quarter"),
        (timedelta(hours=16), "hour"),
        (timedelta(hours=58), "hour"),
        (timedelta(days=3), "day"),
        (timedelta(days=58), "day"),
        (timedelta(days=70), "week"),
        (timedelta(weeks=58), "week"),
        (timedelta(weeks=70), "month"),
        (timedelta(days=365 * 8), "year"),
        (timedelta(days=365 * 90), "year"),
    ],
)
def test_spans_are_as_short_as_fit(span, step):
    found = past(Flow(NOON, 1, 0), end=NOON + span)

    assert found.step.name == step
    assert len(found.rows) <= MOST_ROWS or step == "year"
    assert len(ticks_of(found)) <= MOST_TICKS


def test_rows_follow_each_other_and_hold_all_of_the_time():
    found = past(start=NOON, end=NOON + timedelta(days=40))

    assert all(first.end == second.start for first, second in pairwise(found.rows))
    assert found.rows[0].start <= NOON
    assert found.rows[-1].end > found.end


def test_days_begin_at_midnight_of_the_zone():
    late = datetime(2026, 11, 26, 16, 45, tzinfo=UTC)

    found = past(
        Flow(late, 2, 0),
        Flow(late + timedelta(minutes=15), 3, 0),
        start=late - timedelta(days=10),
        end=late + timedelta(days=1),
    )

    counted = {row.start.date().isoformat(): row.came for row in found.rows if row.came}
    assert counted == {"2026-11-26": 2, "2026-11-27": 3}


def test_taken_adds_up_what_came_and_went():
    hour = timedelta(hours=1)

    found = past(
        Flow(NOON + hour, 5, 0),
        Flow(NOON + 3 * hour, 1, 4),
        Flow(NOON + 5 * hour, 0, 1),
        end=NOON + 20 * hour,
    )

    moved = [(r.came, r.went, r.taken) for r in found.rows if r.came or r.went]
    assert moved == [(5, 0, 5), (1, 4, 2), (0, 1, 1)]
    assert found.rows[-1].taken == 1
    assert found.highest == 5


def test_units_outside_the_time_asked_for_stretch_it():
    early, late = NOON - timedelta(days=3), NOON + timedelta(days=3)

    found = past(Flow(late, 1, 0), Flow(early, 1, 0))

    assert found.start <= early
    assert found.end >= late
    assert found.rows[-1].taken == 2


def test_capacity_of_a_row_is_that_of_its_end():
    raised = [
        Level(EPOCH, 10),
        Level(NOON + timedelta(days=4), 20),
        Level(NOON + timedelta(days=8), 25),
    ]

    found = past(levels=raised, end=NOON + timedelta(days=12))

    capacities = [row.capacity for row in found.rows]
    assert capacities == [10] * 4 + [20] * 4 + [25] * 5
    assert [level.units for level in found.levels_shown] == [10, 20, 25]


def test_clocks_that_change_lose_no_unit():
    before = datetime(2026, 10, 31, 12, tzinfo=UTC)
    hours = [Flow(before + timedelta(hours=n), 1, 0) for n in range(40)]

    found = past(*hours, start=before, end=before + timedelta(hours=40), zone=NEW_YORK)

    assert found.step.name == "hour"
    assert [row.came for row in found.rows] == [1] * 40 + [0]


@pytest.mark.parametrize(
    ("top", "ticks"),
    [
        (0, [0]),
        (1, [0, 1]),
        (4, [0, 1, 2, 3, 4]),
        (23, [0, 5, 10, 15, 20]),
        (667, [0, 200, 400, 600]),
        (161_000, [0, 50_000, 100_000, 150_000]),
    ],
)
def test_scale_is_marked_at_round_numbers(top, ticks):
    assert round_ticks(top) == ticks


def test_one_moment_is_drawn_from_nothing_to_all():
    found = past(Flow(NOON, 5, 0))

    drawing = drawn(found, minimum=None, time_text=str)

    assert drawing.line == "M0.0,1000.0L1000.0,565.2"
    assert drawing.area == "M0.0,1000.0L1000.0,565.2V1000H0Z"
    assert drawing.capacity == "M0.0,130.4L1000.0,130.4"
    assert drawing.minimum == ""


def test_raised_capacity_is_a_stair():
    levels = [Level(EPOCH, 10), Level(NOON + timedelta(days=5), 20)]

    drawing = drawn(
        past(levels=levels, start=NOON, end=NOON + timedelta(days=10)),
        minimum=20,
        time_text=str,
    )

    heights = [point.split(",")[1] for point in drawing.capacity[1:].split("L")]
    assert heights == ["565.2", "565.2", "130.4", "130.4"]
    assert drawing.minimum == "130.4"
    assert drawing.minimum_is_below


def test_words_stay_inside_the_picture():
    found = past(end=NOON + timedelta(days=3))

    ticks = drawn(found, minimum=None, time_text=str).times

    assert [tick.anchor for tick in ticks] == ["start", *["middle"] * 3]
    assert ticks[0].place == "0.0%"


@pytest.mark.parametrize("language", ["id", "en"])
def test_numbers_of_the_picture_have_no_decimal_comma(language):
    with translation.override(language):
        drawing = drawn(past(Flow(NOON, 3, 0)), minimum=2, time_text=str)

    assert ",0," not in drawing.line
    assert all("," not in number for number in drawing.grid)


def words(span):
    found = past(start=NOON, end=NOON + span)
    name, row = found.step.name, found.rows[1]
    return span_text(name, row), tick_text(name, row.start)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(hours=2), ("26 Nov 2026 14.15–14.30", "14.15")),
        (timedelta(hours=30), ("26 Nov 2026 15.00–16.00", "15.00")),
        (timedelta(days=9), ("27 Nov 2026", "27 Nov")),
        (timedelta(days=99), ("30 Nov – 6 Des 2026", "30 Nov")),
        (timedelta(days=600), ("Desember 2026", "Des 2026")),
        (timedelta(days=4000), ("2027", "2027")),
    ],
)
def test_spans_are_named_in_the_language_and_zone_of_the_reader(span, expected):
    with translation.override("id"), timezone.override(JAKARTA):
        assert words(span) == expected


def test_midnight_is_named_by_its_day():
    with translation.override("en"), timezone.override(JAKARTA):
        assert tick_text("hour", datetime(2026, 11, 26, tzinfo=JAKARTA)) == "26 Nov"
