"""What happened to a batch, in words."""

from datetime import date, datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns import dates
from campaigns.admin.base import ReadOnlyInline
from campaigns.models import Allotment, BatchEvent
from campaigns.models.minimum import MINIMUM_MISSED
from campaigns.money import format_money, from_minor_units

EVENTS = {
    "open": _("Opened for orders"),
    "closed": _("Closed"),
    "production": _("Production started"),
    "shipping": _("Shipping started"),
    "completed": _("Completed"),
    "canceled": _("Canceled"),
    "capacity": _("Capacity changed"),
    "order_capacity": _("Capacity in orders changed"),
    "goods_capacity": _("Capacity in money changed"),
    "allotment": _("Capacity of a variant changed"),
    "sale": _("Sale of a variant changed"),
    "cut_off": _("Closing time moved"),
    "addresses_lock": _("Address lock announced"),
    "schedule": _("Another shipping window announced"),
    "minimum_reached": _("Minimum reached: it goes ahead"),
    "minimum_waived": _("Below the minimum: it goes ahead all the same"),
    "minimum_extended": _("Below the minimum: extended once"),
    MINIMUM_MISSED: _("Minimum missed: canceled, everyone is refunded"),
}
ACTORS = {
    "buyer": _("Buyer"),
    "system": _("Automatic"),
    "gateway": _("Payment gateway"),
}
OF_MONEY = ("goods_capacity",)


class BatchEventInline(ReadOnlyInline):
    model = BatchEvent
    fields = readonly_fields = ("happened_at", "what", "who", "details")
    verbose_name_plural = _("history")
    related = ("batch__campaign", "user")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[BatchEvent]":
        events = super().get_queryset(request)
        return events if self.sees_money(request) else events.exclude(kind__in=OF_MONEY)

    @admin.display(description=_("when"))
    def happened_at(self, event: BatchEvent) -> str:
        return dates.moment_short(event.at)

    @admin.display(description=_("what"))
    def what(self, event: BatchEvent) -> str:
        # A batch that ended for a reason of its own is told by that reason.
        kind = event.data.get("reason", event.kind)
        words = str(EVENTS.get(kind, kind))
        variant = event.data.get("label")
        return f"{words}: {variant}" if variant else words

    @admin.display(description=_("who"))
    def who(self, event: BatchEvent) -> str:
        return str(event.user or ACTORS.get(event.actor) or event.actor)

    @admin.display(description=_("from what to what"))
    def details(self, event: BatchEvent) -> str:
        parts = []
        if "units" in event.data:
            parts.append(_("%(units)s of at least %(minimum)s paid") % event.data)
        if "to" in event.data:
            parts.append(f"{_told(event, 'from')} → {_told(event, 'to')}")
        return ", ".join(str(part) for part in parts)


def _told(event: BatchEvent, end: str) -> str:
    """A number as it is; amounts and moments, which JSON keeps as text, in words."""
    noted: Any = event.data[end]
    if event.kind == "schedule":
        first, last = noted or (None, None)
        return dates.window_short(_day(first), _day(last))
    if noted is None:
        return "–"
    if event.kind in OF_MONEY:
        currency = event.batch.campaign.currency
        return format_money(from_minor_units(noted, currency), currency)
    if event.kind == "sale":
        return str(Allotment.Sale(noted).label)
    if isinstance(noted, str):
        return dates.moment_short(datetime.fromisoformat(noted))
    return str(noted)


def _day(noted: str | None) -> date | None:
    return date.fromisoformat(noted) if noted else None
