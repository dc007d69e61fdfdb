"""The HTML of a mail, made from its text by one layout: nothing is said only there."""

import re

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from orders.models import Message

LINK = re.compile(r"https?://[^\s<>]+")


def html_of(message: Message) -> str:
    paragraphs = [block for block in message.text.split("\n\n") if block.strip()]
    context = {
        "message": message,
        "blocks": [_block(paragraph) for paragraph in paragraphs],
    }
    with translation.override(message.locale):
        return render_to_string("orders/emails/layout.html", context)


def _block(paragraph: str) -> dict[str, object]:
    """A paragraph that is one link becomes the button; lines stay lines."""
    lines = paragraph.strip().splitlines()
    if len(lines) == 1 and LINK.fullmatch(lines[0]):
        return {"button": lines[0]}
    return {"lines": [_linked(line) for line in lines]}


def _linked(line: str) -> SafeString:
    parts: list[str] = []
    end = 0
    for match in LINK.finditer(line):
        parts.append(conditional_escape(line[end : match.start()]))
        parts.append(format_html('<a href="{0}">{0}</a>', match.group()))
        end = match.end()
    parts.append(conditional_escape(line[end:]))
    return mark_safe("".join(parts))  # noqa: S308  every part is escaped above
