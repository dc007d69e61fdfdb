"""Orders and mails to look at. What happens to them are steps, never edits."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns import dates
from campaigns.actors import Actor
from campaigns.admin.base import (
    ReadOnlyInline,
    ReadOnlyModelAdmin,
    badge_column,
    money_column,
)
from campaigns.admin.batch import BatchAdmin
from campaigns.admin.transitions import Transition
from campaigns.clock import Clock
from campaigns.errors import InvalidTransition
from campaigns.money import format_money
from orders import admin_waitlist  # noqa: F401  registers its pages
from orders.admin_balances import BalanceFilter
from orders.admin_delays import DelayFilter, RecordAnswer
from orders.admin_list import ListsOrders
from orders.admin_moves import OfferBatch, OfferFilter, WithdrawOffer
from orders.admin_numbers import NumbersPage
from orders.admin_offers import OFFER, offer_batch, offers
from orders.admin_schedule import AnnounceWindow
from orders.admin_steps import CancelOrder, CorrectContact
from orders.history import told
from orders.mail_html import html_of
from orders.models import Message, Order, OrderLine

STATUSES = {
    "pending": "info",
    "confirmed": "ok",
    "fulfilled": "ok",
    "expired": "",
    "canceled": "bad",
}
MESSAGE_STATES = {
    "queued": "info",
    "sending": "info",
    "sent": "ok",
    "failed": "bad",
    "aborted": "",
}
BUYER = (("name", "phone_link"), ("email", "locale"), "note")
ADDRESS = (
    ("address", "landmark"),
    ("subdistrict", "district"),
    ("city", "province"),
    ("postal_code", "shipping_service"),
)
# A mail may style itself; it runs nothing, fetches nothing, and is framed by nobody.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none';"
    " sandbox allow-popups allow-popups-to-escape-sandbox"
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
    )
    list_select_related = ("batch__campaign",)
    search_fields = ("number", "name", "phone", "email")
    search_help_text = _("Number, name, phone or e-mail")
    inlines = (OrderLineInline,)
    transitions: ClassVar[list[Transition]] = [
        CancelOrder(),
        CorrectContact(),
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
            "mails": order.messages.order_by("pk"),
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
        digits = order.phone.lstrip("+")
        return format_html('<a href="https://wa.me/{}">{}</a>', digits, order.phone)


class SendAgain(Transition):
    name = "send-again"
    label = _("Send again")
    done = _("Waits to be sent again")

    def is_offered(self, row: Message) -> bool:
        return row.state == Message.State.FAILED

    def facts(self, row: Message) -> list[tuple[Any, object]]:
        return [
            (_("to"), row.to),
            (_("subject"), row.subject),
            (_("attempts"), row.attempts),
            (_("last answer"), row.smtp_answer),
        ]

    def perform(self, row: Message, *, actor: Actor, data: dict[str, Any]) -> None:
        failed = Message.objects.filter(pk=row.pk, state=Message.State.FAILED)
        queued = {"state": Message.State.QUEUED, "next_attempt_at": Clock()}
        if not failed.update(attempts=0, **queued):
            raise InvalidTransition(row, Message.State.QUEUED)


@admin.register(Message)
class MessageAdmin(ReadOnlyModelAdmin):
    seller_path = ("order__batch__campaign__seller", "campaign__seller")
    list_display = (
        "subject",
        "to",
        "kind",
        badge_column("state", _("state"), MESSAGE_STATES),
        "attempts",
        "written",
        "sent",
    )
    list_filter = ("state", "kind", "locale", "priority")
    search_fields = ("to", "subject", "order__number")
    transitions: ClassVar[list[Transition]] = [SendAgain()]
    fields = (
        "subject",
        "to",
        "text_as_sent",
        "as_html",
        "state",
        "attempts",
        "smtp_answer",
        "written",
        "sent",
        "kind",
        "locale",
        "order_link",
        "message_id",
    )
    readonly_fields = ("text_as_sent", "as_html", "written", "sent", "order_link")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.html_view)
        name = "orders_message_html"
        return [path("<int:pk>/html/", view, name=name), *super().get_urls()]

    def html_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        message = self.get_object(request, str(pk))
        policy = {"Content-Security-Policy": MAIL_POLICY}
        return HttpResponse(html_of(message), headers=policy)

    @admin.display(description=_("text"))
    def text_as_sent(self, message: Message) -> SafeString:
        return format_html('<pre class="mail">{}</pre>', message.text)

    @admin.display(description="HTML")
    def as_html(self, message: Message) -> SafeString:
        url = reverse("admin:orders_message_html", args=[message.pk])
        return format_html(
            '<a href="{}" target="_blank" rel="noopener">{}</a>',
            url,
            _("As the buyer sees it"),
        )

    @admin.display(description=_("order"))
    def order_link(self, message: Message) -> SafeString | str:
        if message.order_id is None:
            return "–"
        url = reverse("admin:orders_order_change", args=[message.order_id])
        return format_html('<a href="{}">{}</a>', url, message.order)

    @admin.display(description=_("written"), ordering="created_at")
    def written(self, message: Message) -> str:
        return dates.moment_short(message.created_at)

    @admin.display(description=_("sent"), ordering="sent_at")
    def sent(self, message: Message) -> str:
        return dates.moment_or_dash(message.sent_at)


BatchAdmin.row_pages.append(NumbersPage())
BatchAdmin.transitions.append(AnnounceWindow())
