"""Words of the shop for templates: money, dates, language links."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from campaigns import dates, drawing, wording
from campaigns.models import Batch
from campaigns.money import format_money
from campaigns.web_addresses import in_language

register = template.Library()
register.simple_tag(drawing.drawn_once)


@register.filter
def money(amount: Decimal | int | None, currency: str) -> str:
    return "" if amount is None else format_money(Decimal(amount), currency)


@register.filter
def minimum_rule(batch: Batch) -> str:
    """What happens below the minimum; empty without one, or once it is decided."""
    return wording.minimum(batch) if batch.is_undecided else ""


@register.filter
def day(value: date | None) -> str:
    return "" if value is None else dates.day(value)


@register.filter
def day_short(value: date | None) -> str:
    return "" if value is None else dates.day_short(value)


@register.filter
def moment(value: datetime | None) -> str:
    return "" if value is None else dates.moment(value)


@register.filter
def moment_short(value: datetime | None) -> str:
    return "" if value is None else dates.moment_short(value)


@register.filter
def clock(value: datetime | None) -> str:
    return "" if value is None else dates.clock(value)


@register.filter
def clock_exact(value: datetime | None) -> str:
    return "" if value is None else dates.clock_exact(value)


@register.filter
def day_tag(value: date | None) -> str:
    return "" if value is None else _time_tag(value, dates.day(value))


@register.filter
def day_short_tag(value: date | None) -> str:
    return "" if value is None else _time_tag(value, dates.day_short(value))


@register.filter
def moment_tag(value: datetime | None) -> str:
    """`<time>` to which the script adds the reader's own clock, if it differs."""
    return "" if value is None else _clock_tag(value, dates.moment(value))


@register.filter
def moment_short_tag(value: datetime | None) -> str:
    return "" if value is None else _clock_tag(value, dates.moment_short(value))


@register.simple_tag
def window(first: date | None, last: date | None) -> str:
    return dates.window(first, last)


@register.simple_tag
def window_short(first: date | None, last: date | None) -> str:
    return dates.window_short(first, last)


@register.filter
def days_left(until: datetime | None, now: datetime | None = None) -> str:
    return "" if until is None else dates.days_left(until, now or timezone.now())


@register.simple_tag
def countdown(until: datetime, now: datetime | None = None) -> SafeString:
    """`7 days left`; under a day the script counts hours and minutes on our clock."""
    now = now or timezone.now()
    return format_html(
        '<time datetime="{}" data-countdown="{}" data-server-now="{}"'
        ' data-hours="{}" data-minutes="{}">{}</time>',
        dates.iso(until),
        int(until.timestamp()),
        int(now.timestamp()),
        gettext("{h} h {m} min left"),
        gettext("{m} min left"),
        dates.days_left(until, now),
    )


@register.filter
def digits(value: object) -> str:
    """What the copy button copies, and what wa.me wants: digits only."""
    return "".join(c for c in str(value or "") if c in "0123456789")


@register.filter
def grouped(value: object) -> str:
    """An account number in fours: `8808 1234 5678`."""
    number = str(value or "")
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))


@register.filter
def at_most(value: int, limit: int) -> int:
    return min(value, limit)


@register.filter
def share(part: float | None, whole: float | None) -> int:
    """Whole percent, rounded down, at most 100: where the meter's tick stands."""
    return min(100, int(100 * part / whole)) if part and whole else 0


@register.simple_tag(takes_context=True)
def language_url(context: dict[str, Any], language: str) -> str:
    """This very page, with its query, in another language."""
    request = context.get("request")
    if request is None:
        return f"/{language}/"
    return in_language(request.get_full_path(), language)


@register.simple_tag
def zones(value: datetime) -> list[str]:
    """One moment in Indonesia's three zones, for readers without script."""
    texts = []
    for name in ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"):
        with timezone.override(name):
            texts.append(dates.moment(value))
    return texts


def _time_tag(value: date, text: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', dates.iso(value), text)


def _clock_tag(value: datetime, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" data-clock="{}">{}</time>',
        dates.iso(value),
        get_language() or "",
        text,
    )
