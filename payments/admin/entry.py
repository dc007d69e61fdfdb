"""The ledger to look at, entry by entry."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from campaigns.admin.base import money_column
from payments.admin.base import MoneyAdmin
from payments.models import LedgerEntry


@admin.register(LedgerEntry)
class LedgerEntryAdmin(MoneyAdmin):
    seller_path = "payment__order__batch__campaign__seller"
    moment_name = "at"
    list_display = (
        "moment",
        "kind",
        "debit",
        "credit",
        money_column("amount", _("amount")),
        "order_link",
    )
    list_filter = ("kind", "currency")
    list_select_related = ("order",)
    search_fields = ("debit", "credit", "order__number", "payment__reference")
    amount_booked = staticmethod(money_column("amount", _("amount")))
    fields = (
        "moment",
        "kind",
        "debit",
        "credit",
        "amount_booked",
        "order_link",
        "payment",
        "refund",
    )
    readonly_fields = fields
    ordering = ("-pk",)
