"""All that the checkout page shows, read once: batch, basket, form, totals."""

import hashlib
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar, Self

from django.http import HttpRequest, QueryDict
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from campaigns import room
from campaigns.errors import BatchClosed, CampaignError, SoldOut
from campaigns.gallery import Image
from campaigns.models import Batch, Campaign, Picture, ShippingOption, Variant
from campaigns.money import format_money, to_minor_units
from campaigns.prepared import Prepared, given
from orders import tallies
from orders.holds.limits import TooManyUnpaid
from orders.origins import Origin
from payments.checkout import choices as checkout_choices
from payments.checkout import words as checkout_words
from payments.checkout.alternatives import Offer, offer_instead
from payments.checkout.basket import (
    MAX_QUANTITY,
    QUANTITY_FIELD,
    Basket,
    draft_lines,
)
from payments.checkout.form import CheckoutForm, checkout_form
from payments.checkout.placing import Draft, DraftLine, deposit_of, rules_of
from payments.checkout.reading import basket_of, batch_of, data_of

WHOLE_GRAMS = re.compile(r"[0-9]{1,9}")

COURIERS = Prepared(
    lambda: ShippingOption.objects.offered(given("currency")).filter(
        seller=given("seller")
    )
)
FIRST_PICTURE = Prepared(lambda: Picture.objects.filter(campaign=given("campaign"))[:1])


