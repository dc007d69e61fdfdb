"""Announcing another shipping window: entered, looked at, then said to every buyer."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import dates, schedule
from campaigns.actors import Actor
from campaigns.admin.schedule_form import ScheduleForm, in_words
from campaigns.admin.transitions import Transition
from campaigns.errors import NotReady
from campaigns.models import Batch
from campaigns.schedule import NotAnnounceable
from orders.delays.preview import Preview, preview
from orders.models import Order


class AnnounceWindow(Transition):
    """Sent without `preview`, it is done at once."""

    name = "schedule"
    label = gettext_lazy("Announce new dates")
    done = gettext_lazy("Announced; its buyers are told within minutes")
    preview_template = "orders/admin_schedule_preview.html"

    def is_offered(self, row: Batch) -> bool:
        return row.stage in Batch.BEFORE_COMPLETION

    def form(self, row: Batch, data: Any) -> forms.Form:
        return ScheduleForm(data, batch=row)

    def facts(self, row: Batch) -> list[tuple[Any, object]]:
        window = dates.window(row.ships_from, row.ships_until)
        told = Order.objects.told_of_windows().filter(batch=row)
        return [
            (_("Promised now"), window),
            (_("Orders that hear of it"), told.count()),
            (_("Who is promised less"), _("is asked: wait, or cancel with all back")),
            (_("From then on"), _("new buyers are promised the new window")),
        ]

    def preview(self, row: Batch, data: dict[str, Any]) -> Preview:
        try:
            change = schedule.proposed(row, **_entered(data))
        except NotAnnounceable as refusal:
            raise NotReady([in_words(refusal)]) from refusal
        return preview(change)

    def perform(self, row: Batch, *, actor: Actor, data: dict[str, Any]) -> None:
        try:
            schedule.announce(row, **_entered(data), actor=actor)
        except NotAnnounceable as refusal:
            raise NotReady([in_words(refusal)]) from refusal


def _entered(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("window", "reason", "answer_by")}
