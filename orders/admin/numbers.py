"""The page of a batch's numbers: what is taken of it, by whom, and since when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import dates
from campaigns.admin.row_pages import RowPage
from campaigns.admin.tones import STAGES
from campaigns.models import Allotment, Batch
from campaigns.snapshot import snapshot
from orders.flow import capacity_of, flow_of
from orders.models import Order
from orders.numbers import words
from orders.numbers.batch import BatchNumbers, VariantNumbers
from orders.numbers.chart import History, Row, history
from orders.numbers.chart_words import span_text, tick_text
from orders.numbers.drawing import Drawing, drawn
from orders.waitlist import another_batch

SALES = {"open": "ok", "waitlist": "warn", "stopped": "bad"}


@dataclass(frozen=True, kw_only=True)
class Chart:
    """The picture, and the table that tells the same."""

    drawing: Drawing
    rows: list[tuple[str, Row]]
    description: str
    zone: str

    @classmethod
    def of(cls, past: History, batch: Batch) -> "Chart":
        step = past.step.name
        return cls(
            drawing=drawn(
                past,
                minimum=batch.minimum_units,
                time_text=lambda at: tick_text(step, at),
            ),
            rows=[(span_text(step, row), row) for row in past.rows],
            description=_(
                "From %(start)s to %(end)s; at the end %(taken)s of %(capacity)s units"
                " are taken. The table below the chart tells the same."
            )
            % {
                "start": dates.moment_short(past.start),
                "end": dates.moment_short(past.end),
                "taken": batch.taken,
                "capacity": batch.capacity,
            },
            zone=dates.zone_name(past.end),
        )


@dataclass(frozen=True, kw_only=True)
class VariantRow:
    numbers: VariantNumbers
    waiting_url: str

    @property
    def allotment(self) -> Allotment:
        return self.numbers.allotment

    @property
    def tone(self) -> str:
        return SALES.get(self.allotment.sale, "")


class NumbersPage(RowPage):
    name = "numbers"
    label = gettext_lazy("Live numbers")
    permissions = ("orders.view_order",)

    def render(
        self, request: HttpRequest, row: Batch, frame: dict[str, Any]
    ) -> HttpResponse:
        """In the zone of the batch's own seller, whoever looks at it."""
        with snapshot():
            batch = _read(row.pk)
            numbers = BatchNumbers.read(batch)
            past = _past(batch)
        with timezone.override(_zone(batch)):
            context = frame | _context(numbers, past, sees_money=frame["sees_money"])
            context["add_url"] = another_batch.url_for(request.user, batch)
            return render(request, "admin/campaigns/batch/numbers.html", context)


def _read(batch_id: int) -> Batch:
    batches = Batch.objects.with_clock().select_related("campaign__seller")
    return batches.get(pk=batch_id)


def _past(batch: Batch) -> History | None:
    """None while there has been no order."""
    flows = flow_of(batch)
    if not flows:
        return None
    end = _end(batch)
    return history(
        flows,
        capacity_of(batch),
        start=min(batch.opens_at or end, end),
        end=end,
        zone=_zone(batch),
    )


def _end(batch: Batch) -> datetime:
    """Now; or when it stopped taking orders."""
    return min(batch.clock, batch.closed_at or batch.closes_at or batch.clock)


def _zone(batch: Batch) -> ZoneInfo:
    return ZoneInfo(batch.campaign.seller.time_zone)


def _context(
    numbers: BatchNumbers, past: History | None, *, sees_money: bool
) -> dict[str, Any]:
    batch = numbers.batch
    return {
        "batch": batch,
        "numbers": numbers,
        "stage_tone": STAGES.get(batch.stage, ""),
        "summary": words.summary(numbers),
        "cards": words.cards(numbers, sees_money=sees_money),
        "variants": list(_variant_rows(numbers)),
        "taken_url": words.orders_list(batch, *Order.HOLDING),
        "paid_url": words.orders_list(batch, *Order.PAID),
        "held_url": words.orders_list(batch, *words.UNPAID),
        "waiting_url": words.waiting_list(batch),
        "chart": Chart.of(past, batch) if past else None,
    }


def _variant_rows(numbers: BatchNumbers) -> Iterator[VariantRow]:
    for each in numbers.variants:
        variant = each.allotment.variant_id
        url = words.waiting_list(numbers.batch, variant__id__exact=variant)
        yield VariantRow(numbers=each, waiting_url=url)
