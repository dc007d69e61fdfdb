"""The form that asks to be told."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from orders.forms import PlainEmailField
from orders.models import Subscriber

Kind = Subscriber.Kind


class ReminderForm(forms.Form):
    """Nothing commercial is ticked before somebody ticks it."""

    kinds = forms.MultipleChoiceField(
        label=_("What do you want to hear of?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one."),
            "invalid_choice": _("This cannot be chosen here. Choose from the list."),
        },
    )
    email = PlainEmailField(
        help_text=_("A mail with a link to confirm goes there first."),
    )

    def __init__(self, *args: Any, campaign: Campaign, is_ahead: bool, **kwargs: Any):
        kwargs["initial"] = {"kinds": [Kind.OPENING if is_ahead else Kind.UPDATES]}
        super().__init__(*args, **kwargs)
        field = cast("forms.MultipleChoiceField", self.fields["kinds"])
        field.choices = _choices(campaign, is_ahead=is_ahead)


def _choices(campaign: Campaign, *, is_ahead: bool) -> list[tuple[str, Any]]:
    opening = (Kind.OPENING.value, _("When it opens for orders"))
    seller = campaign.seller.name
    promotions = _("Promotions of %(seller)s, also for other products")
    choices = [
        (Kind.UPDATES.value, _("Updates about this product")),
        (Kind.PROMOTIONS.value, promotions % {"seller": seller}),
    ]
    return [opening, *choices] if is_ahead else choices
