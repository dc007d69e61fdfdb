"""The inbox to look at: what each gateway wrote, and what became of it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns.admin.base import badge_column
from payments.admin.base import MoneyAdmin
from payments.models import GatewayEvent
from payments.tones import EVENTS

BODY_SHOWN = 4000


@admin.register(GatewayEvent)
class GatewayEventAdmin(MoneyAdmin):
    seller_path = "payment__order__batch__campaign__seller"
    order_path = ("payment", "order")
    moment_name = "received_at"
    list_display = (
        "gateway",
        "type",
        "reference",
        badge_column("state", _("state"), EVENTS),
        "attempts",
        "duplicates",
        "order_link",
        "moment",
    )
    list_filter = ("state", "gateway", "type")
    list_select_related = ("payment__order",)
    search_fields = ("reference", "dedupe_key", "payment__order__number")
    fields = (
        "gateway",
        "type",
        "reference",
        "state",
        "order_link",
        "payment",
        "body_as_text",
        "error",
        "attempts",
        "duplicates",
        "dedupe_key",
        "next_attempt_at",
        "moment",
    )
    readonly_fields = fields

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What a gateway wrote can name a card and a payer: for the operator alone."""
        is_operator = getattr(request.user, "is_superuser", False)
        return [f for f in self.fields if is_operator or f != "body_as_text"]

    def get_queryset(self, request: Any) -> Any:
        """The list leaves the bodies where they are."""
        return super().get_queryset(request).defer("body")

    @admin.display(description=_("body"))
    def body_as_text(self, event: GatewayEvent) -> SafeString:
        text = bytes(event.body).decode(errors="replace")
        cut = "…" if len(text) > BODY_SHOWN else ""
        return format_html("<pre>{}{}</pre>", text[:BODY_SHOWN], cut)
