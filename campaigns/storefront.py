"""What the home page and a seller's page show: campaigns sorted by where they stand."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from django.core.paginator import Page, Paginator
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from campaigns import room, room_wording, wording
from campaigns.clock import database_now
from campaigns.gallery import Image
from campaigns.models import Batch, Campaign, Picture, Seller, Variant
from campaigns.phases import (
    BEING_MADE,
    ON_SALE,
    Phase,
    Standing,
    headline,
    next_change,
    standing,
)

CARDS_A_PAGE = 24
ROWS = 12
CAMPAIGNS = 300
QUERY_LENGTH = 80
QUERY_WORDS = 8
NUL = "\0"
FAR_AWAY = datetime.max.replace(tzinfo=ZoneInfo("UTC"))


@dataclass(frozen=True, kw_only=True)
class Card:
    """One campaign on a shelf, as components/campaign_card.html takes it."""

    url: str
    title: str
    lang: str
    price: Decimal | None
    currency: str
    price_from: bool
    badge: str
    badge_kind: str
    paid: int
    capacity: int | None
    minimum: int | None
    count: str
    foot: str
    seller_name: str
    image: Image | None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One batch that is being made, on its way or done."""

    url: str
    title: str
    lang: str
    number: int
    badge: str
    badge_kind: str
    promise: str


@dataclass(frozen=True)
class Offered:
    """A campaign with its standings; `main` is the one its card speaks about."""

    campaign: Campaign
    standings: list[Standing]
    main: Standing

    @property
    def closes_at(self) -> datetime:
        return (self.main.batch and self.main.batch.closes_at) or FAR_AWAY

    @property
    def opens_at(self) -> datetime:
        return (self.main.batch and self.main.batch.opens_at) or FAR_AWAY


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """`open` are the cards of one of the `pages`."""

    now: datetime
    open: list[Card]
    pages: Page[Offered]
    upcoming: list[Card]
    making: list[Row]
    finished: list[Row]
    changes_at: datetime | None

    @property
    def is_empty(self) -> bool:
        return not (self.pages.paginator.count or self.upcoming)


@dataclass(frozen=True)
class Prices:
    lowest: Decimal
    highest: Decimal


def home(*, query: str = "", page: str = "1") -> Shelf:
    """Every seller's campaigns; a search also looks through the finished ones."""
    campaigns = Campaign.objects.public()
    words = search_words(query)
    found = _matching(campaigns, words) if words else _unfinished(campaigns)
    return _Shelving(found, with_seller=True).shelf(page)


def of_seller(seller: Seller, *, page: str = "1") -> Shelf:
    campaigns = Campaign.objects.public().filter(seller=seller)
    return _Shelving(campaigns, with_seller=False).shelf(page)


def search_words(query: str) -> list[str]:
    """What to look for, cut to a length that no database minds."""
    return query[:QUERY_LENGTH].replace(NUL, " ").split()[:QUERY_WORDS]


def _matching(campaigns: QuerySet[Campaign], words: list[str]) -> QuerySet[Campaign]:
    for word in words:
        campaigns = campaigns.filter(
            Q(title__icontains=word)
            | Q(tagline__icontains=word)
            | Q(seller__name__icontains=word)
        )
    return campaigns


