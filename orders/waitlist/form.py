"""The form that takes a place on the waiting list."""

from typing import Any, cast

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from campaigns.models import Allotment, Campaign
from orders import tallies
from orders.forms import PlainEmailField
from orders.models import WaitlistEntry

MOST_UNITS = 999
WHOLE_NUMBER = _("Write a whole number of 1 or more.")


class JoinForm(forms.Form):
    variant = forms.ChoiceField(
        label=_("What do you wait for?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what you wait for."),
            "invalid_choice": _("This item is not part of this pre-order. Choose one."),
        },
    )
    quantity = forms.IntegerField(
        label=_("Quantity"),
        min_value=1,
        initial=1,
        error_messages={
            "required": WHOLE_NUMBER,
            "invalid": WHOLE_NUMBER,
            "min_value": WHOLE_NUMBER,
            "max_value": _("At most %(limit_value)s units per buyer."),
        },
    )
    accepts_fewer = forms.BooleanField(
        label=_("Fewer are fine too"),
        required=False,
        help_text=_("If only a part is free, offer me that part."),
    )
    email = PlainEmailField(
        help_text=_("The offer and your secret link go here."),
    )

    def __init__(
        self, *args: Any, campaign: Campaign, allotments: list[Allotment], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._limit(campaign.buyer_limit or MOST_UNITS)
        choices = [(str(a.variant_id), a.variant.label) for a in allotments]
        cast("forms.ChoiceField", self.fields["variant"]).choices = choices
        if len(choices) == 1:
            self.initial.setdefault("variant", choices[0][0])

    def _limit(self, most: int) -> None:
        quantity = self.fields["quantity"]
        message = quantity.error_messages["max_value"]
        quantity.validators.append(MaxValueValidator(most, message))
        quantity.widget.attrs |= {"max": most, "inputmode": "numeric"}

    def entry(self, *, batch_id: int, locale: str, origin: str) -> WaitlistEntry:
        """The place that is asked for, not saved."""
        cleaned = self.cleaned_data
        [identity] = tallies.identities(email=cleaned["email"], phone="")
        return WaitlistEntry(
            batch_id=batch_id,
            variant_id=int(cleaned["variant"]),
            quantity=cleaned["quantity"],
            accepts_fewer=cleaned["accepts_fewer"],
            email=cleaned["email"],
            identity=identity,
            locale=locale,
            origin=origin,
        )
