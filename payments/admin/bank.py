"""The seller's own accounts that buyers transfer to."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from campaigns.admin.base import ShopModelAdmin
from payments.models import BankAccount

# Once buyers were told them: another account is a row of its own.
TOLD = ("seller", "currency", "bank", "number")


@admin.register(BankAccount)
class BankAccountAdmin(ShopModelAdmin):
    seller_path = "seller"
    list_display = ("bank", "number", "holder", "currency", "active", "seller")
    list_filter = ("active", "currency", "seller")
    list_select_related = ("seller",)
    search_fields = ("bank", "number", "holder")
    fields = ("seller", "currency", "bank", "number", "holder", "active", "position")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        is_told = obj is not None and (obj.payments.exists() or obj.lines.exists())
        return TOLD if is_told else ()
