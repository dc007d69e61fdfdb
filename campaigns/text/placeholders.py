"""Words in braces that each reader gets as their own: `{name}`, or `{name|friend}`.

What stands behind the bar is said where nothing is known, as on public pages.
"""

import re
from collections.abc import Mapping
from typing import Final

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

Values = Mapping[str, str]

# What each is for, as the composer lists them.
KNOWN: Final = {
    "name": _("the buyer’s name"),
    "number": _("the order number"),
    "batch": _("the batch of the order"),
    "window": _("when it ships"),
}
WRITTEN = re.compile(r"\{([a-z]+)(?:\|([^{}|<>]{0,60}))?\}")
BRACES = re.compile(r"\{[^{}\n]*\}")
NOBODY: Final[Values] = {}


def unknown_in(text: str) -> list[str]:
    """Everything in braces that would not be filled."""
    return [
        found
        for found in BRACES.findall(text)
        if not ((known := WRITTEN.fullmatch(found)) and known[1] in KNOWN)
    ]


def fill(text: str, values: Values = NOBODY) -> str:
    return WRITTEN.sub(lambda found: _said(found, values), text)


def fill_html(html: str, values: Values = NOBODY) -> SafeString:
    """Values are words of buyers: escaped, and never Markdown."""
    filled = WRITTEN.sub(
        lambda found: str(conditional_escape(_value(found, values)) or _rest(found)),
        html,
    )
    return mark_safe(filled)  # noqa: S308  cleaned before, and values are escaped


def _said(found: re.Match[str], values: Values) -> str:
    return _value(found, values) or _rest(found)


def _value(found: re.Match[str], values: Values) -> str:
    return values.get(found[1], "")


def _rest(found: re.Match[str]) -> str:
    """The writer's own words, else ours; what is not known stays as it is written."""
    return (found[2] or "").strip() or _fallbacks().get(found[1], found[0])


def _fallbacks() -> dict[str, str]:
    return {
        "name": gettext("friend"),
        "number": gettext("your order"),
        "batch": gettext("your batch"),
        "window": gettext("the promised window"),
    }
