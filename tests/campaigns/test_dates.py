from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override

from campaigns import dates
from campaigns.templatetags import shop

pytestmark = pytest.mark.once

CLOSING = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _jakarta() -> Iterator[None]:
    with timezone.override("Asia/Jakarta"):
        yield


@pytest.mark.parametrize(
    ("language", "long", "short"),
    [
        ("id", "Senin, 30 November 2026 pukul 21.00 WIB", "30 Nov 2026 21.00 WIB"),
        ("en", "Monday, 30 November 2026 at 21:00 WIB", "30 Nov 2026 21:00 WIB"),
    ],
)
def test_a_moment_names_weekday_day_clock_and_zone(
    language: str, long: str, short: str
) -> None:
    with override(language):
        assert dates.moment(CLOSING) == shop.moment(CLOSING) == long
        assert dates.moment_short(CLOSING) == shop.moment_short(CLOSING) == short


@pytest.mark.parametrize(
    ("language", "month", "long", "short"),
    [
        ("id", 5, "9 Mei 2027", "9 Mei 2027"),
        ("id", 8, "9 Agustus 2027", "9 Agu 2027"),
        ("id", 12, "9 Desember 2027", "9 Des 2027"),
        ("en", 5, "9 May 2027", "9 May 2027"),
        ("en", 8, "9 August 2027", "9 Aug 2027"),
        ("en", 12, "9 December 2027", "9 Dec 2027"),
    ],
)
def test_a_day_has_no_leading_zero_and_no_dot(
    language: str, month: int, long: str, short: str
) -> None:
    with override(language):
        assert dates.day(date(2027, month, 9)) == long
        assert dates.day_short(date(2027, month, 9)) == short


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Asia/Jakarta", "21.00 WIB"),
        ("Asia/Pontianak", "21.00 WIB"),
        ("Asia/Makassar", "22.00 WITA"),
        ("Asia/Jayapura", "23.00 WIT"),
        ("Asia/Singapore", "22.00 UTC+8"),
        ("Asia/Kolkata", "19.30 UTC+5:30"),
        ("America/St_Johns", "10.30 UTC-3:30"),
        ("America/New_York", "09.00 UTC-5"),
        ("UTC", "14.00 UTC"),
    ],
)
def test_the_clock_is_told_in_the_active_zone(zone: str, text: str) -> None:
    with override("id"), timezone.override(zone):
        assert dates.clock(CLOSING) == text


def test_the_day_of_a_moment_is_the_day_in_the_active_zone() -> None:
    late = datetime(2026, 11, 30, 17, 30, tzinfo=UTC)
    with override("id"):
        assert dates.day(late) == "1 Desember 2026"
        assert dates.moment(late) == "Selasa, 1 Desember 2026 pukul 00.30 WIB"


@pytest.mark.parametrize(
    ("first", "last", "long", "short"),
    [
        ((2027, 1, 4), (2027, 1, 4), "4 Januari 2027", "4 Jan 2027"),
        ((2027, 1, 4), (2027, 1, 8), "4–8 Januari 2027", "4–8 Jan 2027"),
        (
            (2027, 1, 28),
            (2027, 2, 4),
            "28 Januari – 4 Februari 2027",
            "28 Jan – 4 Feb 2027",
        ),
        (
            (2026, 12, 28),
            (2027, 1, 4),
            "28 Desember 2026 – 4 Januari 2027",
            "28 Des 2026 – 4 Jan 2027",
        ),
    ],
)
def test_a_window_says_each_part_once(
    first: tuple[int, int, int], last: tuple[int, int, int], long: str, short: str
) -> None:
    with override("id"):
        assert dates.window(date(*first), date(*last)) == long
        assert dates.window_short(date(*first), date(*last)) == short


def test_a_window_in_english() -> None:
    with override("en"):
        assert dates.window(date(2027, 1, 4), date(2027, 1, 8)) == "4–8 January 2027"


def test_a_window_with_an_open_side_is_unknown() -> None:
    with override("en"):
        assert dates.window(date(2027, 1, 4), None) == "not known yet"
        assert dates.window_short(None, None) == "not known yet"


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (timedelta(days=7, hours=23), "7 days left"),
        (timedelta(days=1), "1 day left"),
        (timedelta(hours=23, minutes=59), "23 hours left"),
        (timedelta(hours=1), "1 hour left"),
        (timedelta(minutes=59, seconds=59), "59 minutes left"),
        (timedelta(minutes=1), "1 minute left"),
        (timedelta(seconds=30), "any moment now"),
        (timedelta(0), "deadline passed"),
        (timedelta(days=-2), "deadline passed"),
    ],
)
def test_what_is_left_is_never_rounded_up(left: timedelta, text: str) -> None:
    with override("en"):
        assert dates.days_left(CLOSING, CLOSING - left) == text


def test_time_tags_carry_the_offset() -> None:
    with override("id"):
        assert shop.moment_short_tag(CLOSING) == (
            '<time datetime="2026-11-30T21:00:00+07:00" data-clock="id">'
            "30 Nov 2026 21.00 WIB</time>"
        )
        assert shop.day_tag(date(2027, 1, 4)) == (
            '<time datetime="2027-01-04">4 Januari 2027</time>'
        )


def test_the_countdown_carries_the_clock_of_the_server() -> None:
    with override("en"):
        tag = shop.countdown(CLOSING, CLOSING - timedelta(hours=5))

    assert 'data-countdown="1796047200"' in tag
    assert 'data-server-now="1796029200"' in tag
    assert tag.endswith(">5 hours left</time>")


def test_one_moment_in_the_three_zones() -> None:
    with override("id"):
        assert [text[-10:] for text in shop.zones(CLOSING)] == [
            " 21.00 WIB",
            "22.00 WITA",
            " 23.00 WIT",
        ]


@pytest.mark.parametrize("filter_name", ["day", "moment", "day_tag", "moment_tag"])
def test_no_date_is_no_text(filter_name: str) -> None:
    assert getattr(shop, filter_name)(None) == ""


def test_digits_and_groups() -> None:
    assert shop.digits("+62 812-3456-7890") == "6281234567890"
    assert shop.grouped("880812345678") == "8808 1234 5678"


def test_a_share_is_rounded_down_and_capped() -> None:
    assert shop.share(119, 200) == 59
    assert shop.share(250, 200) == 100
    assert shop.share(5, 0) == 0
