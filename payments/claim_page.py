"""The page that accepts an offer: checkout with its lines settled already."""

from dataclasses import dataclass
from typing import Any, Self

from django.http import HttpRequest

from campaigns.models import Batch
from orders import tallies
from orders.models import Order, WaitlistEntry
from payments.basket import Basket, draft_lines
from payments.checkout_page import CheckoutPage, form_for
from payments.forms import CheckoutForm


class ClaimForm(CheckoutForm):
    """Without what the offer knows: the e-mail it went to, and its one order."""

    BUYER_FIELDS = tuple(n for n in CheckoutForm.BUYER_FIELDS if n != "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["email"], self.fields["submit_key"]


@dataclass(kw_only=True)
class ClaimPage(CheckoutPage):
    entry: WaitlistEntry
    order: Order
    # Said above the form when it is shown again.
    notice: str = ""

    @classmethod
    def of(cls, request: HttpRequest, entry: WaitlistEntry, order: Order) -> Self:
        batch = Batch.objects.with_clock().get(pk=entry.batch_id)
        campaign = batch.campaign = entry.batch.campaign
        data = request.POST if request.method == "POST" else request.GET
        lines = order.lines.all()
        basket = Basket({line.variant_id: line.quantity for line in lines})
        options = list(campaign.seller.shipping_options.offered(campaign.currency))
        is_order = request.method == "POST" and "quote" not in data
        return cls(
            campaign=campaign,
            batch=batch,
            basket=basket,
            lines=draft_lines(basket, campaign, batch, data),
            options=options,
            form=form_for(
                campaign,
                options,
                request.POST,
                bound=is_order,
                batch=batch,
                form_class=ClaimForm,
            ),
            data=data,
            typed=request.POST,
            entry=entry,
            order=order,
        )

    def show_again(self, notice: str) -> None:
        """With what was typed, under the prices and the promise of now."""
        self.notice = notice
        self.form = form_for(
            self.campaign,
            self.options,
            self.typed,
            bound=False,
            batch=self.batch,
            form_class=ClaimForm,
        )

    def units_held(self) -> int:
        phone = self.form.cleaned_data["buyer"]["phone"]
        email = self.order.email
        return tallies.held_by(campaign_id=self.campaign.pk, email=email, phone=phone)
