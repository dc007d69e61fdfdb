"""Province and city: drawn once, marked for each page, and checked."""

import pytest
from django import forms
from django.utils import translation

from orders.addresses import regions
from orders.addresses.region_fields import city_field, province_field

pytestmark = pytest.mark.once


class AddressForm(forms.Form):
    province = province_field(error_messages={"invalid_choice": "unknown"})
    city = city_field(error_messages={"invalid_choice": "unknown"})


def drawn(**initial):
    return str(AddressForm(initial=initial)["city"])


def test_every_city_stands_under_its_province():
    html = drawn()

    assert html.startswith("<select ")
    assert html.count("<optgroup ") == len(regions.provinces())
    assert html.count("<option ") == 1 + sum(
        map(len, map(regions.cities, regions.provinces()))
    )
    assert (
        '<optgroup label="Papua Selatan">'
        '<option value="Kabupaten Asmat">Kabupaten Asmat</option>'
    ) in html


def test_the_chosen_city_is_marked_and_no_other():
    html = drawn(city="Kota Bandung")

    assert html.count(" selected") == 1
    assert '<option value="Kota Bandung" selected>Kota Bandung</option>' in html
    assert drawn().count(" selected") == 1
    assert '<option value="" selected>' in drawn()


@pytest.mark.parametrize("city", ["Atlantis", '"><script>', "Kota"])
def test_a_city_that_is_not_there_marks_none_and_is_refused(city):
    form = AddressForm({"province": "Jawa Barat", "city": city})

    assert str(form["city"]).count(" selected") == 0
    assert "<script" not in str(form["city"])
    assert form.errors == {"city": ["unknown"]}


def test_the_empty_option_speaks_the_language_of_the_page():
    form = AddressForm()

    with translation.override("en"):
        english = str(form["city"])
    with translation.override("id"):
        indonesian = str(form["city"])

    assert ">Choose your city or regency</option>" in english
    assert ">Choose your city or regency</option>" not in indonesian


def test_a_city_must_be_chosen():
    form = AddressForm({"province": "", "city": ""})

    assert form.has_error("province", "required")
    assert form.has_error("city", "required")


def test_forms_share_their_options():
    first, second = AddressForm(), AddressForm()

    assert first.fields["city"].names is second.fields["city"].names
    assert first.fields["city"].widget.options is second.fields["city"].widget.options
