"""Finding orders whose balance is still due."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import Order


class BalanceFilter(admin.SimpleListFilter):
    title = gettext_lazy("balance")
    parameter_name = "balance"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("due", _("Still due")), ("overdue", _("Not paid by its day"))]

    def queryset(
        self, request: HttpRequest, queryset: "QuerySet[Order]"
    ) -> "QuerySet[Order]":
        rows = {
            "due": Order.objects.with_balance_due(),
            "overdue": Order.objects.with_overdue_balance(),
        }.get(self.value() or "")
        return queryset if rows is None else queryset.filter(pk__in=rows.values("pk"))
