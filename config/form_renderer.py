"""Inputs and fields of forms, written without Django's templates."""

from collections.abc import Iterable
from html import escape
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.utils.safestring import SafeString

from config import form_fields

PLAIN = frozenset(
    f"django/forms/widgets/{kind}.html"
    for kind in ("text", "email", "number", "hidden", "checkbox", "input")
)
TEXTAREA = "django/forms/widgets/textarea.html"
FIELD = "django/forms/field.html"


class DrawnForms(TemplatesSetting):
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
    first = [(name, widget[name]) for name in ("type", "name", "value")]
    attributes = _pairs(first) + _attributes(widget["attrs"])
    return SafeString(f"<input{attributes}>")  # noqa: S308  of escaped parts


def _textarea(widget: dict[str, Any]) -> SafeString:
    attributes = _pairs([("name", widget["name"])]) + _attributes(widget["attrs"])
    value = _escaped(widget["value"] or "")
    # A reader of HTML drops the first line break; without it, the buyer's would go.
    return SafeString(f"<textarea{attributes}>\n{value}</textarea>")  # noqa: S308


def _attributes(attrs: dict[str, Any]) -> str:
    """What Django's `flatatt` writes, which formats and escapes each part by itself."""
    named = sorted(attrs.items())
    flags = "".join(f" {name}" for name, value in named if value is True)
    return _pairs((n, v) for n, v in named if not isinstance(v, bool)) + flags


def _pairs(named: Iterable[tuple[str, Any]]) -> str:
    return "".join(
        f' {name}="{_escaped(value)}"' for name, value in named if value is not None
    )


def _escaped(value: Any) -> str:
    """As `conditional_escape`; `str` ends what is lazy."""
    return value.__html__() if hasattr(value, "__html__") else escape(str(value))
