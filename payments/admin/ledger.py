"""The ledger of a batch, a campaign or a seller: its sums, and as a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Count, Q, QuerySet, Sum
from django.http import (
    FileResponse,
    HttpRequest,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.admin.batch import BatchAdmin
from campaigns.admin.campaign import CampaignAdmin
from campaigns.admin.money_sight import SEE_MONEY
from campaigns.admin.row_pages import RowPage
from campaigns.admin.seller import SellerAdmin
from campaigns.models import Batch, Campaign, Seller
from payments.admin.money import told
from payments.ledger import export as ledger_export
from payments.ledger.export import Entries
from payments.models import LedgerEntry

TEMPLATE = "admin/payments/ledger.html"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = [("csv", "CSV"), ("xlsx", "XLSX")]
CENT = Decimal("0.01")
# No day of a ledger is outside; days at the end of time have no next one.
DAYS = (
    MinValueValidator(date(2000, 1, 1)),
    MaxValueValidator(date(2999, 12, 31)),
)


class PeriodForm(forms.Form):
    """Both days included; empty means from the first, or to the last entry."""

    since = forms.DateField(
        label=gettext_lazy("From"),
        required=False,
        validators=DAYS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label=gettext_lazy("Until"),
        required=False,
        validators=DAYS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    format = forms.ChoiceField(choices=FORMATS, required=False)

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", _("This day is before the first one."))
        return self.cleaned_data


@dataclass(frozen=True, kw_only=True)
class KindSum:
    label: str
    entries: int
    amount: str


class LedgerPage(RowPage):
    name = "ledger"
    label = gettext_lazy("Ledger")
    permissions = ("payments.view_ledgerentry", SEE_MONEY)

    def entries(self, row: Any) -> Entries:
        raise NotImplementedError

    def seller(self, row: Any) -> Seller:
        raise NotImplementedError

    def render(
        self, request: HttpRequest, row: Any, frame: dict[str, Any]
    ) -> HttpResponseBase:
        zone = ZoneInfo(self.seller(row).time_zone)
        form = PeriodForm(request.GET)
        if not form.is_valid():
            context = frame | {"form": form}
            return render(request, TEMPLATE, context, status=422)
        asked = form.cleaned_data
        entries = ledger_export.within(
            self.entries(row), since=asked["since"], until=asked["until"], zone=zone
        )
        if asked["format"]:
            return as_file(entries, asked["format"], zone)
        context = frame | {"form": form, "sums": list(sums_of(entries))}
        return render(request, TEMPLATE, context)


class BatchLedger(LedgerPage):
    def entries(self, row: Batch) -> Entries:
        return LedgerEntry.objects.filter(order__batch=row)

    def seller(self, row: Batch) -> Seller:
        return row.campaign.seller


class CampaignLedger(LedgerPage):
    def entries(self, row: Campaign) -> Entries:
        return LedgerEntry.objects.filter(order__batch__campaign=row)

    def seller(self, row: Campaign) -> Seller:
        return row.seller


class SellerLedger(LedgerPage):
    def entries(self, row: Seller) -> Entries:
        """Of its orders, and of its bank accounts' lines that belong to none."""
        of_orders = Q(order__batch__campaign__seller=row)
        of_lines = Q(order__isnull=True, statement_line__account__seller=row)
        return LedgerEntry.objects.filter(of_orders | of_lines)

    def seller(self, row: Seller) -> Seller:
        return row


def as_file(entries: Entries, format: str, zone: ZoneInfo) -> HttpResponseBase:
    name = f"ledger-{timezone.localdate().isoformat()}.{format}"
    if format == "xlsx":
        file = ledger_export.xlsx_of(entries, zone)
        return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)
    return StreamingHttpResponse(
        ledger_export.csv_of(entries, zone),
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
        content_type="text/csv; charset=utf-8",
    )


def sums_of(entries: "QuerySet[LedgerEntry]") -> Iterator[KindSum]:
    groups = entries.order_by("kind", "currency").values("kind", "currency")
    labels = dict(LedgerEntry.Kind.choices)
    for group in groups.annotate(n=Count("pk"), total=Sum("amount")):
        # SQLite adds decimals as floats.
        total = group["total"].quantize(CENT)
        yield KindSum(
            label=str(labels[group["kind"]]),
            entries=group["n"],
            amount=told(total, group["currency"]),
        )


BatchAdmin.row_pages.append(BatchLedger())
CampaignAdmin.row_pages.append(CampaignLedger())
SellerAdmin.row_pages.append(SellerLedger())
