"""What buyers will read about the dates of a batch, in both languages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone, translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from campaigns import dates, wording
from campaigns.models import Batch
from campaigns.phases import Phase


@dataclass(frozen=True)
class Told:
    language: str
    name: str
    sentences: list[str]


def told(batch: Batch) -> list[Told]:
    """From the saved row, in the seller's zone, as if it were on sale."""
    return [
        _told_in(language, str(name), batch) for language, name in settings.LANGUAGES
    ]


def as_html(batch: Batch) -> SafeString:
    return format_html_join("", "{}", ((_block(each),) for each in told(batch)))


def _told_in(language: str, name: str, batch: Batch) -> Told:
    zone = batch.campaign.seller.time_zone
    with translation.override(language), timezone.override(zone):
        return Told(language, name, list(_sentences(batch)))


def _sentences(batch: Batch) -> Iterator[str]:
    yield wording.badge(Phase.OPEN, batch).text
    yield _("Opens %(moment)s") % {"moment": _moment(batch.opens_at)}
    yield _("Closes %(moment)s") % {"moment": _moment(batch.closes_at)}
    made = dates.window(batch.production_starts_on, batch.production_ends_on)
    yield f"{_('Production')}: {made}"
    if batch.addresses_lock_at:
        yield f"{_('Addresses lock')}: {_moment(batch.addresses_lock_at)}"
    ships = dates.window(batch.ships_from, batch.ships_until)
    yield f"{_('Shipping')}: {_('%(window)s (estimated)') % {'window': ships}}"
    if minimum := wording.minimum(batch):
        yield minimum


def _moment(value: datetime | None) -> str:
    return dates.moment(value) if value else _("not known yet")


def _block(each: Told) -> SafeString:
    rows = format_html_join("", "<li>{}</li>", ((text,) for text in each.sentences))
    return format_html(
        '<div class="told" lang="{}"><strong>{}</strong><ul>{}</ul></div>',
        each.language,
        each.name,
        rows,
    )
