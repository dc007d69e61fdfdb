"""The seller's desk: what needs a human, and how each live batch stands.

Rows are read as the admin's own lists read them: a number is what its list adds up to,
and nobody sees a number of a seller that is not theirs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from django.contrib.admin import AdminSite
from django.db.models import Count, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import dates, room, wording
from campaigns.clock import Clock
from campaigns.lists import any_of, link_to
from campaigns.models import Batch
from campaigns.money import format_money, rounded
from campaigns.phases import standing
from config import desk_alerts
from config.desk import Desk, Number
from orders.holds import alerts as hold_alerts
from orders.models import Order

Stage, Status = Batch.Stage, Order.Status
LIVE = (Stage.OPEN, Stage.CLOSED, Stage.PRODUCTION, Stage.SHIPPING)
NOT_MADE_YET = (Stage.OPEN, Stage.CLOSED, Stage.PRODUCTION)


@dataclass(frozen=True)
class Tally:
    """Orders of one batch in one status."""

    orders: int = 0
    units: int = 0
    paid: Decimal = Decimal(0)
    refunded: Decimal = Decimal(0)


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
        orders = self._tally(Status.PENDING).orders
        words = ngettext(
            "unpaid order holds most of %(batch)s",
            "unpaid orders hold most of %(batch)s",
            orders,
        )
        return Number(
            label=words % {"batch": self.batch},
            value=orders,
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
        return cls(alerts=[*desk_alerts.read(desk), *hoarded], cards=cards)


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
