"""The page that accepts an offer: checkout with its lines settled already."""

from dataclasses import dataclass
from typing import Any, Self

from django.http import HttpRequest

from campaigns.models import Batch
from orders import tallies
from orders.models import Order, WaitlistEntry
from payments.checkout.basket import Basket
from payments.checkout.form import CheckoutForm
from payments.checkout.page import CheckoutPage


class ClaimForm(CheckoutForm):
    """Without what the offer knows: the e-mail it went to, and its one order."""

    BUYER_FIELDS = tuple(n for n in CheckoutForm.BUYER_FIELDS if n != "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["email"], self.fields["submit_key"]


@dataclass(kw_only=True)
class ClaimPage(CheckoutPage):
    FORM = ClaimForm
    IS_HELD = True

    entry: WaitlistEntry
    order: Order
    # Said above the form when it is shown again.
    notice: str = ""

    @classmethod
    def of(cls, request: HttpRequest, entry: WaitlistEntry, order: Order) -> Self:
        batch = Batch.objects.with_clock().get(pk=entry.batch_id)
        campaign = batch.campaign = entry.batch.campaign
        basket = Basket({line.variant_id: line.quantity for line in order.lines.all()})
        return cls.with_form(
            request,
            campaign=campaign,
            batch=batch,
            basket=basket,
            entry=entry,
            order=order,
        )

    def show_again(self, notice: str) -> None:
        self.notice = notice
        self.form = self.form_again(self.typed)

    def units_held(self) -> int:
        phone = self.form.cleaned_data["buyer"]["phone"]
        email = self.order.email
        return tallies.held_by(campaign_id=self.campaign.pk, email=email, phone=phone)
