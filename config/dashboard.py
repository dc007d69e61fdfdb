"""The seller's desk: what needs a human, and how each live batch stands.

Rows are read as the admin's own lists read them: a number is what its list adds up to,
and nobody sees a number of a seller that is not theirs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Self

from django.contrib.admin import AdminSite
from django.db import models
from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import dates, room, wording
from campaigns.clock import Clock, database_now
from campaigns.lists import any_of, link_to
from campaigns.models import Batch, Question, Update
from campaigns.money import format_money, rounded
from campaigns.phases import standing
from orders.holds import alerts as hold_alerts
from orders.models import Decision, Message, Order
from orders.news.lists import asking, owed_news
from payments.models import (
    Discrepancy,
    GatewayEvent,
    Payment,
    Refund,
    RefundRun,
    StatementLine,
    TransferProof,
)

Stage, Status = Batch.Stage, Order.Status
LIVE = (Stage.OPEN, Stage.CLOSED, Stage.PRODUCTION, Stage.SHIPPING)
NOT_MADE_YET = (Stage.OPEN, Stage.CLOSED, Stage.PRODUCTION)
NOT_STARTED = Batch.BEFORE_PRODUCTION
UNAPPROVED = {"state__in": "requested,manual", "approved_at__isnull": True}
# How long a batch that ended by itself is mentioned.
NEWS_FOR = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Number:
    """A figure and the list it adds up to."""

    label: str
    value: Any
    url: str


@dataclass(frozen=True)
class Tally:
    """Orders of one batch in one status."""

    orders: int = 0
    units: int = 0
    paid: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Of one request: the lists this person may see."""

    site: AdminSite
    request: HttpRequest

    def may_see(self, model: type[models.Model]) -> bool:
        return bool(self._admin(model).has_view_permission(self.request))

    def sees_money(self) -> bool:
        return bool(self._admin(Order).sees_money(self.request))

    def rows(self, model: type[models.Model]) -> Any:
        return self._admin(model).get_queryset(self.request).order_by()

    def _admin(self, model: type[models.Model]) -> Any:
        return self.site.get_model_admin(model)


@dataclass(frozen=True, kw_only=True)
class Card:
    """A live batch with what was counted of it, by status of the orders."""

    batch: Batch
    tallies: dict[str, Tally]
    sees_money: bool

    @property
    def badge(self) -> wording.Badge:
        batch = self.batch
        left = room.left_in_list(batch, batch.campaign.currency)
        phase = standing(batch, batch.clock, left=left).phase
        return wording.badge(phase, batch)

    @property
    def url(self) -> str:
        return reverse("admin:campaigns_batch_change", args=[self.batch.pk])

    @property
    def numbers_url(self) -> str:
        return reverse("admin:campaigns_batch_numbers", args=[self.batch.pk])

    @property
    def money_url(self) -> str:
        return reverse("admin:campaigns_batch_money", args=[self.batch.pk])

    @property
    def next_date(self) -> str:
        """The next thing that is to happen, with its date."""
        batch = self.batch
        if batch.stage == Stage.OPEN and batch.opens_at and batch.closes_at:
            is_ahead = batch.opens_at > batch.clock
            moment = batch.opens_at if is_ahead else batch.closes_at
            words = _("opens %(when)s") if is_ahead else _("closes %(when)s")
            return words % {"when": dates.moment_short(moment)}
        if batch.stage == Stage.CLOSED and batch.production_starts_on:
            day = dates.day_short(batch.production_starts_on)
            return _("production starts %(when)s") % {"when": day}
        if batch.ships_until is None:
            return _("shipping date not known yet")
        window = dates.window_short(batch.ships_from, batch.ships_until)
        return _("ships %(when)s") % {"when": window}

    @property
    def taken(self) -> Number:
        words = _("%(taken)s of %(capacity)s units taken")
        batch = self.batch
        value = words % {"taken": batch.taken, "capacity": batch.capacity}
        return Number(label=_("Taken"), value=value, url=self._list(*Order.HOLDING))

    @property
    def numbers(self) -> list[Number]:
        return [*self._units(), *(self._money() if self.sees_money else ())]

    @property
    def is_hoarded(self) -> bool:
        return hold_alerts.is_hoarded(self.batch, self._tally(Status.PENDING).units)

    @property
    def hoard(self) -> Number:
        words = _("unpaid orders hold most of %(batch)s")
        return Number(
            label=words % {"batch": self.batch},
            value=self._tally(Status.PENDING).orders,
            url=self._list(Status.PENDING),
        )

    def _units(self) -> Iterator[Number]:
        held, sold = self._tally(Status.PENDING), self._tally(Status.CONFIRMED)
        is_made = self.batch.stage not in NOT_MADE_YET
        unpaid, paid = self._list(Status.PENDING), self._list(Status.CONFIRMED)
        yield Number(label=_("Units held unpaid"), value=held.units, url=unpaid)
        if not is_made:
            yield Number(label=_("Units to produce"), value=sold.units, url=paid)
        yield Number(label=_("Orders to ship"), value=sold.orders, url=paid)

    def _money(self) -> Iterator[Number]:
        every, owed = self.tallies.values(), self._tally(Status.CONFIRMED)
        cash = sum((t.paid - t.refunded for t in every), start=Decimal(0))
        label = _("Cash in, refunds taken off")
        yield Number(label=label, value=self._amount(cash), url=self._list())
        yield Number(
            label=_("Owed to buyers in goods"),
            value=self._amount(owed.paid - owed.refunded),
            url=self._list(Status.CONFIRMED),
        )

    def _tally(self, status: Order.Status) -> Tally:
        return self.tallies.get(status, Tally())

    def _amount(self, amount: Decimal) -> str:
        currency = self.batch.campaign.currency
        return format_money(rounded(amount, currency), currency)

    def _list(self, *statuses: str) -> str:
        return link_to(
            Order, batch__id__exact=self.batch.pk, **any_of("status", statuses)
        )


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    alerts: list[Number]
    cards: list[Card]

    @classmethod
    def read(cls, site: AdminSite, request: HttpRequest) -> Self:
        desk = Desk(site=site, request=request)
        cards = _cards(desk)
        hoarded = [card.hoard for card in cards if card.is_hoarded]
        return cls(alerts=[*_alerts(desk), *hoarded], cards=cards)


