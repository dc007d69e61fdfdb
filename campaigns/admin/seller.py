"""Brands, their people and how they ship."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from campaigns.admin.base import ShopInline, ShopModelAdmin, money_column
from campaigns.admin.forms import LinesField, MoneyForm
from campaigns.admin.people import Invite, MembershipInline
from campaigns.admin.row_pages import RowPage, RowPagesMixin
from campaigns.admin.transitions import Transition
from campaigns.models import Seller, ShippingOption


class ShippingOptionForm(MoneyForm):
    amounts = ("base_price", "price_per_extra_kilogram")
    provinces = LinesField(
        label=_("provinces"),
        required=False,
        help_text=_("Official names, one a line; empty means everywhere."),
    )

    @property
    def currency(self) -> str | None:
        return self.cleaned_data.get("currency")


class ShippingOptionInline(ShopInline):
    model = ShippingOption
    form = ShippingOptionForm
    fields = (
        "service",
        "currency",
        "base_price",
        "price_per_extra_kilogram",
        "days",
        "provinces",
        "active",
        "position",
    )


@admin.register(Seller)
class SellerAdmin(RowPagesMixin, ShopModelAdmin):
    seller_path = ""
    list_display = ("name", "city", "whatsapp", "email", "time_zone")
    search_fields = ("name", "slug", "city")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    inlines = (MembershipInline, ShippingOptionInline)
    transitions: ClassVar[list[Transition]] = [Invite()]
    row_pages: ClassVar[list[RowPage]] = []
    fieldsets = (
        (None, {"fields": ("name", "slug", "logo", "theme_color", "about")}),
        (_("Contact"), {"fields": ("whatsapp", "email", "city", "time_zone")}),
        (_("Rules"), {"fields": ("terms", "refund_rule")}),
    )

    def formfield_for_dbfield(
        self, db_field: Any, request: Any, **kwargs: Any
    ) -> forms.Field | None:
        if db_field.name == "theme_color":
            kwargs["widget"] = forms.TextInput(attrs={"type": "color"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(ShippingOption)
class ShippingOptionAdmin(ShopModelAdmin):
    seller_path = "seller"
    form = ShippingOptionForm
    list_display = (
        "service",
        "seller",
        money_column("base_price", _("price of the first kilogram")),
        money_column("price_per_extra_kilogram", _("price per extra kilogram")),
        "days",
        "active",
    )
    list_filter = ("seller", "currency", "active")
    list_select_related = ("seller",)
    search_fields = ("service",)
    fields = ("seller", *ShippingOptionInline.fields)
