"""Province and city as selects: hundreds of options, the same on every page."""

from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from orders.addresses import regions


class RegionSelect(forms.Widget):
    """Options drawn once, and only marked for each page.

    Drawn by Django's templates, the 514 cities cost a third of a whole purchase.
    """

    input_type = "select"

    def __init__(self, *, empty: Promise, options: str, autocomplete: str) -> None:
        super().__init__(attrs={"autocomplete": autocomplete})
        self.empty, self.options = empty, options

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> SafeString:
        attributes = flatatt(self.build_attrs(self.attrs, {"name": name} | attrs))
        options = format_html('<option value="">{}</option>', self.empty) + self.options
        chosen = format_html('<option value="{}"', value or "")
        marked = options.replace(chosen, f"{chosen} selected", 1)
        return SafeString(f"<select{attributes}>{marked}</select>")  # noqa: S308  of escaped parts


class RegionField(forms.Field):
    """One of `names`; they are not copied with each form, as choices would be."""

    def __init__(self, *, names: frozenset[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.names = names

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value not in self.names:
            message = self.error_messages["invalid_choice"]
            raise forms.ValidationError(message, code="invalid_choice")


def province_field(**kwargs: Any) -> RegionField:
    widget = RegionSelect(
        empty=_("Choose your province"),
        options=_options(regions.provinces()),
        autocomplete="address-level1",
    )
    return RegionField(names=frozenset(regions.provinces()), widget=widget, **kwargs)


def city_field(**kwargs: Any) -> RegionField:
    groups = [(province, regions.cities(province)) for province in regions.provinces()]
    widget = RegionSelect(
        empty=_("Choose your city or regency"),
        options=format_html_join(
            "",
            '<optgroup label="{}">{}</optgroup>',
            ((province, _options(cities)) for province, cities in groups),
        ),
        autocomplete="address-level2",
    )
    names = frozenset(city for _province, cities in groups for city in cities)
    return RegionField(names=names, widget=widget, **kwargs)


def _options(names: tuple[str, ...]) -> SafeString:
    return format_html_join(
        "", '<option value="{}">{}</option>', ((name, name) for name in names)
    )