def _unfinished(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    over = [Batch.Stage.COMPLETED, Batch.Stage.CANCELED]
    announced = Batch.objects.public().filter(campaign=OuterRef("pk"))
    return campaigns.filter(
        Exists(announced.exclude(stage__in=over)) | ~Exists(announced)
    )


class _Shelving:
    """Five queries: clock, campaigns, batches, pictures, prices."""

    def __init__(self, campaigns: QuerySet[Campaign], *, with_seller: bool) -> None:
        self.now = database_now()
        self.campaigns = list(campaigns.select_related("seller")[:CAMPAIGNS])
        self.with_seller = with_seller

    def shelf(self, page: str) -> Shelf:
        on_page = Paginator(self._on_sale(), CARDS_A_PAGE).get_page(page)
        upcoming = self._upcoming()[:CARDS_A_PAGE]
        cards = self._cards([*on_page, *upcoming])
        batches = [batch for found in self._batches.values() for batch in found]
        return Shelf(
            now=self.now,
            open=cards[: len(on_page)],
            pages=on_page,
            upcoming=cards[len(on_page) :],
            making=self._rows(BEING_MADE),
            finished=self._rows({Phase.COMPLETED}),
            changes_at=next_change(batches, self.now),
        )

    @cached_property
    def _batches(self) -> dict[int, list[Batch]]:
        found: dict[int, list[Batch]] = defaultdict(list)
        batches = Batch.objects.public().filter(campaign__in=self.campaigns)
        for batch in room.counted(batches).order_by("number"):
            found[batch.campaign_id].append(batch)
        return found

    @cached_property
    def _offers(self) -> list[Offered]:
        return [self._offered(campaign) for campaign in self.campaigns]

    def _offered(self, campaign: Campaign) -> Offered:
        standings = [
            standing(batch, self.now, left=room.left_in_list(batch, campaign.currency))
            for batch in self._batches.get(campaign.pk, [])
        ]
        return Offered(campaign, standings, headline(standings))

    def _on_sale(self) -> list[Offered]:
        """Soonest close first; what is full stands behind what can be had."""
        shown = ON_SALE | {Phase.FULL}
        offers = [offer for offer in self._offers if offer.main.phase in shown]
        return sorted(offers, key=lambda o: (o.main.phase is Phase.FULL, o.closes_at))

    def _upcoming(self) -> list[Offered]:
        offers = [o for o in self._offers if o.main.phase is Phase.SCHEDULED]
        return sorted(offers, key=lambda offer: offer.opens_at)

    def _cards(self, offers: Iterable[Offered]) -> list[Card]:
        campaigns = [offer.campaign for offer in offers]
        pictures, prices = _first_pictures(campaigns), _prices(campaigns)
        return [
            self._card(
                offer, pictures.get(offer.campaign.pk), prices.get(offer.campaign.pk)
            )
            for offer in offers
        ]

    def _card(self, offer: Offered, image: Image | None, prices: Prices | None) -> Card:
        campaign, phase, batch = offer.campaign, offer.main.phase, offer.main.batch
        with timezone.override(campaign.seller.time_zone):
            badge = wording.badge(phase, batch)
            foot = self._foot(phase, batch)
        is_counted = phase is not Phase.SCHEDULED
        return Card(
            url=campaign.get_absolute_url(),
            title=campaign.title,
            lang=campaign.lang,
            price=prices.lowest if prices else None,
            currency=campaign.currency,
            price_from=bool(prices and prices.lowest < prices.highest),
            badge=badge.text,
            badge_kind=badge.kind,
            paid=batch.taken if batch else 0,
            capacity=batch.capacity if batch and is_counted else None,
            minimum=batch.minimum_units if batch else None,
            count=_count(batch, campaign.currency) if batch else "",
            foot=foot,
            seller_name=campaign.seller.name if self.with_seller else "",
            image=image,
        )

    def _foot(self, phase: Phase, batch: Batch | None) -> str:
        if batch is None or phase is Phase.SCHEDULED:
            return wording.opening(batch)
        return wording.cut_off(batch, self.now)

    def _rows(self, phases: set[Phase]) -> list[Row]:
        found = [
            (offer.campaign, each.phase, each.batch)
            for offer in self._offers
            for each in offer.standings
            if each.phase in phases and each.batch
        ]
        found.sort(key=lambda row: row[2].ships_from or FAR_AWAY.date())
        return [_row(*each) for each in found[:ROWS]]


def _count(batch: Batch, currency: str) -> str:
    return room_wording.count(room.in_list(batch, currency), batch)


def _row(campaign: Campaign, phase: Phase, batch: Batch) -> Row:
    with timezone.override(campaign.seller.time_zone):
        badge = wording.badge(phase, batch)
        promise = wording.promise(phase, batch)
    return Row(
        url=campaign.get_absolute_url(),
        title=campaign.title,
        lang=campaign.lang,
        number=batch.number,
        badge=badge.text,
        badge_kind=badge.kind,
        promise=promise,
    )


def _first_pictures(campaigns: list[Campaign]) -> dict[int, Image]:
    pictures = Picture.objects.filter(campaign__in=campaigns)
    in_reverse = pictures.order_by("-position", "-pk")
    first = {picture.campaign_id: picture for picture in in_reverse}
    return {campaign_id: Image.of(picture) for campaign_id, picture in first.items()}


def _prices(campaigns: list[Campaign]) -> dict[int, Prices]:
    rows = (
        Variant.objects.active()
        .filter(campaign__in=campaigns)
        .order_by()
        .values_list("campaign_id")
        .annotate(Min("price"), Max("price"))
    )
    return {campaign: Prices(lowest, highest) for campaign, lowest, highest in rows}
