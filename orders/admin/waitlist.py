"""The waiting list for staff: to look at, and to end a place that waits."""

from typing import Any, ClassVar

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns import dates
from campaigns.actors import Actor
from campaigns.admin.base import ReadOnlyModelAdmin, badge_column
from campaigns.admin.transitions import Transition
from campaigns.errors import InvalidTransition
from orders.models import WaitlistEntry
from orders.waitlist import places

STATES = {
    "waiting": "info",
    "offered": "warn",
    "claimed": "ok",
    "declined": "",
    "expired": "",
    "left": "",
    "ended": "bad",
}
STATE = badge_column("state", _("state"), STATES)


class EndPlace(Transition):
    """An offer is taken back by canceling its order."""

    name = "end"
    label = _("Take off the list")
    done = _("Taken off the list")

    def is_offered(self, row: WaitlistEntry) -> bool:
        return row.state == WaitlistEntry.State.WAITING

    def facts(self, row: WaitlistEntry) -> list[tuple[Any, object]]:
        return [
            (_("e-mail"), row.email),
            (_("quantity"), f"{row.quantity} × {row.variant}"),
            (_("joined"), dates.moment_short(row.joined_at)),
            (_("No mail is sent"), _("the secret page says that you ended it")),
        ]

    def perform(
        self, row: WaitlistEntry, *, actor: Actor, data: dict[str, Any]
    ) -> None:
        if not places.end(row.pk, WaitlistEntry.EndReason.SELLER):
            raise InvalidTransition(row, WaitlistEntry.State.ENDED)


@admin.register(WaitlistEntry)
class WaitlistEntryAdmin(ReadOnlyModelAdmin):
    seller_path = "batch__campaign__seller"
    list_display = (
        "email",
        STATE,
        "variant",
        "quantity",
        "joined",
        "offer",
        "batch",
        "accepts_fewer",
    )
    list_filter = (
        "state",
        "batch__campaign__seller",
        "batch__campaign",
        "batch",
    )
    list_select_related = ("batch__campaign", "variant__campaign", "order")
    search_fields = ("email", "order__number")
    ordering = ("pk",)
    transitions: ClassVar[list[Transition]] = [EndPlace()]
    fields: ClassVar[Any] = (
        STATE,
        "batch",
        "variant",
        ("quantity", "accepts_fewer"),
        ("email", "locale"),
        "joined",
        "offered",
        "offer",
        ("over", "end_reason"),
    )
    readonly_fields: ClassVar[Any] = (STATE, "joined", "offered", "offer", "over")

    @admin.display(description=_("joined"), ordering="pk")
    def joined(self, entry: WaitlistEntry) -> str:
        return dates.moment_short(entry.joined_at)

    @admin.display(description=_("offered"))
    def offered(self, entry: WaitlistEntry) -> str:
        return dates.moment_or_dash(entry.offered_at)

    @admin.display(description=_("over since"))
    def over(self, entry: WaitlistEntry) -> str:
        return dates.moment_or_dash(entry.ended_at)

    @admin.display(description=_("order"))
    def offer(self, entry: WaitlistEntry) -> SafeString | str:
        if entry.order_id is None:
            return "–"
        url = reverse("admin:orders_order_change", args=[entry.order_id])
        return format_html('<a href="{}">{}</a>', url, entry.order)
