"""All that the checkout page shows, read once: campaign, batch, basket, form, totals."""

import secrets
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self

from campaigns.errors import BatchClosed, CampaignError, SoldOut, WindowChanged
from campaigns.models import Allotment, Batch, Campaign, ShippingOption
from django.http import Http404, HttpRequest, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language

from payments.basket import Basket, draft_lines, read_basket
from payments.checkout import Draft, DraftLine, deposit_of
from payments.forms import CheckoutForm


@dataclass
class Offer:
    """What is offered instead of what was refused."""

    refusal: CampaignError
    batch: Batch
    left: int
    next_batch: Batch | None
    shortages: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return type(self.refusal).__name__


@dataclass
class CheckoutPage:
    campaign: Campaign
    batch: Batch
    basket: Basket
    lines: tuple[DraftLine, ...]
    options: list[ShippingOption]
    form: CheckoutForm
    data: QueryDict
    offer: Offer | None = None
    is_busy: bool = False
    is_stale: bool = False

    @classmethod
    def read(cls, request: HttpRequest, slug: str) -> Self:
        """The page for this request; raises Http404 for what was never offered."""
        data = request.POST if request.method == "POST" else request.GET
        campaign = get_object_or_404(
            Campaign.objects.public().select_related("seller"), slug=slug
        )
        batch = _batch(campaign, data.get("batch", ""))
        basket = read_basket(data)
        options = list(campaign.seller.shipping_options.offered(campaign.currency))
        is_order = request.method == "POST" and "quote" not in data
        return cls(
            campaign=campaign,
            batch=batch,
            basket=basket,
            lines=draft_lines(basket, campaign, batch, data),
            options=options,
            form=_form(campaign, options, data, bound=is_order, batch=batch),
            data=data,
        )

    def is_valid(self) -> bool:
        """Form and basket both; the basket's errors join the form's summary."""
        for _name, message in self.basket.errors:
            self.form.add_error(None, message)
        return self.form.is_valid()

    def draft(self) -> Draft:
        cleaned = self.form.cleaned_data
        return Draft(
            campaign=self.campaign,
            batch=self.batch,
            schedule_version=cleaned["schedule_version"],
            lines=self.lines,
            shipping=cleaned["shipping"],
            buyer=cleaned["buyer"],
            locale=get_language() or self.campaign.lang,
        )

    def refusal_before_ordering(self) -> CampaignError | None:
        """What the buyer should hear before typing an address."""
        if not self.batch.is_accepting(self.batch.clock):
            return BatchClosed()
        short = any(
            line.quantity > line.allotment.left_in(self.batch) for line in self.lines
        )
        return SoldOut([]) if short or self.units > self.batch.left else None

    def turn_to_next(self, refusal: CampaignError) -> None:
        """Show what happened, and the same form for what is offered instead.

        Never silently: the buyer reads the other window and agrees to it anew.
        """
        refused = Batch.objects.with_clock().get(pk=self.batch.pk)
        next_batch = self._next_batch(refused, refusal)
        self.offer = Offer(
            refusal=refusal,
            batch=refused,
            left=refused.left,
            next_batch=next_batch,
            shortages=self._shortages(refused),
        )
        self.batch = next_batch or refused
        self.lines = draft_lines(self.basket, self.campaign, self.batch, self.data)
        self.form = _form(
            self.campaign, self.options, self.data, bound=False, batch=self.batch
        )

    def _next_batch(self, refused: Batch, refusal: CampaignError) -> Batch | None:
        """The same batch under its new window, or the earliest other one that fits."""
        if isinstance(refusal, WindowChanged):
            return refused
        accepting = self.campaign.batches.accepting().exclude(pk=refused.pk)
        candidates = accepting.with_clock().prefetch_related("allotments")
        return next((b for b in candidates.order_by("number") if self._fits(b)), None)

    def _fits(self, batch: Batch) -> bool:
        left = {a.variant_id: a.left_in(batch) for a in batch.allotments.all()}
        wanted = self.basket.quantities
        return self.units <= batch.left and all(
            left.get(variant, 0) >= units for variant, units in wanted.items()
        )

    def _shortages(self, batch: Batch) -> list[tuple[str, int, int]]:
        """Label, wanted and left of each variant that is short in this batch."""
        allotments = Allotment.objects.of([batch]).filter(
            variant__in=self.basket.quantities
        )
        rows = [
            (a.variant.label, self.basket.quantities[a.variant_id], a.left_in(batch))
            for a in allotments
        ]
        return [row for row in rows if row[1] > row[2]]

    @property
    def units(self) -> int:
        return sum(self.basket.quantities.values())

    @property
    def goods(self) -> Decimal:
        amounts = (line.variant.price * line.quantity for line in self.lines)
        return sum(amounts, start=Decimal(0))

    @property
    def weight(self) -> int:
        return sum(line.variant.weight_grams * line.quantity for line in self.lines)

    @property
    def shipping_choices(self) -> list[dict[str, Any]]:
        """The services that reach the chosen province, each with its price."""
        province, chosen = self._value("province"), self._value("shipping")
        return [
            {
                "option": option,
                "price": option.price(self.weight),
                "chosen": str(option.pk) == chosen,
            }
            for option in self.options
            if not province or option.serves(province)
        ]

    @property
    def shipping_price(self) -> Decimal | None:
        prices = [c["price"] for c in self.shipping_choices if c["chosen"]]
        return prices[0] if prices else None

    @property
    def total(self) -> Decimal:
        return self.goods + (self.shipping_price or Decimal(0))

    @property
    def deposit(self) -> Decimal:
        return deposit_of(self.campaign, self.total)

    def _value(self, name: str) -> str:
        return str(self.form[name].value() or "")


def _batch(campaign: Campaign, number: str) -> Batch:
    """The batch named in the address, else the one offered now; Http404 otherwise."""
    batches = campaign.batches.public().with_clock()
    if not number:
        offered = batches.accepting().order_by("number").first()
        batch = offered or batches.order_by("number").last()
        if batch is None:
            raise Http404
        return batch
    if not (number.isascii() and number.isdigit() and len(number) <= 4):
        raise Http404
    return get_object_or_404(batches, number=int(number))


def _form(
    campaign: Campaign,
    options: list[ShippingOption],
    data: QueryDict,
    *,
    bound: bool,
    batch: Batch,
) -> CheckoutForm:
    if bound:
        return CheckoutForm(data, options=options, asks_note=campaign.asks_note)
    initial = {name: data[name] for name in CheckoutForm.base_fields if name in data}
    initial.pop("terms", None)
    initial["schedule_version"] = batch.schedule_version
    initial.setdefault("submit_key", secrets.token_urlsafe(32))
    return CheckoutForm(
        initial=initial, options=options, asks_note=campaign.asks_note
    )
