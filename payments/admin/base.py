"""Money to look at: rows are written by the gateways' answers, never by hand."""

from typing import Any, ClassVar

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns import dates
from campaigns.admin.base import ReadOnlyModelAdmin
from orders.models import Order


class MoneyAdmin(ReadOnlyModelAdmin):
    """Rows that belong to an order, told in the staff's zone."""

    order_path: ClassVar[tuple[str, ...]] = ("order",)
    moment_name: ClassVar[str] = "created_at"

    @admin.display(description=_("order"))
    def order_link(self, row: Any) -> SafeString | str:
        for name in self.order_path:
            row = row and getattr(row, name)
        return link_to(row)

    @admin.display(description=_("when"))
    def moment(self, row: Any) -> str:
        return dates.moment_short(getattr(row, self.moment_name))


def link_to(order: Order | None) -> SafeString | str:
    if order is None:
        return "–"
    url = reverse("admin:orders_order_change", args=[order.pk])
    return format_html('<a href="{}">{}</a>', url, order.number)
