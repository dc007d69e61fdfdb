"""The page that takes a place on the waiting list of a batch, read once."""

from dataclasses import dataclass
from typing import Self

from django.http import Http404, HttpRequest, QueryDict
from django.shortcuts import get_object_or_404

from campaigns.models import Allotment, Batch, Campaign
from orders.waitlist import public_sale
from orders.waitlist.form import JoinForm


@dataclass
class JoinPage:
    campaign: Campaign
    batch: Batch
    # What nobody can order now, and beside it what this visitor asked for.
    gone: list[Allotment]
    asked: Allotment | None
    form: JoinForm

    @classmethod
    def read(cls, request: HttpRequest, slug: str) -> Self:
        """Raises Http404 for a batch that is not public."""
        data = request.POST if request.method == "POST" else request.GET
        campaigns = Campaign.objects.public().select_related("seller")
        campaign = get_object_or_404(campaigns, slug=slug)
        batch = _batch(campaign, data.get("batch", ""))
        sold = [a for a in Allotment.objects.of([batch]) if a.is_sold]
        asked = [a for a in sold if str(a.variant_id) == data.get("variant")]
        gone = [a for a in sold if public_sale.is_gone(a, batch)]
        offered = [a for a in sold if a in gone or a in asked]
        typed = request.POST if request.method == "POST" else None
        return cls(
            campaign=campaign,
            batch=batch,
            gone=gone,
            asked=asked[0] if asked else None,
            form=_form(campaign, offered, data, typed),
        )

    @property
    def is_closed(self) -> bool:
        return not self.batch.is_accepting(self.batch.clock)

    @property
    def available(self) -> Allotment | None:
        """What was asked for, if it can simply be ordered."""
        return None if self.asked in self.gone else self.asked


def _batch(campaign: Campaign, number: str) -> Batch:
    if not (number.isascii() and number.isdigit() and len(number) <= 4):
        raise Http404
    batches = campaign.batches.public().with_clock().select_related("campaign")
    return get_object_or_404(batches, number=int(number))


def _form(
    campaign: Campaign,
    allotments: list[Allotment],
    data: QueryDict,
    typed: QueryDict | None,
) -> JoinForm:
    initial = {name: data[name] for name in ("variant", "quantity") if name in data}
    return JoinForm(typed, campaign=campaign, allotments=allotments, initial=initial)
