"""Batches: their numbers and dates, and the steps that need no other app."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns import dates
from campaigns.actors import Actor
from campaigns.admin import proposals, sentences
from campaigns.admin.base import (
    ShopInline,
    ShopModelAdmin,
    badge_column,
)
from campaigns.admin.batch_forms import AllotmentForm, BatchForm
from campaigns.admin.batch_history import BatchEventInline
from campaigns.admin.batch_steps import Close, LockAddresses, Open, Reopen
from campaigns.admin.caps import wider_than
from campaigns.admin.row_pages import RowPage, RowPagesMixin
from campaigns.admin.tones import STAGES
from campaigns.admin.transitions import Transition, staff
from campaigns.errors import ChangedMeanwhile
from campaigns.models import Allotment, Batch, Campaign
from campaigns.money import format_money, from_minor_units

COUNTED = ("taken", "orders_so_far", "goods_ordered", "goods_limit", "schedule_version")
# Announced by a step of its own.
ANNOUNCED = ("addresses_lock_at",)
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


@admin.register(Batch)
class BatchAdmin(RowPagesMixin, ShopModelAdmin):
    seller_path = "campaign__seller"
    money_fields = ("goods_capacity", "goods_limit", "goods_ordered")
    form = BatchForm
    list_display = (
        "__str__",
        badge_column("stage", _("stage"), STAGES),
        "taken",
        "capacity",
        "closes",
        "ships",
    )
    list_filter: ClassVar[Any] = ("stage", "campaign__seller", "campaign")
    list_select_related = ("campaign",)
    search_fields = ("campaign__title",)
    transitions: ClassVar[list[Transition]] = [
        *(Open(), Close(), Reopen()),
        LockAddresses(),
    ]
    row_pages: ClassVar[list[RowPage]] = []
    fieldsets = (
        (None, {"fields": ("campaign", "number", "stage_badge")}),
        (
            _("Capacity"),
            {
                "fields": (
                    ("capacity", "taken"),
                    ("order_capacity", "orders_so_far"),
                    ("goods_capacity", "goods_ordered"),
                    MINIMUM,
                )
            },
        ),
        (
            _("Schedule"),
            {
                "fields": (SELLING_TIME, PRODUCTION, "addresses_lock_at", WINDOW),
                "description": _(
                    "Buyers read that it ships between “ships from” and “ships until”."
                    " Once the batch was opened, that is a promise: announce new dates."
                ),
            },
        ),
        TOLD,
    )

    stage_badge = staticmethod(badge_column("stage", _("stage"), STAGES))

    def get_readonly_fields(
        self, request: HttpRequest, obj: Batch | None = None
    ) -> tuple[str, ...]:
        always = ("stage_badge", "sentences", *COUNTED, *ANNOUNCED)
        return always if obj is None else (*always, *_settled(obj))

    def get_fieldsets(self, request: HttpRequest, obj: Batch | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets[:-1]
        is_settled = "goods_capacity" in _settled(obj)
        return _to_read(fieldsets) if is_settled else fieldsets

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
            self._tell_of_wider(request, form.instance)
        else:
            form.instance.complete_allotments()

    def save_formset(
        self, request: HttpRequest, form: Any, formset: Any, change: bool
    ) -> None:
        if formset.model is not Allotment:
            return super().save_formset(request, form, formset, change)
        formset.save(commit=False)
        rows = [row for row in formset.initial_forms if row.has_changed()]
        for row in sorted(rows, key=lambda row: row.instance.pk):
            _save_allotment(row.instance, row.changed_columns, actor=staff(request))
        return None

    def _tell_of_wider(self, request: HttpRequest, batch: Batch) -> None:
        if words := wider_than(batch):
            self.message_user(request, f"{words}.", messages.WARNING)

    def _save_batch(
        self, request: HttpRequest, batch: Batch, columns: list[str]
    ) -> None:
        """What was settled since the form was checked is as fixed as if before."""
        stored = Batch.objects.locked(batch.pk)
        settled = set(_settled(stored))
        if stored.stage != batch.stage:
            settled |= set(SELLING_TIME)  # Checked by the rules of another stage.
        if not settled.isdisjoint(columns):
            raise ChangedMeanwhile
        guarded: dict[str, Callable[..., None]] = {
            "capacity": batch.change_capacity,
            "order_capacity": batch.change_order_capacity,
            "goods_capacity": batch.change_goods_capacity,
        }
        if stored.stage == Batch.Stage.OPEN:
            guarded["closes_at"] = batch.change_cut_off
        for name in columns:
            if name in guarded:
                guarded[name](getattr(batch, name), actor=staff(request))
        batch.save(update_fields=[name for name in columns if name not in guarded])

    @admin.display(description=_("capacity in money"))
    def goods_limit(self, batch: Batch) -> str:
        return _amount(batch, batch.goods_capacity)

    @admin.display(description=_("orders taken"))
    def orders_so_far(self, batch: Batch) -> int:
        return batch.orders_taken

    @admin.display(description=_("goods ordered"))
    def goods_ordered(self, batch: Batch) -> str:
        return _amount(batch, batch.goods_taken)

    @admin.display(description=_("sentences"))
    def sentences(self, batch: Batch) -> SafeString:
        return sentences.as_html(batch)

    @admin.display(description=_("closes"), ordering="closes_at")
    def closes(self, batch: Batch) -> str:
        return dates.moment_or_dash(batch.closes_at)

    @admin.display(description=_("ships"), ordering="ships_from")
    def ships(self, batch: Batch) -> str:
        return dates.window_short(batch.ships_from, batch.ships_until)


def _save_allotment(row: Allotment, columns: list[str], *, actor: Actor) -> None:
    if "capacity" in columns:
        row.change_capacity(row.capacity, actor=actor)
    if "sale" in columns:
        row.change_sale(row.sale, actor=actor)


def _amount(batch: Batch, minor: int | None) -> str:
    if minor is None or not batch.campaign_id:
        return "–"
    currency = batch.campaign.currency
    return format_money(from_minor_units(minor, currency), currency)


def _to_read(fieldsets: Any) -> Any:
    """A cap in money that is settled is told as an amount, not as what is stored."""

    def told(column: Any) -> Any:
        if isinstance(column, tuple | list):
            return tuple(map(told, column))
        return "goods_limit" if column == "goods_capacity" else column

    return [(name, {**of, "fields": told(of["fields"])}) for name, of in fieldsets]


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
