"""The list of orders: its sums, its export, and the pages other apps hang on it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone

from campaigns.admin.change_lists import ShopList
from campaigns.admin.money_sight import HidesMoney
from campaigns.money import format_money, rounded
from orders.exports import csv_of
from orders.models import Order, OrderLine

if TYPE_CHECKING:

    class Options(HidesMoney, admin.ModelAdmin[Order]):
        pass
else:
    Options = object

AMOUNTS = ("total", "amount_paid", "amount_refunded")


class OrderList(ShopList):
    def get_queryset(self, *args: Any, **kwargs: Any) -> "QuerySet[Any]":
        return super().get_queryset(*args, **kwargs).prefetch_related("lines")

    def units(self) -> int:
        lines = OrderLine.objects.filter(
            order__in=self.queryset.order_by().values("pk")
        )
        found: int | None = lines.aggregate(units=Sum("quantity"))["units"]
        return found or 0

    def amounts(self) -> Iterator[dict[str, str]]:
        """Total, received and refunded of the whole list, for each currency."""
        sums = {name: Sum(name) for name in AMOUNTS}
        by_currency = self.queryset.order_by().values("currency")
        for row in by_currency.annotate(**{f"all_{n}": s for n, s in sums.items()}):
            currency = row["currency"]
            yield {
                name: format_money(rounded(row[f"all_{name}"], currency), currency)
                for name in AMOUNTS
            }


class ListsOrders(Options):
    # Route, view and name; an app above adds its own, as it does with transitions.
    pages: ClassVar[list[tuple[str, Callable[..., HttpResponseBase], str]]] = []

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ShopList]:
        return OrderList

    def get_urls(self) -> list[URLPattern]:
        pages = [*self.pages, ("export/", self.export_view, "export")]
        own = [
            path(route, self.admin_site.admin_view(view), name=f"orders_order_{name}")
            for route, view, name in pages
        ]
        return own + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {
            "may_enter": self.allows(request.user, self.permission("add")),
            "sees_money": self.sees_money(request),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The orders of the list as it is filtered: they tell money and addresses."""
        if not (self.has_view_permission(request) and self.sees_money(request)):
            raise PermissionDenied
        try:
            orders = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return redirect("admin:orders_order_changelist")
        name = f"orders-{timezone.localdate().isoformat()}.csv"
        return StreamingHttpResponse(
            csv_of(orders.prefetch_related(None)),
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
            content_type="text/csv; charset=utf-8",
        )
