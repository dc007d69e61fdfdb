"""Who asked to be told, for staff to look at: they come and go by their own links."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns import dates
from campaigns.admin.base import ReadOnlyModelAdmin, badge
from orders.models import Subscriber

LIVE = Q(confirmed_at__isnull=False, unsubscribed_at=None)


class StandingFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "standing"
    rows: ClassVar[dict[str, Q]] = {
        "live": LIVE,
        "asked": Q(confirmed_at=None, unsubscribed_at=None),
        "stopped": Q(unsubscribed_at__isnull=False),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("live", _("Gets mails")),
            ("asked", _("Not confirmed yet")),
            ("stopped", _("Wants no news")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(self.rows.get(self.value() or "", Q()))


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyModelAdmin):
    seller_path = ("campaign__seller", "seller")
    change_list_template = "admin/orders/subscriber/change_list.html"
    list_display = ("email", "kind", "about", "standing", "asked", "locale")
    list_filter = (StandingFilter, "kind", "campaign")
    list_select_related = ("campaign__seller", "seller")
    search_fields = ("email",)
    fields: ClassVar[Any] = (
        ("email", "locale"),
        ("kind", "about"),
        "standing",
        ("asked", "confirmed", "stopped"),
    )
    readonly_fields: ClassVar[Any] = (
        "about",
        "standing",
        "asked",
        "confirmed",
        "stopped",
    )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        counts = self.get_queryset(request).order_by().values("kind")
        by_kind = counts.annotate(n=Count("pk", filter=LIVE)).values_list("kind", "n")
        kinds = dict(Subscriber.Kind.choices)
        context = {"counts": [(kinds.get(kind, kind), n) for kind, n in by_kind]}
        return super().changelist_view(request, context | (extra_context or {}))

    @admin.display(description=_("about"))
    def about(self, subscriber: Subscriber) -> str:
        return str(subscriber.campaign or subscriber.seller)

    @admin.display(description=_("state"))
    def standing(self, subscriber: Subscriber) -> str:
        if subscriber.unsubscribed_at:
            return badge(_("Wants no news"), "bad")
        if subscriber.confirmed_at:
            return badge(_("Gets mails"), "ok")
        return badge(_("Not confirmed yet"), "info")

    @admin.display(description=_("asked"), ordering="created_at")
    def asked(self, subscriber: Subscriber) -> str:
        return dates.moment_short(subscriber.created_at)

    @admin.display(description=_("confirmed"))
    def confirmed(self, subscriber: Subscriber) -> str:
        return dates.moment_or_dash(subscriber.confirmed_at)

    @admin.display(description=_("unsubscribed"))
    def stopped(self, subscriber: Subscriber) -> str:
        return dates.moment_or_dash(subscriber.unsubscribed_at)