@dataclass
class CheckoutPage:
    FORM: ClassVar[type[CheckoutForm]] = CheckoutForm
    # Whether its units are the buyer's already.
    IS_HELD: ClassVar[bool] = False

    campaign: Campaign
    batch: Batch
    basket: Basket
    lines: tuple[DraftLine, ...]
    options: list[ShippingOption]
    form: CheckoutForm
    data: QueryDict
    # Typed into the form: nothing but the basket is read from an address, so that no
    # link can carry somebody's submit key.
    typed: QueryDict
    offer: Offer | None = None
    is_busy: bool = False
    is_stale: bool = False
    hoard: TooManyUnpaid | None = None

    @classmethod
    def read(cls, request: HttpRequest, slug: str) -> Self:
        """The page for this request; raises Http404 for what was never offered."""
        data = data_of(request)
        batch = batch_of(slug, data.get("batch", ""))
        campaign = batch.campaign
        basket = basket_of(data, campaign)
        return cls.with_form(request, campaign=campaign, batch=batch, basket=basket)

    @classmethod
    def with_form(
        cls,
        request: HttpRequest,
        *,
        campaign: Campaign,
        batch: Batch,
        basket: Basket,
        **more: Any,
    ) -> Self:
        """The form is bound where it was sent to order, not only to be priced."""
        data = data_of(request)
        options = COURIERS.all(seller=campaign.seller_id, currency=campaign.currency)
        return cls(
            campaign=campaign,
            batch=batch,
            basket=basket,
            lines=draft_lines(basket, campaign, batch, data, is_held=cls.IS_HELD),
            options=options,
            form=checkout_form(
                campaign,
                options,
                request.POST,
                bound=request.method == "POST" and "quote" not in data,
                batch=batch,
                form_class=cls.FORM,
            ),
            data=data,
            typed=request.POST,
            **more,
        )

    def form_again(self, typed: QueryDict) -> CheckoutForm:
        """With what was typed, under the prices and the promise of this page."""
        return checkout_form(
            self.campaign,
            self.options,
            typed,
            bound=False,
            batch=self.batch,
            form_class=self.FORM,
        )

    def renew(self) -> None:
        """A form of our own making: nothing a foreign page sent decides its key."""
        typed = self.typed.copy()
        typed.pop("submit_key", None)
        self.is_stale = True
        self.form = self.form_again(typed)

    def is_valid(self) -> bool:
        """Form and basket both; the basket's errors join the form's summary."""
        form = self.form
        if not form.is_bound:
            # A page that was only asked for has no input of a buyer to keep clean.
            form.full_clean()
            form.cleaned_data = {}
        for name, message in self.basket.errors:
            form.add_error(None, self._linked(name, message))
        if form.is_valid() and self._is_repriced(form.cleaned_data["shipping"]):
            form.add_error("shipping", self._new_shipping_price())
        if form.is_valid() and self.data.get("seen", self.seen) != self.seen:
            form.add_error(None, checkout_words.terms_changed())
        if form.is_valid() and self._asks_another_amount():
            words = checkout_words.amount_changed(self._money(self.deposit))
            form.add_error(None, words)
        return form.is_valid()

    @property
    def seen(self) -> str:
        """Digest of the prices and rules on this page: what the buyer agrees to."""
        prices = [
            (str(line.variant.pk), str(line.variant.price)) for line in self.lines
        ]
        couriers = [
            (o.pk, str(o.base_price), str(o.price_per_extra_kilogram))
            for o in self.options
        ]
        terms = json.dumps([prices, couriers, rules_of(self.campaign, self.batch)])
        return hashlib.sha256(terms.encode()).hexdigest()

    def _linked(self, name: str, message: str) -> str:
        """The message as a link to its field, or to where items are chosen."""
        page = self.campaign.get_absolute_url()
        target = page if name == "quantity" else f"#{name}"
        return format_html('<a href="{}">{}</a>', target, message)

    def _is_repriced(self, option: ShippingOption) -> bool:
        """Whether the parcel costs more or less than the page the buyer saw said.

        Without a script a quantity can be changed there and ordered at once.
        """
        seen = self.data.get("weight", "")
        return bool(WHOLE_GRAMS.fullmatch(seen)) and (
            option.price(int(seen)) != option.price(self.weight)
        )

    def _new_shipping_price(self) -> str:
        price = self.form.cleaned_data["shipping"].price(self.weight)
        message = _("Shipping for this quantity is %(price)s. Check the total again.")
        return message % {"price": self._money(price)}

    def _asks_another_amount(self) -> bool:
        """Whether the page the buyer saw named another first payment than is due."""
        shown = self.data.get("first_payment", "")
        return bool(shown) and shown != self.first_payment

    def draft(self, origin: Origin | None = None) -> Draft:
        cleaned = self.form.cleaned_data
        return Draft(
            campaign=self.campaign,
            batch=self.batch,
            schedule_version=cleaned["schedule_version"],
            lines=self.lines,
            shipping=cleaned["shipping"],
            buyer=cleaned["buyer"],
            locale=get_language() or self.campaign.lang,
            origin=origin,
            consent=self.form.consent_given,
        )

    def refusal_before_ordering(self) -> CampaignError | None:
        """What the buyer should hear before typing an address."""
        if not self.batch.is_accepting(self.batch.clock):
            return BatchClosed()
        wanted = {line.allotment: line.quantity for line in self.lines}
        short = room.shortages(self.batch, wanted)
        return SoldOut(short) if short else None

    def turn_to_next(self, refusal: CampaignError) -> None:
        """Show what happened, and the same form for what is offered instead.

        Never silently: the buyer reads the other window and agrees to it anew.
        """
        refused = self.campaign.batches.with_clock().get(pk=self.batch.pk)
        self.offer = offer_instead(
            refusal, batch=refused, quantities=self.basket.quantities
        )
        self.batch = self.offer.next_batch or refused
        self.lines = draft_lines(self.basket, self.campaign, self.batch, self.data)
        self.form = self.form_again(self.typed)

    def units_held(self) -> int:
        """What this buyer has in other orders of the campaign."""
        buyer = self.form.cleaned_data["buyer"]
        return tallies.held_by(
            campaign_id=self.campaign.pk, email=buyer["email"], phone=buyer["phone"]
        )

    @property
    def units(self) -> int:
        return sum(self.basket.quantities.values())

    @property
    def has_no_offer(self) -> bool:
        """Nothing on this page can be ordered."""
        return self.offer is not None and self.offer.next_batch is None

    @cached_property
    def misread(self) -> list[tuple[Variant, str]]:
        """Variants whose quantity is no number, with what was written instead."""
        written = {
            int(match.group(1)): str(self.data.get(name, ""))
            for name, _message in self.basket.errors
            if (match := QUANTITY_FIELD.fullmatch(name))
            and int(match.group(1)) not in self.basket.quantities
        }
        if not written:
            return []
        variants = self.campaign.variants.active().filter(pk__in=written)
        return [(variant, written[variant.pk]) for variant in variants]

    @cached_property
    def picture(self) -> Image | None:
        first = FIRST_PICTURE.first(campaign=self.campaign.pk)
        return Image.of(first) if first else None

    @property
    def rules(self) -> list[str]:
        return checkout_words.rules(self.campaign, self.batch)

    @property
    def most(self) -> int:
        """The largest quantity worth typing; the gate decides, not this number."""
        return self.campaign.buyer_limit or MAX_QUANTITY

    @property
    def goods(self) -> Decimal:
        return sum((line.amount for line in self.lines), start=Decimal(0))

    @property
    def weight(self) -> int:
        return sum(line.variant.weight_grams * line.quantity for line in self.lines)

    @cached_property
    def shipping_choices(self) -> list[dict[str, Any]]:
        return checkout_choices.couriers(self.form, self.options, weight=self.weight)

    @property
    def payment_choices(self) -> list[dict[str, Any]]:
        return checkout_choices.ways_to_pay(self.form)

    @property
    def shipping_price(self) -> Decimal | None:
        prices = [c["price"] for c in self.shipping_choices if c["chosen"]]
        return prices[0] if prices else None

    @property
    def sums(self) -> list[dict[str, str]]:
        return checkout_words.sums(
            goods=self.goods, shipping=self.shipping_price, money=self._money
        )

    @property
    def first_payment(self) -> str:
        """What is to be paid now, in minor units; empty before a courier is chosen."""
        if self.shipping_price is None:
            return ""
        return str(to_minor_units(self.deposit, self.campaign.currency))

    def _money(self, amount: Decimal) -> str:
        return format_money(amount, self.campaign.currency)

    @property
    def balance(self) -> Decimal:
        return self.total - self.deposit

    @property
    def total(self) -> Decimal:
        return self.goods + (self.shipping_price or Decimal(0))

    @property
    def deposit(self) -> Decimal:
        return deposit_of(self.campaign, self.total)
