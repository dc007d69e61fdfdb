"""What a campaign's page shows: where it stands, what can be had, when it arrives."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Self

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaigns import balance_wording, room, room_wording, wording
from campaigns.batch_timeline import steps
from campaigns.choices import Choice, Group, choose_from, grouped, option_names
from campaigns.clock import Clock
from campaigns.gallery import Image
from campaigns.models import Batch, Campaign, Seller, ShippingOption
from campaigns.phases import Phase, Standing, headline, next_change, standing
from campaigns.room import Room
from campaigns.timeline import Step

# Checkout has its own limits; this one keeps a slip of the finger from being sent.
MOST_UNITS = 99


@dataclass(frozen=True, kw_only=True)
class BatchRow:
    """A batch in the table, and among the radios while it can be chosen."""

    batch: Batch
    phase: Phase
    room: Room

    @property
    def left(self) -> int:
        return self.room.left

    @property
    def is_counted(self) -> bool:
        return self.phase.is_on_sale or self.phase is Phase.FULL

    @property
    def field_id(self) -> str:
        return f"batch-{self.batch.number}"

    @property
    def window(self) -> str:
        return wording.window(self.batch)

    @property
    def status(self) -> str:
        if self.phase is Phase.SCHEDULED:
            return wording.opening(self.batch)
        return wording.status(self.phase)


@dataclass(frozen=True, kw_only=True)
class Offer:
    now: datetime
    campaign: Campaign
    images: list[Image]
    main: Standing
    rows: list[BatchRow]
    choices: list[Choice]
    couriers: list[ShippingOption]
    batches_finished: int

    @classmethod
    def load(cls, slug: str) -> Self:
        """Seven queries, one more where a date moved.

        Raises Campaign.DoesNotExist unless the page is public.
        """
        campaign = _with_clock(Campaign.objects.public()).get(slug=slug)
        return cls.of(campaign, campaign.batches.public())

    @classmethod
    def preview(cls, pk: int) -> Self:
        """As it would be with every draft open; its rows are to read, never to save."""
        campaign = _with_clock(Campaign.objects.all()).get(pk=pk)
        return cls.of(campaign, map(as_if_open, campaign.batches.all()))

    @classmethod
    def of(cls, campaign: Campaign, batches: Iterable[Batch]) -> Self:
        now: datetime = vars(campaign)["clock"]
        rows = _batch_rows(batches, now)
        return cls(
            now=now,
            campaign=campaign,
            images=[Image.of(picture) for picture in campaign.pictures.all()],
            main=headline([Standing(r.phase, r.batch, r.left) for r in rows]),
            rows=rows,
            choices=_choices(campaign, rows),
            couriers=list(campaign.seller.shipping_options.offered(campaign.currency)),
            batches_finished=Batch.objects.filter(
                campaign__seller=campaign.seller, stage=Batch.Stage.COMPLETED
            ).count(),
        )

    @property
    def seller(self) -> Seller:
        return self.campaign.seller

    @property
    def phase(self) -> Phase:
        return self.main.phase

    @property
    def batch(self) -> Batch | None:
        return self.main.batch

    @property
    def row(self) -> BatchRow | None:
        """Of the batch the page speaks about."""
        return next((row for row in self.rows if row.batch == self.batch), None)

    @property
    def left(self) -> int:
        return self.main.left

    @property
    def limit(self) -> str:
        """Why less is left than the batch can make, where the units do not say it."""
        return room_wording.limit(self.row.room.cap) if self.row and self.left else ""

    @property
    def badge(self) -> wording.Badge:
        return wording.badge(self.phase, self.batch)

    @property
    def window(self) -> str:
        return wording.window(self.batch) if self.batch else ""

    @property
    def on_sale(self) -> list[BatchRow]:
        return [row for row in self.rows if row.phase.is_on_sale]

    @property
    def waiting_lists(self) -> list[BatchRow]:
        """The batches for which somebody may wait."""
        return [row for row in self.rows if row.is_counted and row.room.gone]

    @property
    def next_opening(self) -> Batch | None:
        scheduled = (r.batch for r in self.rows if r.phase is Phase.SCHEDULED)
        return next(scheduled, None)

    @property
    def lowest_price(self) -> Decimal | None:
        return min((choice.price for choice in self.choices), default=None)

    @property
    def highest_price(self) -> Decimal | None:
        return max((choice.price for choice in self.choices), default=None)

    @property
    def groups(self) -> list[Group]:
        return grouped(self.choices)

    @property
    def option_names(self) -> str:
        return option_names(self.choices) or _("Variant")

    @property
    def most(self) -> int:
        """Units of one variant that fit in an order."""
        return max((choice.most for choice in self.choices), default=0)

    @property
    def limit_hint_id(self) -> str:
        return "quantity-limit" if self.campaign.buyer_limit else ""

    @property
    def cheapest_courier(self) -> ShippingOption | None:
        return min(self.couriers, key=lambda c: c.base_price, default=None)

    @property
    def changes_at(self) -> datetime | None:
        return next_change([row.batch for row in self.rows], self.now)

    @property
    def cut_off_is_near(self) -> bool:
        closes_at = self.batch and self.batch.closes_at
        return bool(closes_at and closes_at - self.now < wording.DAY)

    @cached_property
    def steps(self) -> list[Step]:
        return steps(self.batch, self.now) if self.batch else []

    @property
    def size_table(self) -> list[list[str]]:
        return table_rows(self.campaign.size_table)

    @property
    def balance(self) -> list[str]:
        return balance_wording.sentences(self.campaign)

    @property
    def cancellation(self) -> str:
        return wording.cancellation(self.campaign)

    @property
    def hold(self) -> str:
        return wording.hold(self.campaign.hold_minutes)


def table_rows(text: str) -> list[list[str]]:
    """`Size|Width` lines as cells; short lines are filled up to the widest."""
    lines = [line.strip().strip("|") for line in text.splitlines() if line.strip()]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    width = max((len(row) for row in rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def as_if_open(batch: Batch) -> Batch:
    """A draft as buyers would meet it; one without dates as not announced yet."""
    if batch.stage == Batch.Stage.DRAFT:
        batch.stage = Batch.Stage.OPEN
        if not (batch.opens_at and batch.closes_at):
            batch.opens_at = batch.closes_at = None
    return batch


def _with_clock(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    return campaigns.select_related("seller").annotate(clock=Clock())


def _batch_rows(found: Iterable[Batch], now: datetime) -> list[BatchRow]:
    batches = list(found)
    rooms = room.in_batches(batches)
    return [_batch_row(batch, now, rooms[batch.pk]) for batch in batches]


def _batch_row(batch: Batch, now: datetime, room: Room) -> BatchRow:
    phase = standing(batch, now, left=room.left).phase
    return BatchRow(batch=batch, phase=phase, room=room)


def _choices(campaign: Campaign, rows: list[BatchRow]) -> list[Choice]:
    return choose_from(
        list(campaign.variants.active()),
        rooms=[(row.batch, row.room) for row in rows if row.phase.is_on_sale],
        most=min(campaign.buyer_limit or MOST_UNITS, MOST_UNITS),
        currency=campaign.currency,
    )
