"""Times as people enter them; one that clocks skip or repeat is refused."""

from datetime import date, datetime, tzinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from campaigns import dates

# What `from_current_timezone` answers for both.
UNCLEAR = "ambiguous_timezone"
# Outside them a day is a typing error. In the first and last year there is, a moment of
# one zone may be none in another, and no day follows the last.
FIRST_YEAR, LAST_YEAR = 2000, 2999


def check_year(entered: date) -> None:
    if not FIRST_YEAR <= entered.year <= LAST_YEAR:
        words = _("Choose a year from %(first)s to %(last)s.")
        years = {"first": FIRST_YEAR, "last": LAST_YEAR}
        raise ValidationError(words, params=years)


class DayField(forms.DateField):
    default_validators = [check_year]


class MomentField(forms.DateTimeField):
    default_validators = [check_year]

    def to_python(self, value: Any) -> datetime | None:
        try:
            return super().to_python(value)
        except ValidationError as refusal:
            raise _explained(refusal) from refusal


class SplitMomentField(forms.SplitDateTimeField):
    """Two inputs that share one label: each is named for who hears the page."""

    default_validators = [check_year]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day, hour = self.widget.widgets
        day.attrs["aria-label"] = format_lazy("{}: {}", self.label, _lazy("Date"))
        hour.attrs["aria-label"] = format_lazy("{}: {}", self.label, _lazy("Time"))

    def compress(self, data_list: Any) -> datetime | None:
        try:
            moment: datetime | None = super().compress(data_list)
        except ValidationError as refusal:
            raise _explained(refusal) from refusal
        return moment


def help_text() -> str:
    """Names the zone, and where its clocks change, what follows from that."""
    now = timezone.now()
    text = _("Time in %(zone)s.") % {"zone": dates.zone_name(now)}
    if not _changes_clocks(now.year, timezone.get_current_timezone()):
        return text
    hint = _("A time that clocks skip or repeat when they change is not accepted.")
    return f"{text} {hint}"


def _explained(refusal: ValidationError) -> ValidationError:
    if getattr(refusal, "code", None) != UNCLEAR or not refusal.params:
        return refusal
    entered = refusal.params["datetime"]
    zone = timezone.get_current_timezone()
    return ValidationError(
        _skipped() if _is_skipped(entered, zone) else _repeated(),
        code=UNCLEAR,
        params={"time": f"{entered:%H:%M}", "day": dates.day(entered.date())}
        | {"zone": timezone.get_current_timezone_name()},
    )


def _skipped() -> str:
    return _(
        "On %(day)s there is no %(time)s in %(zone)s: the clocks go forward then."
        " Choose an earlier or a later time."
    )


def _repeated() -> str:
    return _(
        "On %(day)s it is %(time)s twice in %(zone)s: the clocks go back then."
        " Choose an earlier or a later time."
    )


def _is_skipped(entered: datetime, zone: tzinfo) -> bool:
    first, second = (
        entered.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)
    )
    return first is not None and second is not None and first < second


def _changes_clocks(year: int, zone: tzinfo) -> bool:
    offsets = {datetime(year, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)}
    return len(offsets) > 1
