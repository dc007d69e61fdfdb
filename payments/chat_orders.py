"""An order taken by chat: the seller types it in, and it passes the shop's own gate."""

import secrets
from dataclasses import dataclass
from typing import Any, Self

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import dates, room, room_wording
from campaigns.actors import Actor
from campaigns.errors import CampaignError, Refused, SoldOut, WindowChanged
from campaigns.models import Allotment, Batch
from campaigns.money import format_money
from campaigns.web_addresses import absolute
from orders import tallies
from orders.forms import PlainEmailField
from orders.models import Order
from orders.phones import chat_url
from orders.tallies import BuyerLimitReached
from payments import gateways
from payments.checkout.basket import Basket, draft_lines, read_basket
from payments.checkout.form import CheckoutForm
from payments.checkout.placing import Draft, DraftLine, place


class ChatOrderForm(CheckoutForm):
    """As the buyer's form, but nobody ticks terms and the e-mail may be unknown."""

    email = PlainEmailField(
        label=gettext_lazy("E-mail (optional)"),
        required=False,
        help_text=gettext_lazy("Without it the buyer gets the link only from you."),
        # The browser knows the e-mail of staff, not the buyer's.
        widget=forms.EmailInput,
    )
    terms = None  # type: ignore[assignment]  # Django's way to leave a field out.

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Only the buyer can agree to a charge.
        super().__init__(*args, **kwargs | {"consent": ""})

    def _offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[name].widget = forms.Select()
        super()._offer(name, choices)


@dataclass(frozen=True)
class Row:
    """A variant with what is left of it, and what was typed."""

    allotment: Allotment
    left: int
    typed: str

    @property
    def field_name(self) -> str:
        return f"quantity-{self.allotment.variant_id}"


@dataclass
class ChatPage:
    """`reasons` tell why the order was refused; the form keeps what was typed."""

    batch: Batch
    data: QueryDict
    basket: Basket
    lines: tuple[DraftLine, ...]
    form: ChatOrderForm
    reasons: list[str]

    @classmethod
    def read(cls, batch: Batch, data: QueryDict | None) -> Self:
        typed = data if data is not None else QueryDict()
        basket = read_basket(_filled_in(typed)) if data is not None else Basket()
        return cls(
            batch=batch,
            data=typed,
            basket=basket,
            lines=draft_lines(basket, batch.campaign, batch, typed),
            form=_form(batch, data),
            reasons=[],
        )

    @property
    def rows(self) -> list[Row]:
        allotments = Allotment.objects.of([self.batch]).filter(variant__active=True)
        return [
            Row(
                a,
                room.of_variant(a, self.batch).units,
                self.data.get(f"quantity-{a.variant_id}", ""),
            )
            for a in allotments.order_by("variant__position", "variant")
        ]

    def place(self, *, actor: Actor) -> Order | None:
        """The order; None with the errors in the form, or with `reasons`."""
        self._check_basket()
        if not self.form.is_valid():
            return None
        cleaned = self.form.cleaned_data
        try:
            return place(
                self._draft(actor),
                gateway=cleaned["payment"],
                submit_key=cleaned["submit_key"],
            )
        except BuyerLimitReached as refusal:
            self.form.add_error(None, self._limit_in_words(refusal))
        except CampaignError as refusal:
            self._refuse(refusal)
        return None

    def _check_basket(self) -> None:
        for _name, message in self.basket.errors:
            self.form.add_error(None, message)
        names = [
            f"personalization-{line.variant.pk}-{n}"
            for line in self.lines
            for n in range(1, len(line.personalization) + 1)
        ]
        if not all(name in self.data for name in names):
            # The fields come with the quantities: only now is it known how many.
            words = _("Say what each unit is to carry; an empty field means nothing.")
            self.form.add_error(None, words)

    def _draft(self, actor: Actor) -> Draft:
        cleaned = self.form.cleaned_data
        return Draft(
            campaign=self.batch.campaign,
            batch=self.batch,
            schedule_version=cleaned["schedule_version"],
            lines=self.lines,
            shipping=cleaned["shipping"],
            buyer=cleaned["buyer"],
            locale=self.batch.campaign.lang,
            source=Order.Source.CHAT,
            actor=actor,
        )

    def _refuse(self, refusal: CampaignError) -> None:
        """Show the batch as it is now, and the promise the next try would make."""
        campaign = self.batch.campaign
        self.batch = Batch.objects.with_clock().get(pk=self.batch.pk)
        self.batch.campaign = campaign
        self.reasons = self._in_words(refusal)
        typed = self.data.copy()
        typed["schedule_version"] = str(self.batch.schedule_version)
        self.form.data = typed

    def _in_words(self, refusal: CampaignError) -> list[str]:
        if isinstance(refusal, SoldOut):
            labels = {line.variant.pk: line.variant.label for line in self.lines}
            words = _("%(label)s: %(wanted)s wanted, %(left)s left (%(why)s).")
            return [
                words
                % {
                    "label": labels.get(short.variant_id or 0, _("The batch")),
                    "wanted": short.wanted,
                    "left": short.left,
                    "why": room_wording.because(short.cap),
                }
                for short in refusal.shortages
            ]
        if isinstance(refusal, WindowChanged):
            window = dates.window(self.batch.ships_from, self.batch.ships_until)
            words = _("It now ships %(window)s. Tell the buyer, then send this again.")
            return [words % {"window": window}]
        if isinstance(refusal, Refused):
            return [_("The batch changed at this moment. Send this again.")]
        return [self.closed_in_words()]

    def closed_in_words(self) -> str:
        batch = self.batch
        if batch.is_accepting(batch.clock):
            return ""
        left = room.in_batch(batch).left
        if batch.is_before_close(batch.clock) and batch.opens_at:
            words = _("This batch takes orders from %(moment)s (%(left)s left).")
            return words % {"moment": dates.moment(batch.opens_at), "left": left}
        # Past its cut-off it is closed, whether or not the clock's round came by.
        is_over = batch.stage == Batch.Stage.OPEN
        stage = Batch.Stage.CLOSED.label if is_over else batch.get_stage_display()
        words = _("This batch takes no orders now (%(stage)s, %(left)s left).")
        return words % {"stage": stage, "left": left}

    def _limit_in_words(self, refusal: BuyerLimitReached) -> str:
        buyer = self.form.cleaned_data["buyer"]
        held = tallies.held_by(
            campaign_id=self.batch.campaign_id,
            email=buyer["email"],
            phone=buyer["phone"],
        )
        words = _("At most %(limit)s units per buyer; this buyer has %(held)s already.")
        return words % {"limit": refusal.limit, "held": held}


