"""What reconciliation found, and when it ran: to look at, and to settle by hand."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from campaigns.actors import Actor
from campaigns.admin.base import badge
from campaigns.admin.scope import SUPERUSER_ONLY
from campaigns.admin.transitions import Transition
from payments.admin.base import MoneyAdmin
from payments.admin.exceptions import NoteForm
from payments.models import Discrepancy, ReconciliationRun
from payments.reconciliation import discrepancies

SIDES = {"here": _("Here"), "there": _("At the payment company")}


class SettledByHand(Transition):
    name = "settled"
    label = _("Settled by hand")
    done = _("Settled")
    form_class: ClassVar[type[forms.Form]] = NoteForm

    def is_offered(self, row: Discrepancy) -> bool:
        return row.resolved_at is None

    def facts(self, row: Discrepancy) -> list[tuple[Any, object]]:
        told = [(SIDES.get(name, name), text) for name, text in row.details.items()]
        no_money = _("It is listed again only if it changes. No money is moved.")
        return [
            (_("What"), row.get_kind_display()),
            *told,
            (_("What follows"), no_money),
        ]

    def perform(self, row: Discrepancy, *, actor: Actor, data: dict[str, Any]) -> None:
        discrepancies.settle_by_hand(row.pk, note=data["note"], actor=actor)


@admin.register(Discrepancy)
class DiscrepancyAdmin(MoneyAdmin):
    seller_path = "payment__order__batch__campaign__seller"
    order_path = ("payment", "order")
    moment_name = "found_at"
    transitions: ClassVar[list[Transition]] = [SettledByHand()]
    list_display = (
        "kind",
        "gateway",
        "reference",
        "order_link",
        "told",
        "state",
        "moment",
    )
    list_filter = (
        ("resolved_at", admin.EmptyFieldListFilter),
        "kind",
        "gateway",
    )
    list_select_related = ("payment__order",)
    search_fields = ("reference", "payment__order__number")
    fields = (
        "kind",
        "gateway",
        "reference",
        "order_link",
        "payment",
        "refund",
        "run",
        "told",
        "moment",
        "seen_at",
        "resolved_at",
        "resolved_by",
        "resolution",
    )
    readonly_fields = fields

    @admin.display(description=_("details"))
    def told(self, row: Discrepancy) -> str:
        return ", ".join(
            f"{SIDES.get(name, name)}: {text}" for name, text in row.details.items()
        )

    told.is_money = True  # type: ignore[attr-defined]

    @admin.display(description=_("state"), ordering="resolved_at")
    def state(self, row: Discrepancy) -> str:
        if row.resolved_at:
            return badge(_("Settled"), "ok")
        return badge(_("Open"), "warn")


@admin.register(ReconciliationRun)
class ReconciliationRunAdmin(MoneyAdmin):
    seller_path = SUPERUSER_ONLY
    moment_name = "started_at"
    list_display = ("moment", "mode", "gateways", "compared", "applied", "no_answer")
    list_filter = ("mode", "gateway")
    fields = (
        "moment",
        "mode",
        "gateways",
        "since",
        "finished_at",
        "compared",
        "applied",
        "no_answer",
    )
    readonly_fields = fields

    @admin.display(description=_("gateway"))
    def gateways(self, run: ReconciliationRun) -> str:
        return run.gateway or str(_("all"))

    @admin.display(description=_("no answer from"))
    def no_answer(self, run: ReconciliationRun) -> str:
        return ", ".join(run.silent) or "–"