def _alerts(desk: Desk) -> Iterator[Number]:
    """What waits for somebody; a list with nothing in it is not mentioned."""
    overdue = {
        "stage__in": ",".join(NOT_STARTED),
        "production_starts_on__lt": timezone.localdate().isoformat(),
    }
    unsettled = {"resolved_at__isnull": True}
    lately = database_now() - NEWS_FOR
    missed = {"minimum_missed_at__gte": lately.isoformat(timespec="seconds")}
    asked: list[tuple[str, type[models.Model], dict[str, Any]]] = [
        (_("Mails that failed"), Message, {"state__exact": "failed"}),
        (_("Payments that need a look"), Payment, {"needs_review__exact": 1}),
        (_("Refunds of extra money to approve"), Refund, UNAPPROVED),
        (_("Proofs of transfer to look at"), TransferProof, {"decision__exact": ""}),
        (_("Statement lines to assign"), StatementLine, {"state__exact": "new"}),
        (_("Refunds to pay by hand"), Refund, {"state__exact": "manual"}),
        (_("Refund runs that stopped"), RefundRun, {"state__exact": "stopped"}),
        (_("Gateway events given up"), GatewayEvent, {"state__exact": "dead"}),
        (_("Differences with payment companies"), Discrepancy, unsettled),
        (_("Questions waiting"), Question, {"state__exact": "waiting"}),
        (_("Updates about to go out"), Update, {"state__exact": "scheduled"}),
        (_("Batches past their start of production"), Batch, overdue),
        (_("Batches that missed their minimum lately"), Batch, missed),
    ]
    for label, model, lookups in asked:
        if desk.may_see(model) and (count := _count(desk.rows(model), lookups)):
            yield Number(label=label, value=count, url=link_to(model, **lookups))
    yield from _overdue_balances(desk)
    yield from _news(desk)
    yield from _delays_to_ask(desk)


def _overdue_balances(desk: Desk) -> Iterator[Number]:
    if not desk.may_see(Order):
        return
    if count := desk.rows(Order).with_overdue_balance().count():
        url = link_to(Order, balance="overdue")
        yield Number(label=_("Balances not paid in time"), value=count, url=url)


def _news(desk: Desk) -> Iterator[Number]:
    """Who waits for a word, and who asked for one."""
    found: list[tuple[Any, type[models.Model], str, Callable[[Any], Any]]] = [
        (_("Batches whose buyers are owed a word"), Batch, "owed", owed_news),
        (_("Buyers who ask for news"), Order, "asked", asking),
    ]
    for label, model, news, rows_of in found:
        if desk.may_see(model) and (count := rows_of(desk.rows(model)).count()):
            yield Number(label=label, value=count, url=link_to(model, news=news))


def _delays_to_ask(desk: Desk) -> Iterator[Number]:
    """Buyers whom no mail reaches: their question waits for the seller."""
    if not desk.may_see(Order):
        return
    asked = Decision.objects.to_ask_by_hand()
    if count := desk.rows(Order).filter(pk__in=asked.values("order")).count():
        url = link_to(Order, delay="by_hand")
        yield Number(label=_("Delays to ask by hand"), value=count, url=url)


def _count(rows: Any, lookups: dict[str, Any]) -> int:
    several = {n: v.split(",") for n, v in lookups.items() if n.endswith("__in")}
    found: int = rows.filter(**lookups | several).count()
    return found


def _cards(desk: Desk) -> list[Card]:
    if not (desk.may_see(Batch) and desk.may_see(Order)):
        return []
    live = desk.rows(Batch).filter(stage__in=LIVE).select_related("campaign__seller")
    counted = room.counted(live.annotate(clock=Clock()))
    batches = list(counted.order_by("closes_at", "pk"))
    tallies = _tallies(desk.rows(Order).filter(batch__in=batches))
    sees_money = desk.sees_money()
    return [
        Card(batch=batch, tallies=tallies.get(batch.pk, {}), sees_money=sees_money)
        for batch in batches
    ]


def _tallies(orders: Any) -> dict[int, dict[str, Tally]]:
    """Two queries: a join with the lines would count an order's money once for each."""
    groups = orders.values_list("batch_id", "status")
    in_lines = groups.annotate(Sum("lines__quantity"))
    units = {(batch, status): counted for batch, status, counted in in_lines}
    sums = groups.annotate(Count("pk"), Sum("amount_paid"), Sum("amount_refunded"))
    found: dict[int, dict[str, Tally]] = {}
    for batch, status, *counted in sums:
        orders_in, paid, refunded = counted
        tally = Tally(orders_in, units.get((batch, status)) or 0, paid, refunded)
        found.setdefault(batch, {})[status] = tally
    return found