def _filled_in(typed: QueryDict) -> QueryDict:
    """A row that staff left empty asks for nothing; the shop's own rows send zeros."""
    filled = typed.copy()
    for name, texts in typed.lists():
        if name.startswith("quantity-"):
            filled.setlist(name, [text for text in texts if str(text).strip()])
    return filled


def _form(batch: Batch, data: QueryDict | None) -> ChatOrderForm:
    seller, currency = batch.campaign.seller, batch.campaign.currency
    options = list(seller.shipping_options.offered(currency))
    initial = {
        "schedule_version": batch.schedule_version,
        "submit_key": secrets.token_urlsafe(32),
    }
    return ChatOrderForm(
        data,
        initial=initial,
        options=options,
        ways_to_pay=gateways.offered(batch.campaign),
        asks_note=True,
    )


def link_of(order: Order) -> str:
    """Where the buyer pays, or follows an order on which nothing is due."""
    is_due = order.status == Order.Status.PENDING
    name = "payment:pay" if is_due else "order:status"
    return absolute(reverse(name, args=[order.token]))


def whatsapp_link(order: Order) -> str:
    """Opens the chat with this buyer, the words ready in the buyer's language."""
    with translation.override(order.locale), timezone.override(order.zone):
        words = _("Hello %(name)s, your order %(number)s for %(total)s is entered.")
        sentences = [
            words
            % {
                "name": order.name,
                "number": order.number,
                "total": format_money(order.total, order.currency),
            }
        ]
        if order.status == Order.Status.PENDING and order.expires_at:
            before = _("Please pay before %(moment)s here:")
            sentences.append(before % {"moment": dates.moment(order.expires_at)})
    text = " ".join([*sentences, link_of(order)])
    return chat_url(order.phone, text)
