"""A field of a form with its label, hint and error, as shop.css has them.

A checkout has a dozen: drawn by a template, they took a third of its page. Django
itself writes `aria-describedby` and `aria-invalid` into the input.
"""

from django.forms import BoundField
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from campaigns.drawing import drawn_once

NOTHING = SafeString("")


def drawn(field: BoundField) -> SafeString:
    """Radios become rows, and a single checkbox stands before its label."""
    if field.is_hidden:
        return SafeString(field)  # noqa: S308  written by its widget
    return format_html(
        '<div class="field{}">{}</div>',
        " invalid" if field.errors else "",
        _fieldset(field) if field.use_fieldset else _labeled(field),
    )


def _fieldset(field: BoundField) -> SafeString:
    described = field.aria_describedby
    return format_html(
        "<fieldset{}><legend>{}{}</legend>{}{}{}</fieldset>",
        format_html(' aria-describedby="{}"', described) if described else "",
        field.label,
        _optional(field),
        _hint(field),
        _error(field),
        _choices(field),
    )


def _labeled(field: BoundField) -> SafeString:
    if _kind(field) == "checkbox":
        return _error(field) + _checkbox(field)
    return format_html(
        '<label for="{}">{}{}</label>{}{}{}',
        field.id_for_label,
        field.label,
        _optional(field),
        _hint(field),
        _error(field),
        _file(field) if _kind(field) == "file" else field,
    )


def _kind(field: BoundField) -> str:
    return getattr(field.field.widget, "input_type", "")


def _optional(field: BoundField) -> SafeString:
    if field.field.required:
        return NOTHING
    return format_html(' <span class="optional">{}</span>', _("(optional)"))


def _hint(field: BoundField) -> SafeString:
    if not field.help_text:
        return NOTHING
    hint = '<p class="hint" id="{}_helptext">{}</p>'
    return format_html(hint, field.auto_id, field.help_text)


def _error(field: BoundField) -> SafeString:
    if not field.errors:
        return NOTHING
    return format_html(
        '<p class="error" id="{}_error">{}'
        '<span><span class="sr">{}</span> {}</span></p>',
        field.auto_id,
        drawn_once("components/icon.html", name="alert"),
        _("Error:"),
        format_html_join(" ", "{}", ((error,) for error in field.errors)),
    )


def _checkbox(field: BoundField) -> SafeString:
    hint = '<span class="hint" id="{}_helptext"><br>{}</span>'
    return format_html(
        '<label class="checkbox">{}<span>{}{}</span></label>',
        field,
        field.label,
        format_html(hint, field.auto_id, field.help_text) if field.help_text else "",
    )


def _choices(field: BoundField) -> SafeString:
    options = [(option.tag(), option.choice_label) for option in field]
    if _kind(field) == "radio":
        row = '<label class="choice">{}{}</label>'
        return format_html(
            '<div class="choices">{}</div>', format_html_join("", row, options)
        )
    row = '<label class="checkbox">{}<span>{}</span></label>'
    return format_html_join("", row, options)


def _file(field: BoundField) -> SafeString:
    icon = drawn_once("components/icon.html", name="upload")
    return format_html('<div class="file">{}{}</div>', icon, field)
