"""What was noted of an order, in the words of its reader."""

import pytest
from django.utils import timezone, translation

from orders import history
from orders.models import OrderEvent


def details(data, language="en", zone="Asia/Jakarta", kind="moved"):
    event = OrderEvent(kind=kind, actor="buyer", data=data)
    with translation.override(language), timezone.override(zone):
        return history.told(event).details


MOVED = {
    "from": 7,
    "to": 8,
    "decision": 9,
    "batch": {"from": 1, "to": 2},
    "window": {"from": "2026-12-01/2026-12-10", "to": "2026-12-28/2027-01-04"},
}


def test_a_move_tells_its_windows_as_its_reader_writes_them():
    assert details(MOVED) == (
        "batch: 1 → 2, ships: 1–10 Dec 2026 → 28 Dec 2026 – 4 Jan 2027"
    )
    assert details(MOVED, language="id") == (
        "kloter: 1 → 2, dikirim: 1–10 Des 2026 → 28 Des 2026 – 4 Jan 2027"
    )


def test_a_window_that_is_not_known_is_a_dash():
    window = {"from": "2026-12-01/2026-12-10", "to": ""}

    told = details({"window": window, "version": 2}, kind="schedule_changed")

    assert told == "ships: 1–10 Dec 2026 → –"


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Asia/Jakarta", "pay before: 30 Nov 2026 06:30 WIB → 1 Dec 2026 07:00 WIB"),
        ("Asia/Jayapura", "pay before: 30 Nov 2026 08:30 WIT → 1 Dec 2026 09:00 WIT"),
    ],
)
def test_moments_are_of_the_readers_zone(zone, told):
    change = {"from": "2026-11-29T23:30:00Z", "to": "2026-12-01T00:00:00+00:00"}

    assert details({"pay_before": change}, zone=zone, kind="hold_extended") == told


@pytest.mark.parametrize(
    ("noted", "told"),
    [
        ({"pay_until": "2026-12-05"}, "pay until: 5 Dec 2026"),
        ({"reason": "2026-12-99"}, "reason: 2026-12-99"),
        ({"reason": "2026-12-01/soon"}, "reason: 2026-12-01/soon"),
        ({"reason": "a/b <b>"}, "reason: a/b <b>"),
        ({"units": 3}, "units: 3"),
        ({"answer": ""}, "answer: –"),
    ],
)
def test_other_words_stay_as_they_were_noted(noted, told):
    assert details(noted) == told
