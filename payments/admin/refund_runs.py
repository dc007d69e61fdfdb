"""The admin's page of a refund run: how far it is, by itself kept up to date."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import dates
from campaigns.actors import Actor
from campaigns.admin.base import ReadOnlyModelAdmin, badge_column
from campaigns.admin.transitions import Transition
from campaigns.errors import InvalidTransition
from campaigns.lists import link_to
from campaigns.money import format_money
from campaigns.wakeup import wake_up
from payments.models import Refund, RefundRun
from payments.refunds.run_progress import Progress
from payments.tones import REFUNDS, RUNS


class Resume(Transition):
    name = "resume"
    label = gettext_lazy("Resume")
    done = gettext_lazy("It goes on within a minute")
    permission = "payments.change_refundrun"

    def is_offered(self, row: RefundRun) -> bool:
        return row.state == RefundRun.State.STOPPED

    def facts(self, row: RefundRun) -> list[tuple[Any, object]]:
        progress = Progress.of(row)
        left = progress.total - progress.handled
        return [
            (_("It stopped because"), row.note),
            (_("Payments still to be refunded"), left),
            (_("Twice"), _("no payment is refunded, however often it is resumed")),
        ]

    def perform(self, row: RefundRun, *, actor: Actor, data: dict[str, Any]) -> None:
        if not row.resume():
            raise InvalidTransition(row, RefundRun.State.RUNNING)
        wake_up()


@admin.register(RefundRun)
class RefundRunAdmin(ReadOnlyModelAdmin):
    seller_path = "batch__campaign__seller"
    change_form_template = "admin/payments/refundrun/change_form.html"
    transitions: ClassVar[list[Transition]] = [Resume()]
    list_display = (
        "batch",
        badge_column("state", gettext_lazy("state"), RUNS),
        "started",
        "finished",
    )
    list_filter = ("state",)
    list_select_related = ("batch__campaign",)
    fields = ("batch", "started_by", "started", "finished")
    readonly_fields = fields

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        kwargs["extra_context"] = {"run": run, "tone": RUNS.get(run.state, "")}
        if self.sees_money(request, run):
            kwargs["extra_context"] |= _progress(run)
        return super().change_view(request, object_id, *args, **kwargs)

    @admin.display(description=gettext_lazy("started"), ordering="started_at")
    def started(self, run: RefundRun) -> str:
        return dates.moment_short(run.started_at)

    @admin.display(description=gettext_lazy("finished"), ordering="finished_at")
    def finished(self, run: RefundRun) -> str:
        return dates.moment_or_dash(run.finished_at)


def _progress(run: RefundRun) -> dict[str, Any]:
    progress = Progress.of(run)
    words = _("%(handled)s of %(total)s payments handled")
    numbers = {"handled": progress.handled, "total": progress.total}
    return {
        "progress": progress,
        "summary": words % numbers,
        "states": [_state(run, progress, state) for state in progress.parts],
        "currency": progress.currency,
    }


def _state(run: RefundRun, progress: Progress, state: Refund.State) -> dict[str, Any]:
    part = progress.part(state)
    return {
        "label": state.label,
        "tone": REFUNDS.get(state, ""),
        "payments": part.payments,
        "amount": format_money(part.amount, progress.currency),
        "url": link_to(Refund, run__id__exact=run.pk, state__exact=state),
    }
