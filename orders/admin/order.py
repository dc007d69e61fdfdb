"""Orders and mails to look at. What happens to them are steps, never edits."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns import dates
from campaigns.admin.base import (
    ReadOnlyInline,
    ReadOnlyModelAdmin,
    badge_column,
    money_column,
)
from campaigns.admin.batch import BatchAdmin
from campaigns.admin.transitions import Transition
from campaigns.money import format_money
from orders.admin.audience import AudienceFilter
from orders.admin.balances import BalanceFilter
from orders.admin.delays import DelayFilter, RecordAnswer
from orders.admin.moves import OfferBatch, OfferFilter, WithdrawOffer
from orders.admin.news import AskedNewsFilter
from orders.admin.numbers import NumbersPage
from orders.admin.offers import OFFER, offer_batch, offers
from orders.admin.order_list import ListsOrders
from orders.admin.schedule import AnnounceWindow
from orders.admin.steps import CancelOrder, CorrectAddress, CorrectContact
from orders.history import told
from orders.mail.failures import trouble_of
from orders.models import Message, Order, OrderLine
from orders.phones import chat_url

STATUSES = {
    "pending": "info",
    "confirmed": "ok",
    "fulfilled": "ok",
    "expired": "",
    "canceled": "bad",
}
BUYER = (("name", "phone_link"), ("email", "locale"), "note")
ADDRESS = (
    ("address", "landmark"),
    ("subdistrict", "district"),
    ("city", "province"),
    ("postal_code", "shipping_service"),
)


class OrderLineInline(ReadOnlyInline):
    model = OrderLine
    money_fields = ("price", "amount")
    related = ("order",)
    fields = readonly_fields = (
        "sku",
        "label",
        "ordered",
        "quantity",
        "shipped",
        "price",
        "amount",
        "texts",
    )

    @admin.display(description=_("options"))
    def label(self, line: OrderLine) -> str:
        return line.label

    @admin.display(description=_("unit price"))
    def price(self, line: OrderLine) -> str:
        return format_money(line.unit_price, line.order.currency)

    @admin.display(description=_("amount"))
    def amount(self, line: OrderLine) -> str:
        return format_money(line.amount, line.order.currency)

    @admin.display(description=_("personalization"))
    def texts(self, line: OrderLine) -> str:
        return "; ".join(map(str, line.personalization)) or "–"


AMOUNTS = (
    money_column("goods", _("goods")),
    money_column("shipping", _("shipping")),
    money_column("discount", _("discount")),
    money_column("total", _("total")),
    money_column("deposit", _("deposit")),
    money_column("amount_paid", _("received")),
    money_column("amount_refunded", _("refunded")),
    money_column("amount_kept", _("kept after cancellation")),
)
STATUS = badge_column("status", _("status"), STATUSES)


@admin.register(Order)
class OrderAdmin(ListsOrders, ReadOnlyModelAdmin):
    seller_path = "batch__campaign__seller"
    change_form_template = "admin/orders/order/change_form.html"
    list_display = (
        "number",
        STATUS,
        "name",
        "batch",
        "units_now",
        money_column("total", _("total")),
        money_column("amount_paid", _("received")),
        money_column("amount_refunded", _("refunded")),
        "placed",
    )
    list_filter = (
        "status",
        "source",
        "batch__campaign__seller",
        "batch__campaign",
        "batch",
        OfferFilter,
        DelayFilter,
        BalanceFilter,
        AskedNewsFilter,
        AudienceFilter,
    )
    list_select_related = ("batch__campaign",)
    search_fields = ("number", "name", "phone", "email")
    search_help_text = _("Number, name, phone or e-mail")
    inlines = (OrderLineInline,)
    transitions: ClassVar[list[Transition]] = [
        CancelOrder(),
        CorrectContact(),
        CorrectAddress(),
        OfferBatch(),
        WithdrawOffer(),
        RecordAnswer(),
    ]
    actions = (offer_batch,)
    pages: ClassVar[list[Any]] = [("offers/", offers, "offers")]
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("number", STATUS, "batch", "promise", "source", "placed")}),
        (_("Buyer"), {"fields": BUYER}),
        (_("Address"), {"fields": ADDRESS}),
        (_("Money"), {"fields": (AMOUNTS[:4], AMOUNTS[4:])}),
    )
    readonly_fields: ClassVar[Any] = (
        STATUS,
        *AMOUNTS,
        "placed",
        "promise",
        "phone_link",
    )

    def has_offer_permission(self, request: HttpRequest) -> bool:
        return self.allows(request.user, OFFER)

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        order = self.get_object(request, object_id)
        kwargs["extra_context"] = {
            "told": [told(event) for event in order.events.select_related("user")],
            "mails": [(mail, trouble_of(mail)) for mail in _mails_of(order)],
            "order": order,
        }
        return super().change_view(request, object_id, *args, **kwargs)

    @admin.display(description=_("units"))
    def units_now(self, order: Order) -> int:
        return order.units

    @admin.display(description=_("placed"), ordering="placed_at")
    def placed(self, order: Order) -> str:
        return dates.moment_short(order.placed_at)

    @admin.display(description=_("promised"))
    def promise(self, order: Order) -> str:
        return dates.window(order.promised_from, order.promised_until)

    @admin.display(description=_("phone"))
    def phone_link(self, order: Order) -> SafeString | str:
        if not order.phone:
            return "–"
        url = chat_url(order.phone)
        return format_html('<a href="{}">{}</a>', url, order.phone)


BatchAdmin.row_pages.append(NumbersPage())
BatchAdmin.transitions.append(AnnounceWindow())


def _mails_of(order: Order) -> Iterable[Message]:
    mails = Message.objects.filter(order=order).with_outdated()
    return mails.select_related("order").order_by("pk")
