"""How a demo campaign is written down, and how it gets into the database."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Max, Q
from PIL import Image

from campaigns.actors import SYSTEM
from campaigns.clock import Clock, database_now
from campaigns.models import Batch, Campaign, Picture, Seller
from config.demo.asking import ask

OPENING = time(9)
CLOSING = time(21)
EXTENSION_DAYS = 3


@dataclass(frozen=True)
class Choice:
    """One variant; `units` is its allotment in each batch, in the batches' order."""

    sku: str
    options: dict[str, str]
    price: int
    cost: int
    weight: int
    units: tuple[int, ...]

    def create(self, campaign: Campaign, position: int) -> None:
        campaign.variants.create(
            sku=self.sku,
            options=self.options,
            price=Decimal(self.price),
            production_cost=Decimal(self.cost),
            weight_grams=self.weight,
            position=position,
        )


@dataclass(frozen=True)
class Schedule:
    """Days from today, at the seller's place."""

    opens: int
    closes: int
    production: tuple[int, int]
    ships: tuple[int, int]
    capacity: int
    minimum: int | None = None
    below: Batch.MinimumRule = Batch.MinimumRule.CANCEL

    def columns(self, zone: ZoneInfo) -> dict[str, Any]:
        today = database_now().astimezone(zone).date()

        def day(offset: int) -> date:
            return today + timedelta(days=offset)

        return {
            "opens_at": datetime.combine(day(self.opens), OPENING, zone),
            "closes_at": datetime.combine(day(self.closes), CLOSING, zone),
            "production_starts_on": day(self.production[0]),
            "production_ends_on": day(self.production[1]),
            "ships_from": day(self.ships[0]),
            "ships_until": day(self.ships[1]),
            "capacity": self.capacity,
            "minimum_units": self.minimum,
            "minimum_rule": self.below,
            "extension_days": EXTENSION_DAYS,
        }


@dataclass(frozen=True)
class Shot:
    draw: Callable[[], Image.Image]
    alt: str
    kind: Picture.Kind = Picture.Kind.SAMPLE

    def file(self) -> ContentFile[bytes]:
        drawn = io.BytesIO()
        self.draw().save(drawn, "PNG", compress_level=1)
        return ContentFile(drawn.getvalue(), name="demo.png")


@dataclass(frozen=True)
class Offer:
    seller: str
    slug: str
    columns: dict[str, Any]
    choices: tuple[Choice, ...]
    schedules: tuple[Schedule, ...]
    shots: tuple[Shot, ...]
    # What was asked, each with its answer if it has one.
    asked: tuple[tuple[str, ...], ...] = ()

    def create_missing(self, seller: Seller) -> list[str]:
        """The campaign, and open batches if it has none that still has time."""
        if Campaign.objects.filter(slug=self.slug).exists():
            return self._renew(seller)
        files = [shot.file() for shot in self.shots]
        with transaction.atomic():
            _wait_for_turn(seller)
            if Campaign.objects.filter(slug=self.slug).exists():
                return []
            campaign = self._create_campaign(seller, files)
            self._open_batches(campaign)
            campaign.publish()
            self.live_through(campaign)
            for words in self.asked:
                ask(campaign, *words)
        return [f"campaign {self.slug}"]

    def live_through(self, campaign: Campaign) -> None:
        """What happened since; nothing for a campaign that is new."""

    @transaction.atomic
    def _renew(self, seller: Seller) -> list[str]:
        _wait_for_turn(seller)
        campaign = Campaign.objects.get(slug=self.slug)
        if not campaign.is_public or _has_a_future(campaign):
            return []
        self._open_batches(campaign)
        return [f"new batches of {self.slug}"]

    def _create_campaign(
        self, seller: Seller, files: Sequence[ContentFile[bytes]]
    ) -> Campaign:
        campaign = Campaign(seller=seller, slug=self.slug, **self.columns)
        campaign.full_clean()
        campaign.save()
        for position, choice in enumerate(self.choices):
            choice.create(campaign, position)
        for position, (shot, file) in enumerate(zip(self.shots, files, strict=True)):
            Picture(
                campaign=campaign,
                alt=shot.alt,
                kind=shot.kind,
                position=position,
                file=file,
            ).save()
        return campaign

    def _open_batches(self, campaign: Campaign) -> None:
        zone = ZoneInfo(campaign.seller.time_zone)
        last = campaign.batches.aggregate(last=Max("number"))["last"] or 0
        for index, schedule in enumerate(self.schedules):
            batch = Batch.objects.create(
                campaign=campaign, number=last + index + 1, **schedule.columns(zone)
            )
            units = {choice.sku: choice.units[index] for choice in self.choices}
            for variant in campaign.variants.filter(sku__in=units):
                batch.allotments.create(variant=variant, capacity=units[variant.sku])
            batch.open(actor=SYSTEM)


def _wait_for_turn(seller: Seller) -> None:
    """Two seedings at once create things once."""
    Seller.objects.select_for_update(no_key=True).get(pk=seller.pk)


def _has_a_future(campaign: Campaign) -> bool:
    """Whether a batch is planned, opens later or still takes orders."""
    planned = Q(stage=Batch.Stage.DRAFT)
    running = Q(stage=Batch.Stage.OPEN, closes_at__gt=Clock())
    return campaign.batches.filter(planned | running).exists()
