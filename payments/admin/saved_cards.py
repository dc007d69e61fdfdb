"""Consents to charge a card, to look at: the proof a bank may ask for."""

from django.contrib import admin

from payments.admin.base import MoneyAdmin
from payments.models import SavedMethod


@admin.register(SavedMethod)
class SavedMethodAdmin(MoneyAdmin):
    seller_path = "order__batch__campaign__seller"
    moment_name = "consented_at"
    list_display = ("order_link", "label", "gateway", "moment", "charged_at")
    list_filter = ("gateway",)
    list_select_related = ("order",)
    search_fields = ("order__number",)
    fields = ("order_link", "gateway", "label", "consent", "moment", "charged_at")
    readonly_fields = fields
    ordering = ("-pk",)
