"""Dates that Django writes by itself, in the admin."""

from datetime import datetime, time

import pytest
from django.utils import formats, translation

WRITTEN = {
    "id": ("30 Nov 2026", "30 Nov 2026 21.05", "21.05"),
    "en": ("30 Nov 2026", "30 Nov 2026 21:05", "21:05"),
}


@pytest.mark.parametrize("language", WRITTEN)
def test_months_have_no_dot_and_hours_are_24(language):
    moment = datetime(2026, 11, 30, 21, 5)  # noqa: DTZ001  only its words matter

    with translation.override(language):
        written = (
            formats.date_format(moment, "DATE_FORMAT"),
            formats.date_format(moment, "DATETIME_FORMAT"),
            formats.time_format(time(21, 5)),
        )

    assert written == WRITTEN[language]
