"""Draws the fields of forms, and their plain inputs, without a template."""

from typing import Any

from django.forms.renderers import TemplatesSetting
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString

from config import form_fields

PLAIN = frozenset(
    f"django/forms/widgets/{kind}.html"
    for kind in ("text", "email", "number", "hidden", "checkbox", "input")
)
TEXTAREA = "django/forms/widgets/textarea.html"
FIELD = "django/forms/field.html"


class PlainInputs(TemplatesSetting):
    """Django takes three templates to write one `<input>`, and a page has a dozen."""

    def render(
        self, template_name: str, context: dict[str, Any], request: Any = None
    ) -> SafeString:
        if template_name in PLAIN:
            return _input(context["widget"])
        if template_name == TEXTAREA:
            return _textarea(context["widget"])
        if template_name == FIELD:
            return form_fields.drawn(context["field"])
        return SafeString(super().render(template_name, context, request))  # noqa: S308


def _input(widget: dict[str, Any]) -> SafeString:
    value = widget["value"]
    given = "" if value is None else format_html(' value="{}"', value)
    kind, name, attrs = widget["type"], widget["name"], flatatt(widget["attrs"])
    return format_html('<input type="{}" name="{}"{}{}>', kind, name, given, attrs)


def _textarea(widget: dict[str, Any]) -> SafeString:
    name, attrs, value = widget["name"], flatatt(widget["attrs"]), widget["value"] or ""
    # A reader of HTML drops the first line break; without it, the buyer's would go.
    return format_html('<textarea name="{}"{}>\n{}</textarea>', name, attrs, value)
