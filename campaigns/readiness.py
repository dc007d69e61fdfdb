"""What a campaign needs before buyers may see it, and what of that is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.errors import Gap

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from campaigns.models import Batch, Campaign

GAPS: dict[Gap, StrOrPromise] = {
    Gap.OPENING: _("Say when it opens."),
    Gap.CLOSING: _("Say when it closes."),
    Gap.CLOSING_PASSED: _("The closing time has passed; choose a later one."),
    Gap.CLOSING_AHEAD: _("Choose a closing time in the future."),
    Gap.WINDOW: _("Say from when until when it ships."),
    Gap.ORDER_OF_DATES: _("Put the dates in order: close, production, shipping."),
    Gap.MINIMUM_ABOVE_CAPACITY: _("The minimum is above the capacity."),
    Gap.ROOM_TO_EXTEND: _(
        "Leave room for the extension: closing that many days later, it must still"
        " close before production starts."
    ),
    Gap.NOTICE: _("Choose a moment at least 48 hours from now."),
}
# A batch from which buyers can still order, now or soon.
SELLABLE = ("draft", "open")


@dataclass(frozen=True)
class Check:
    """`text` asks for what is to be done."""

    is_done: bool
    text: str | Promise


def in_words(gaps: Iterable[Gap]) -> list[str]:
    return [str(GAPS[gap]) for gap in gaps]


def checklist(campaign: Campaign, now: datetime) -> list[Check]:
    return [
        *_page(campaign),
        *_goods(campaign, now),
        *_plan(campaign),
        *_shop(campaign),
    ]


def _page(campaign: Campaign) -> list[Check]:
    pictures = campaign.pictures.all()
    is_described = all(picture.alt.strip() for picture in pictures)
    return [
        Check(bool(pictures), _("Add a picture.")),
        Check(
            bool(pictures) and is_described,
            _("Describe every picture in words."),
        ),
        Check(bool(campaign.materials.strip()), _("Say what it is made of.")),
    ]


def _goods(campaign: Campaign, now: datetime) -> list[Check]:
    """Of the batches, the one that lacks least speaks for all."""
    has_variant = campaign.variants.filter(active=True).exists()
    lists = [_batch(batch, now) for batch in _sold(campaign)] or [_batch(None, now)]
    nearest = max(lists, key=lambda checks: sum(check.is_done for check in checks))
    return [Check(has_variant, _("Add a variant.")), *nearest]


def _sold(campaign: Campaign) -> Iterable[Batch]:
    return campaign.batches.filter(stage__in=SELLABLE)


def _batch(batch: Batch | None, now: datetime) -> list[Check]:
    closes_at = batch and batch.closes_at
    return [
        Check(batch is not None, _("Add a batch with its dates.")),
        Check(
            bool(closes_at and closes_at > now),
            _("A batch has to close at a time in the future."),
        ),
        Check(
            batch is not None and _is_dated(batch),
            _(
                "A batch has to say when it opens, closes, is made and ships, in this"
                " order."
            ),
        ),
        Check(
            batch is not None and batch.capacity > 0,
            _("A batch needs a capacity above zero."),
        ),
    ]


def _is_dated(batch: Batch) -> bool:
    moments = (batch.opens_at, batch.closes_at)
    window = (batch.ships_from, batch.ships_until)
    return all((*moments, *window)) and batch.is_in_order(batch.closes_at)


def _plan(campaign: Campaign) -> list[Check]:
    """Of a deposit plan: nobody pays a deposit without reading when the rest is due."""
    if campaign.plan != "deposit":
        return []
    days, day = campaign.balance_due_days, campaign.balance_due_on
    has_one = (days is None) != (day is None)
    checks = [
        Check(
            bool(campaign.deposit_percent) and has_one,
            _("Say how much the deposit is, and by one rule when the balance is due."),
        )
    ]
    if day is not None:
        zone = ZoneInfo(campaign.seller.time_zone)
        moments = (batch.closes_at for batch in _sold(campaign))
        is_later = all(end.astimezone(zone).date() < day for end in moments if end)
        checks.append(
            Check(is_later, _("The balance has to be due after the batches close."))
        )
    return checks


def _shop(campaign: Campaign) -> list[Check]:
    seller = campaign.seller
    return [
        Check(
            seller.shipping_options.offered(campaign.currency).exists(),
            _("The seller needs a shipping option in this currency."),
        ),
        Check(
            bool(seller.refund_rule.strip()),
            _("The seller needs a refund rule."),
        ),
    ]
