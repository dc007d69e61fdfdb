"""Plans and parcels to look at; what happens to them are steps."""

import csv
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns import dates
from campaigns.admin.base import (
    ReadOnlyInline,
    ReadOnlyModelAdmin,
    ShopModelAdmin,
    badge_column,
)
from campaigns.admin.batch import BatchAdmin
from campaigns.admin.scope import SUPERUSER_ONLY
from campaigns.admin.transitions import Transition
from fulfillment.models import (
    Carrier,
    ProductionSheet,
    ProductionSheetLine,
    Shipment,
    ShipmentLine,
)
from fulfillment.steps import Complete, Ship, Undo
from orders.admin.order import OrderAdmin
from orders.exports import inert

STATES = {"shipped": "ok"}
PLAN = ("sku", "label", "ordered", "spare", "to_produce")


class SheetLineInline(ReadOnlyInline):
    model = ProductionSheetLine
    fields = readonly_fields = (*PLAN, "produced", "rejected")


@admin.register(ProductionSheet)
class ProductionSheetAdmin(ReadOnlyModelAdmin):
    seller_path = "batch__campaign__seller"
    list_display = ("__str__", "units", "frozen", "frozen_by")
    list_filter = ("batch__campaign__seller", "batch")
    list_select_related = ("batch__campaign", "frozen_by")
    fields = ("batch", "number", "units", "frozen", "frozen_by", "digest", "table")
    readonly_fields = fields
    inlines = (SheetLineInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("lines")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.csv_view)
        name = "fulfillment_productionsheet_csv"
        return [path("<int:pk>/csv/", view, name=name), *super().get_urls()]

    def csv_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The plan as a table; its sums are those of the confirmed lines."""
        sheet = self.get_object(request, str(pk))
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        name = f"{sheet.batch.campaign.slug}-{sheet.batch.number}-{sheet.number}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        table = csv.writer(response)
        table.writerow(PLAN)
        for line in sheet.lines.all():
            table.writerow(inert(getattr(line, column)) for column in PLAN)
        return response

    @admin.display(description=_("units to produce"))
    def units(self, sheet: ProductionSheet) -> int:
        return sum(line.to_produce for line in sheet.lines.all())

    @admin.display(description=_("frozen"), ordering="frozen_at")
    def frozen(self, sheet: ProductionSheet) -> str:
        return dates.moment_short(sheet.frozen_at)

    @admin.display(description=_("table"))
    def table(self, sheet: ProductionSheet) -> SafeString:
        url = reverse("admin:fulfillment_productionsheet_csv", args=[sheet.pk])
        return format_html('<a href="{}">{}</a>', url, _("Download as CSV"))


@admin.register(Carrier)
class CarrierAdmin(ShopModelAdmin):
    seller_path = SUPERUSER_ONLY
    is_shared = True
    list_display = ("name", "tracking_url")
    search_fields = ("name",)
    fields = ("name", "tracking_url")


class ShipmentLineInline(ReadOnlyInline):
    model = ShipmentLine
    fields = readonly_fields = ("line", "quantity")
    related = ("line",)


@admin.register(Shipment)
class ShipmentAdmin(ReadOnlyModelAdmin):
    seller_path = "order__batch__campaign__seller"
    list_display = (
        "order",
        badge_column("state", _("state"), STATES),
        "carrier",
        "tracking_number",
        "sent",
        "by",
    )
    list_filter = ("state", "carrier", "order__batch__campaign__seller")
    list_select_related = ("order__batch__campaign", "carrier", "by")
    search_fields = ("tracking_number", "order__number", "order__name")
    transitions: ClassVar[list[Transition]] = [Undo()]
    fields = (
        "order_link",
        "state",
        "carrier",
        "service",
        "tracking_number",
        "sent",
        "by",
    )
    readonly_fields = fields
    inlines = (ShipmentLineInline,)

    @admin.display(description=_("shipped"), ordering="shipped_at")
    def sent(self, shipment: Shipment) -> str:
        return dates.moment_short(shipment.shipped_at)

    @admin.display(description=_("order"))
    def order_link(self, shipment: Shipment) -> SafeString:
        url = reverse("admin:orders_order_change", args=[shipment.order_id])
        return format_html('<a href="{}">{}</a>', url, shipment.order)


BatchAdmin.transitions.append(Complete())
OrderAdmin.transitions.append(Ship())
