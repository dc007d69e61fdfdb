"""The page of a batch's or campaign's money, for those who may see money."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.admin.batch import BatchAdmin
from campaigns.admin.campaign import CampaignAdmin
from campaigns.admin.money_sight import SEE_MONEY
from campaigns.admin.row_pages import RowPage
from campaigns.lists import link_to
from campaigns.models import Batch, Campaign
from campaigns.money import EXPONENT, format_money
from orders.models import Order
from payments import money_views
from payments.models import Refund
from payments.money_views import Figures, MoneyView

TEMPLATE = "admin/payments/money.html"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table: what it is, and its amount for each batch."""

    label: str
    values: list[str]
    note: str = ""
    is_sum: bool = False


class MoneyPage(RowPage):
    name = "money"
    label = gettext_lazy("Money")
    permissions = ("payments.view_payment", SEE_MONEY)

    def render(
        self, request: HttpRequest, row: Any, frame: dict[str, Any]
    ) -> HttpResponse:
        batches = self.batches(row).select_related("campaign__seller")
        currency = self.campaign(row).currency
        view = money_views.read(batches.order_by("number"), currency)
        return render(request, TEMPLATE, frame | context_of(view, currency))

    def batches(self, row: Any) -> "QuerySet[Batch]":
        raise NotImplementedError

    def campaign(self, row: Any) -> Campaign:
        raise NotImplementedError


class BatchMoney(MoneyPage):
    def batches(self, row: Batch) -> "QuerySet[Batch]":
        return Batch.objects.filter(pk=row.pk)

    def campaign(self, row: Batch) -> Campaign:
        return row.campaign


class CampaignMoney(MoneyPage):
    def batches(self, row: Campaign) -> "QuerySet[Batch]":
        return row.batches.exclude(stage=Batch.Stage.DRAFT)

    def campaign(self, row: Campaign) -> Campaign:
        return row


def context_of(view: MoneyView, currency: str) -> dict[str, Any]:
    def money(amount: Decimal) -> str:
        return format_money(amount, currency)

    total = view.total
    columns = [view.by_batch[batch.pk] for batch in view.batches]
    columns += [total] if len(columns) > 1 else []
    return {
        "view": view,
        "total": total,
        "columns": columns,
        "rows": list(rows(columns, money)),
        "set_aside": [told(amount, code) for code, amount in view.set_aside.items()],
        "stopping": money(view.cost_of_stopping),
        "capital": money(total.capital),
        "cost": money(total.cost),
        "share": _share(total.cost, total.capital),
        "variants": variants(view, money),
        "without_cost": without_cost(total.units_without_cost),
        "links": list(_links(view)),
    }


def rows(columns: Iterable[Figures], money: Callable[[Decimal], str]) -> Iterator[Row]:
    """In the order in which one amount follows from those above it."""
    figures = list(columns)

    def row(label: str, name: str, note: str = "", *, minus: bool = False) -> Row:
        amounts = [getattr(each, name) for each in figures]
        values = [money(-amount if minus else amount) for amount in amounts]
        is_sum = name in ("in_hand", "capital", "after_production")
        return Row(label=label, values=values, note=note, is_sum=is_sum)

    yield row(_("Received from buyers"), "received")
    yield row(_("Taken back by banks"), "reversed", minus=True)
    yield row(_("Refunds sent"), "refunded", minus=True)
    yield row(_("Cash in, refunds taken off"), "in_hand")
    yield row(_("Refunds on their way"), "on_the_way", minus=True)
    yield row(_("Refunds to pay by hand"), "by_hand", minus=True)
    yield row(_("Working capital"), "capital", _("what is left once they are paid"))
    yield row(_("Production cost"), "cost", _("of paid units with a cost"), minus=True)
    yield row(_("After production"), "after_production")
    yield row(_("Owed to buyers in goods"), "in_goods")
    yield row(_("Kept after cancellations"), "kept", _("part of the cash in"))
    yield row(_("Balances still due"), "due", _("not received yet"))
    yield row(_("Fees of gateways"), "fees", _("paid by buyers on top"))


def variants(view: MoneyView, money: Callable[[Decimal], str]) -> list[dict[str, Any]]:
    unknown = _("not known")
    numbers = {batch.pk: batch.number for batch in view.batches}
    return [
        {
            "batch": numbers[each.batch_id],
            "label": each.label,
            "units": each.units,
            "unit_cost": unknown if each.unit_cost is None else money(each.unit_cost),
            "cost": unknown if each.cost is None else money(each.cost),
        }
        for each in view.variants
    ]


def without_cost(units: int) -> str:
    if not units:
        return ""
    words = ngettext(
        "%(n)s paid unit has no production cost yet and is not counted.",
        "%(n)s paid units have no production cost yet and are not counted.",
        units,
    )
    return words % {"n": units}


def told(amount: Decimal, currency: str) -> str:
    """Also a currency the shop does not trade in."""
    if currency in EXPONENT:
        return format_money(amount, currency)
    return f"{currency} {amount:,.2f}"


def _share(part: Decimal, whole: Decimal) -> int:
    """In percent, for the bar; more than all is all."""
    if whole <= 0:
        return 100 if part else 0
    return min(100, int(part * 100 / whole))


def _links(view: MoneyView) -> Iterator[tuple[str, str]]:
    if len(view.batches) == 1:
        [batch] = view.batches
        url = link_to(Order, batch__id__exact=batch.pk, balance="due")
        yield _("Orders with a balance still due"), url
    yield _("Refunds to pay by hand"), link_to(Refund, state__exact="manual")


BatchAdmin.row_pages.append(BatchMoney())
CampaignAdmin.row_pages.append(CampaignMoney())
