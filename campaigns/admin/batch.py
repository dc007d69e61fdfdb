"""Batches: their numbers and dates, and the steps that need no other app."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns import dates
from campaigns.admin import proposals, sentences
from campaigns.admin.base import (
    ReadOnlyInline,
    ShopInline,
    ShopModelAdmin,
    badge_column,
)
from campaigns.admin.batch_forms import AllotmentForm, BatchForm
from campaigns.admin.batch_steps import Close, Open, Reopen
from campaigns.admin.tones import STAGES
from campaigns.admin.transitions import Transition, staff
from campaigns.models import Allotment, Batch, BatchEvent, Campaign
from campaigns.models.batch import MINIMUM_MISSED

EVENTS = {
    "open": _("Opened for orders"),
    "closed": _("Closed"),
    "production": _("Production started"),
    "shipping": _("Shipping started"),
    "completed": _("Completed"),
    "canceled": _("Canceled"),
    "capacity": _("Capacity changed"),
    "cut_off": _("Closing time moved"),
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
COUNTED = ("taken", "orders_taken", "goods_taken", "schedule_version")
CAPS = ("capacity", "order_capacity", "goods_capacity")
WINDOW = ("ships_from", "ships_until")
PRODUCTION = ("production_starts_on", "production_ends_on")
MINIMUM = ("minimum_units", "minimum_rule", "extension_days")
SELLING_TIME = ("opens_at", "closes_at")
TOLD: Any = (
    _("Buyers will read"),
    {"fields": ("sentences",), "description": _("As saved last.")},
)


class AllotmentInline(ShopInline):
    model = Allotment
    form = AllotmentForm
    fields = ("variant", "capacity", "taken", "sale")
    readonly_fields = ("variant", "taken")
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Allotment]":
        rows = super().get_queryset(request)
        return rows.select_related("batch__campaign", "variant")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Every variant has its row already."""
        return False


class BatchEventInline(ReadOnlyInline):
    model = BatchEvent
    fields = readonly_fields = ("happened_at", "what", "who", "details")
    verbose_name_plural = _("history")
    related = ("batch__campaign", "user")

    @admin.display(description=_("when"))
    def happened_at(self, event: BatchEvent) -> str:
        return dates.moment_short(event.at)

    @admin.display(description=_("what"))
    def what(self, event: BatchEvent) -> str:
        # A batch that ended for a reason of its own is told by that reason.
        kind = event.data.get("reason", event.kind)
        return str(EVENTS.get(kind, kind))

    @admin.display(description=_("who"))
    def who(self, event: BatchEvent) -> str:
        return str(event.user or ACTORS.get(event.actor) or event.actor)

    @admin.display(description=_("from what to what"))
    def details(self, event: BatchEvent) -> str:
        noted, parts = event.data, []
        if "units" in noted:
            parts.append(_("%(units)s of at least %(minimum)s paid") % noted)
        if "to" in noted:
            parts.append(f"{_told(noted['from'])} → {_told(noted['to'])}")
        return ", ".join(str(part) for part in parts)


@admin.register(Batch)
class BatchAdmin(ShopModelAdmin):
    seller_path = "campaign__seller"
    money_fields = ("goods_capacity", "goods_taken")
    form = BatchForm
    list_display = (
        "__str__",
        badge_column("stage", _("stage"), STAGES),
        "taken",
        "capacity",
        "closes",
        "ships",
    )
    list_filter = ("stage", "campaign__seller", "campaign")
    list_select_related = ("campaign",)
    search_fields = ("campaign__title",)
    transitions: ClassVar[list[Transition]] = [Open(), Close(), Reopen()]
    fieldsets = (
        (None, {"fields": ("campaign", "number", "stage_badge")}),
        (
            _("Capacity"),
            {
                "fields": (
                    ("capacity", "taken"),
                    ("order_capacity", "orders_taken"),
                    ("goods_capacity", "goods_taken"),
                    MINIMUM,
                )
            },
        ),
        (
            _("Schedule"),
            {
                "fields": (SELLING_TIME, PRODUCTION, WINDOW, "addresses_lock_at"),
                "description": _(
                    "Buyers read: ships between the two last dates. Once the batch"
                    " was opened, that window is a promise and is not edited here."
                ),
            },
        ),
        TOLD,
    )

    stage_badge = staticmethod(badge_column("stage", _("stage"), STAGES))

    def get_readonly_fields(
        self, request: HttpRequest, obj: Batch | None = None
    ) -> tuple[str, ...]:
        always = ("stage_badge", "sentences", *COUNTED)
        return always if obj is None else (*always, *_settled(obj))

    def get_fieldsets(self, request: HttpRequest, obj: Batch | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj else fieldsets[:-1]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given: dict[str, Any] = super().get_changeform_initial_data(request)
        campaigns = self.related_rows(request, Campaign, "add")
        return proposals.proposed(campaigns, given.get("campaign")) | given

    def get_inlines(self, request: HttpRequest, obj: Batch | None) -> tuple[Any, ...]:
        return () if obj is None else (AllotmentInline, BatchEventInline)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_draft = obj is None or obj.stage == Batch.Stage.DRAFT
        return is_draft and super().has_delete_permission(request, obj)

    def save_model(
        self, request: HttpRequest, obj: Batch, form: Any, change: bool
    ) -> None:
        if not change:
            super().save_model(request, obj, form, change)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Locks as every claim does: allotments by pk, the batch last."""
        allotments = form.instance.allotments.select_for_update(no_key=True)
        list(allotments.order_by("pk"))
        super().save_related(request, form, formsets, change)
        if change:
            self._save_batch(request, form.instance, form.changed_columns)
        else:
            form.instance.complete_allotments()

    def _save_batch(
        self, request: HttpRequest, batch: Batch, columns: list[str]
    ) -> None:
        guarded: dict[str, Callable[..., None]] = {"capacity": batch.change_capacity}
        if batch.stage == Batch.Stage.OPEN:
            guarded["closes_at"] = batch.change_cut_off
        for name in columns:
            if name in guarded:
                guarded[name](getattr(batch, name), actor=staff(request))
        batch.save(update_fields=[name for name in columns if name not in guarded])

    @admin.display(description=_("sentences"))
    def sentences(self, batch: Batch) -> SafeString:
        return sentences.as_html(batch)

    @admin.display(description=_("closes"), ordering="closes_at")
    def closes(self, batch: Batch) -> str:
        return dates.moment_short(batch.closes_at) if batch.closes_at else "–"

    @admin.display(description=_("ships"), ordering="ships_from")
    def ships(self, batch: Batch) -> str:
        return dates.window_short(batch.ships_from, batch.ships_until)


def _told(noted: Any) -> str:
    """A number as it is; a moment, which JSON keeps as text, in words."""
    if not isinstance(noted, str):
        return "–" if noted is None else str(noted)
    return dates.moment_short(datetime.fromisoformat(noted))


def _settled(batch: Batch) -> list[str]:
    """What no form may change any more: promised, paid for, or over."""
    stage, stages = batch.stage, Batch.Stage
    rules = [
        (True, ("campaign",)),
        (stage != stages.DRAFT, ("number", *WINDOW)),
        (batch.taken > 0, MINIMUM),
        (stage not in (stages.DRAFT, stages.OPEN), SELLING_TIME),
        (stage not in (stages.DRAFT, stages.OPEN, stages.CLOSED), (*CAPS, *PRODUCTION)),
    ]
    return [name for applies, names in rules if applies for name in names]
