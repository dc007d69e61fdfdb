"""Fields as the pages show them, and inputs as Django would write them."""

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils import translation
from django.utils.safestring import SafeString

pytestmark = pytest.mark.once

CHOICES = [("a", "A"), ("b", SafeString("<b>B</b>"))]
ICON = (
    '<svg class="icon" aria-hidden="true" focusable="false">'
    '<use href="/static/img/icons.svg#{}"></use></svg>\n'
)


class Form(forms.Form):
    name = forms.CharField(
        label="Name & co",
        help_text=SafeString("<em>Yours</em>"),
        max_length=9,
        widget=forms.TextInput(attrs={"data-x": '"<&', "autocomplete": "name"}),
    )
    note = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 1}))
    terms = forms.BooleanField(label="I agree", help_text="At last.")
    kind = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect)
    kinds = forms.MultipleChoiceField(
        choices=CHOICES, widget=forms.CheckboxSelectMultiple, required=False
    )
    units = forms.IntegerField(min_value=0, max_value=1)
    file = forms.FileField(required=False)
    key = forms.CharField(widget=forms.HiddenInput)


def drawn(name, form):
    with translation.override("en"):
        return form[name].as_field_group()


def test_a_field_has_its_label_and_its_hint():
    assert drawn("name", Form(initial={"name": 'a"b'})) == (
        '<div class="field"><label for="id_name">Name &amp; co</label>'
        '<p class="hint" id="id_name_helptext"><em>Yours</em></p>'
        '<input type="text" name="name" value="a&quot;b"'
        ' aria-describedby="id_name_helptext" autocomplete="name"'
        ' data-x="&quot;&lt;&amp;" id="id_name" maxlength="9" required></div>'
    )


def test_an_error_stands_before_the_input_and_is_named_by_it():
    form = Form({"name": "far too long"})
    form.add_error("name", "<Second>")

    html = drawn("name", form)

    assert html.startswith('<div class="field invalid"><label ')
    error = f'<p class="error" id="id_name_error">{ICON.format("alert")}'
    assert f'{error}<span><span class="sr">Error:</span> Ensure this value' in html
    assert "(it has 12). &lt;Second&gt;</span></p><input " in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html


def test_what_need_not_be_filled_in_says_so():
    assert drawn("note", Form(initial={"note": "\n</textarea>"})) == (
        '<div class="field"><label for="id_note">Note'
        ' <span class="optional">(optional)</span></label>'
        '<textarea name="note" cols="40" id="id_note" rows="1">\n'
        "\n&lt;/textarea&gt;</textarea></div>"
    )


def test_a_checkbox_stands_before_its_label():
    assert drawn("terms", Form()) == (
        '<div class="field"><label class="checkbox">'
        '<input type="checkbox" name="terms" aria-describedby="id_terms_helptext"'
        ' id="id_terms" required>'
        '<span>I agree<span class="hint" id="id_terms_helptext"><br>At last.</span>'
        "</span></label></div>"
    )


def test_radios_are_rows_of_one_fieldset():
    html = drawn("kind", Form({}))

    assert '<fieldset aria-describedby="id_kind_error"><legend>Kind</legend>' in html
    assert html.count('<label class="choice"><input type="radio" name="kind" ') == 2
    assert html.endswith("><b>B</b></label></div></fieldset></div>")


def test_several_checkboxes_have_a_legend_and_no_hint_of_one():
    html = drawn("kinds", Form())

    assert html.startswith(
        '<div class="field"><fieldset><legend>Kinds'
        ' <span class="optional">(optional)</span></legend><label class="checkbox">'
    )
    assert html.endswith("<span><b>B</b></span></label></fieldset></div>")


def test_a_file_stands_beside_its_icon():
    html = drawn("file", Form())

    assert f'<div class="file">{ICON.format("upload")}<input type="file" ' in html


def test_a_hidden_field_is_its_input_alone():
    assert drawn("key", Form(initial={"key": "<"})) == (
        '<input type="hidden" name="key" value="&lt;" id="id_key">'
    )


@pytest.mark.parametrize("name", Form.base_fields)
@pytest.mark.parametrize("value", [None, "", 0, 1, True, False, "a", "<\"&'>"])
def test_an_input_is_what_django_would_write(name, value):
    ours, django = Form(initial={name: value}), Form(initial={name: value})
    django.renderer = TemplatesSetting()

    assert sorted(parts(str(ours[name]))) == sorted(parts(str(django[name])))


def parts(html):
    return html.replace("\n", "").replace(">", " >").split()
