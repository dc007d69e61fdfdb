"""Where an order ships to, as its buyer or the staff enters it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from orders.addresses import regions
from orders.addresses.changes import COLUMNS
from orders.addresses.region_fields import city_field, province_field
from orders.models import Order


class AddressForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the recipient"),
        max_length=120,
        error_messages={"required": _("Write the name of the recipient.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("Street, house number, RT/RW."),
        error_messages={"required": _("Write the street and house number.")},
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
    )
    province = province_field(
        label=_("Province"),
        error_messages={
            "required": _("Choose a province."),
            "invalid_choice": _("Choose a province from the list."),
        },
    )
    city = city_field(
        label=_("City or regency"),
        error_messages={
            "required": _("Choose a city or regency."),
            "invalid_choice": _("Choose a city or regency from the list."),
        },
    )
    district = forms.CharField(
        label=_("District (kecamatan)"),
        max_length=80,
        error_messages={"required": _("Write the district (kecamatan).")},
        widget=forms.TextInput(attrs={"autocomplete": "address-level3"}),
    )
    subdistrict = forms.CharField(
        label=_("Subdistrict (kelurahan)"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-level4"}),
    )
    postal_code = forms.CharField(
        label=_("Postal code"),
        max_length=12,
        error_messages={"required": _("Write the postal code: five digits.")},
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "postal-code"}
        ),
    )
    landmark = forms.CharField(
        label=_("Landmark"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_postal_code(self) -> str:
        digits = "".join(self.cleaned_data["postal_code"].split())
        if not (digits.isascii() and digits.isdigit() and len(digits) == 5):
            raise forms.ValidationError(
                _("Write the postal code as five digits, for example 40115.")
            )
        return digits

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        province, city = data.get("province"), data.get("city")
        if province and city and not regions.is_city_of(city, province):
            self.add_error("city", _("This city is not in the province you chose."))
        return data

    @property
    def columns(self) -> dict[str, str]:
        """Of the order, with what was entered."""
        return {name: self.cleaned_data[name] for name in COLUMNS}


def address_form(order: Order, data: Any = None) -> AddressForm:
    return AddressForm(data, initial={name: getattr(order, name) for name in COLUMNS})
