"""What is asked before a parcel leaves."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from fulfillment.models import Carrier
from orders.addresses import changes as address_changes
from orders.models import Order

QUANTITY = "quantity-"


class ParcelForm(forms.Form):
    """Courier and number; and the contents, where more than one unit is waited for."""

    carrier = forms.ModelChoiceField(
        label=_("Courier"),
        queryset=Carrier.objects.all(),
        required=False,
        empty_label=_("Another, as the buyer chose it"),
    )
    tracking_number = forms.CharField(
        label=_("Tracking number"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"size": 30, "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, order: Order, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address_seen"] = forms.CharField(
            initial=address_changes.mark_of(order),
            required=False,
            widget=forms.HiddenInput,
        )
        if order.still_due:
            self.fields["though_unpaid"] = forms.BooleanField(
                label=_("Ship it although a part of the total is still due"),
                error_messages={
                    "required": _("It is not paid in full. Say that it ships anyway.")
                },
            )
        left = {line: line.quantity - line.shipped for line in order.lines.all()}
        for line, units in left.items():
            if units and sum(left.values()) > 1:
                self.fields[f"{QUANTITY}{line.pk}"] = forms.IntegerField(
                    label=line.label or line.name,
                    initial=units,
                    min_value=0,
                    max_value=units,
                )

    def clean(self) -> dict[str, Any]:
        entered = self.cleaned_data
        if entered.get("carrier") and not entered.get("tracking_number"):
            self.add_error("tracking_number", _("Write the number on the label."))
        quantities = self._quantities()
        if quantities and not any(quantities.values()):
            raise forms.ValidationError(_("Put at least one unit into the parcel."))
        entered["lines"] = {pk: units for pk, units in quantities.items() if units}
        return entered

    def _quantities(self) -> dict[int, int | None]:
        return {
            int(name.removeprefix(QUANTITY)): self.cleaned_data.get(name)
            for name in self.fields
            if name.startswith(QUANTITY)
        }
