"""The forms of the waiting list: take a place, and wait for another quantity."""

from typing import Any, Self, cast

from django import forms
from django.core.validators import MaxValueValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from campaigns.models import Allotment, Campaign
from orders import tallies
from orders.forms import PlainEmailField
from orders.models import WaitlistEntry

MOST_UNITS = 999
WHOLE_NUMBER = _("Write a whole number of 1 or more.")


class WishForm(forms.Form):
    """How many units are waited for; `limit` is how many one buyer can have."""

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

    def __init__(self, *args: Any, limit: int | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most, quantity = limit or MOST_UNITS, self.fields["quantity"]
        message = quantity.error_messages["max_value"]
        quantity.validators.append(MaxValueValidator(most, message))
        quantity.widget.attrs |= {"max": most, "inputmode": "numeric"}

    @classmethod
    def of(cls, entry: WaitlistEntry, typed: QueryDict | None = None) -> Self:
        """For a place that is taken."""
        wish = {"quantity": entry.quantity, "accepts_fewer": entry.accepts_fewer}
        return cls(typed, limit=entry.batch.campaign.buyer_limit, initial=wish)


class JoinForm(WishForm):
    variant = forms.ChoiceField(
        label=_("What do you wait for?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what you wait for."),
            "invalid_choice": _("This item is not part of this pre-order. Choose one."),
        },
    )
    email = PlainEmailField(
        help_text=_("The offer and your secret link go here."),
    )

    field_order = ("variant", "quantity", "accepts_fewer", "email")

    def __init__(
        self, *args: Any, campaign: Campaign, allotments: list[Allotment], **kwargs: Any
    ) -> None:
        super().__init__(*args, limit=campaign.buyer_limit, **kwargs)
        choices = [(str(a.variant_id), a.variant.label) for a in allotments]
        cast("forms.ChoiceField", self.fields["variant"]).choices = choices
        if len(choices) == 1:
            self.initial.setdefault("variant", choices[0][0])

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
