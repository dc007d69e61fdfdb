"""The checkout form: one page, every field forgiving about how it is written."""

import secrets
from typing import Any, ClassVar, cast

from django import forms
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from campaigns.models import Batch, Campaign, ShippingOption
from orders.addresses.form import AddressForm
from orders.forms import PhoneField, PlainEmailField
from payments import gateways
from payments.cards import consent as card_consent
from payments.gateways.words import in_words

SUBMIT_KEY = RegexValidator(r"^[A-Za-z0-9_-]{32,64}\Z")
# The largest the column holds.
GREATEST_VERSION = 2**31 - 1


class CheckoutForm(AddressForm):
    """The buyer's part of an order; `cleaned_data["buyer"]` holds columns of Order."""

    BUYER_FIELDS: ClassVar[tuple[str, ...]] = (
        "name",
        "email",
        "phone",
        "address",
        "province",
        "city",
        "district",
        "subdistrict",
        "postal_code",
        "landmark",
        "note",
    )

    # As on the page, which the summary of errors follows.
    field_order = ("schedule_version", "submit_key", "name", "phone", "email")

    schedule_version = forms.IntegerField(
        min_value=1, max_value=GREATEST_VERSION, widget=forms.HiddenInput
    )
    submit_key = forms.CharField(validators=[SUBMIT_KEY], widget=forms.HiddenInput)
    phone = PhoneField(help_text=_("For news of the schedule and the courier."))
    email = PlainEmailField(
        help_text=_("Your receipt and your order link go here."),
    )
    shipping = forms.ChoiceField(
        label=_("Shipping"),
        error_messages={
            "required": _("Choose a shipping service."),
            "invalid_choice": _("Choose a shipping service from the list."),
        },
        widget=forms.RadioSelect,
    )
    payment = forms.ChoiceField(
        label=_("Pay with"),
        error_messages={
            "required": _("Choose how to pay."),
            "invalid_choice": _("Choose a way to pay from the list."),
        },
        widget=forms.RadioSelect,
    )
    # Its label is what the buyer agrees to, word for word.
    save_card = forms.BooleanField(
        required=False, help_text=_("Only when you pay by card. You need not agree.")
    )
    note = forms.CharField(
        label=_("Note to the seller"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    terms = forms.BooleanField(
        label=_("I agree to the ship window and the refund rule above."),
        error_messages={
            "required": _("Agree to the ship window and the refund rule to order.")
        },
    )

    def __init__(
        self,
        *args: Any,
        options: list[ShippingOption],
        ways_to_pay: list[str],
        asks_note: bool,
        consent: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.options = {str(option.pk): option for option in options}
        self._offer("shipping", [(key, o.service) for key, o in self.options.items()])
        self._offer("payment", [(way, in_words(way)) for way in ways_to_pay])
        if not asks_note:
            del self.fields["note"]
        self.consent = consent
        if consent:
            self.fields["save_card"].label = consent
        else:
            del self.fields["save_card"]

    def _offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        """The choices of a radio field; a single one is chosen already."""
        field = cast("forms.ChoiceField", self.fields[name])
        field.choices = choices
        if len(choices) == 1:
            self.initial.setdefault(name, choices[0][0])

    @property
    def consent_given(self) -> str:
        """The words agreed to; a tick beside another way to pay means nothing."""
        data = self.cleaned_data
        is_card = card_consent.saves_cards(data["payment"])
        return self.consent if data.get("save_card") and is_card else ""

    def clean_shipping(self) -> ShippingOption:
        return self.options[self.cleaned_data["shipping"]]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        province, shipping = data.get("province"), data.get("shipping")
        if province and shipping and not shipping.serves(province):
            self.add_error(
                "shipping", _("This service does not ship to the province you chose.")
            )
        data["buyer"] = {name: data.get(name, "") for name in self.BUYER_FIELDS}
        return data


def checkout_form(
    campaign: Campaign,
    options: list[ShippingOption],
    typed: QueryDict,
    *,
    bound: bool,
    batch: Batch,
    form_class: type[CheckoutForm] = CheckoutForm,
) -> CheckoutForm:
    ways_to_pay = gateways.offered(campaign)
    offer: dict[str, Any] = {
        "options": options,
        "ways_to_pay": ways_to_pay,
        "asks_note": campaign.asks_note,
        "consent": card_consent.words(campaign, ways_to_pay),
    }
    if bound:
        return form_class(typed, **offer)
    initial: dict[str, Any] = {
        name: typed[name] for name in form_class.base_fields if name in typed
    }
    initial.pop("terms", None)
    initial.pop("save_card", None)
    initial["schedule_version"] = batch.schedule_version
    initial.setdefault("submit_key", secrets.token_urlsafe(32))
    _choose_shipping(initial, options)
    return form_class(initial=initial, **offer)


def _choose_shipping(initial: dict[str, Any], options: list[ShippingOption]) -> None:
    """Keep a choice that reaches the buyer, else take the cheapest that does."""
    province = initial.get("province")
    reach = [option for option in options if province and option.serves(province)]
    if reach and initial.get("shipping") not in [str(option.pk) for option in reach]:
        cheapest = min(reach, key=lambda option: option.base_price)
        initial["shipping"] = str(cheapest.pk)
