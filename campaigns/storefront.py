"""What the home page and a seller's page show: cards and rows, shelf by shelf."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.paginator import Page, Paginator
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from campaigns import room, room_wording, shelves, wording
from campaigns.clock import database_now
from campaigns.gallery import Image
from campaigns.models import Batch, Campaign, Picture, Seller, Variant
from campaigns.phases import Phase, Standing, headline, standing

CARDS_A_PAGE = 24
ROWS = 12
QUERY_LENGTH = 80
QUERY_WORDS = 8
NUL = "\0"


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
    """A campaign with the standing its card speaks about."""

    campaign: Campaign
    main: Standing


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """`open` are the cards of one of the `pages`."""

    now: datetime
    open: list[Card]
    pages: Page[Campaign]
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
    """Ten queries, however many campaigns there are: clock; count, page and upcoming;
    batches, pictures and prices of those; being made, finished; the next change.
    """

    def __init__(self, campaigns: QuerySet[Campaign], *, with_seller: bool) -> None:
        self.now = database_now()
        self.campaigns = campaigns
        self.with_seller = with_seller

    def shelf(self, page: str) -> Shelf:
        on_page = self._open_page(page)
        upcoming = shelves.upcoming(self._read, self.now)[:CARDS_A_PAGE]
        cards = self._cards(self._offers([*on_page, *upcoming]))
        being_made = shelves.being_made(self.campaigns, self.now)
        return Shelf(
            now=self.now,
            open=cards[: len(on_page)],
            pages=on_page,
            upcoming=cards[len(on_page) :],
            making=self._rows(being_made),
            finished=self._rows(shelves.finished(self.campaigns)),
            changes_at=shelves.next_change(self.campaigns, self.now),
        )

    @property
    def _read(self) -> QuerySet[Campaign]:
        return self.campaigns.select_related("seller")

    def _open_page(self, page: str) -> Page[Campaign]:
        found = shelves.on_sale(self._read, self.now)
        on_page = Paginator(found, CARDS_A_PAGE).get_page(page)
        on_page.object_list = list(on_page.object_list)
        return on_page

    def _offers(self, campaigns: list[Campaign]) -> list[Offered]:
        batches = self._batches(campaigns)
        return [self._offered(each, batches[each.pk]) for each in campaigns]

    def _batches(self, campaigns: list[Campaign]) -> dict[int, list[Batch]]:
        found: dict[int, list[Batch]] = defaultdict(list)
        batches = Batch.objects.public().filter(campaign__in=campaigns)
        for batch in room.counted(batches).order_by("number"):
            found[batch.campaign_id].append(batch)
        return found

    def _offered(self, campaign: Campaign, batches: list[Batch]) -> Offered:
        left_in = room.left_in_list
        standings = [
            standing(batch, self.now, left=left_in(batch, campaign.currency))
            for batch in batches
        ]
        return Offered(campaign, headline(standings))

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

    def _rows(self, batches: QuerySet[Batch]) -> list[Row]:
        return [_row(batch, self.now) for batch in batches[:ROWS]]


def _count(batch: Batch, currency: str) -> str:
    return room_wording.count(room.in_list(batch, currency), batch)


def _row(batch: Batch, now: datetime) -> Row:
    """Of a batch that takes no orders, so what is left of it is not asked."""
    campaign, phase = batch.campaign, standing(batch, now, left=0).phase
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
