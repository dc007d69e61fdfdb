"""The HTML of a mail, made from its text by one layout: nothing is said only there."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from orders.models import Message

LINK = re.compile(r"https?://[^\s<>]+")
# What the button says, by the page it leads to: the first that fits.
BUTTONS = (
    ("/pay/", _("Pay now")),
    ("/address/", _("Check the address")),
    ("/decision/", _("Read and answer")),
    ("/refund/", _("Enter the account")),
    ("/waitlist/", _("See my place")),
    ("/c/", _("See the product")),
    ("/admin/orders/", _("See the orders")),
    ("/admin/", _("Look at it")),
    ("/o/", _("See the order")),
)
BUTTON_OF_KIND = {"waitlist_offer": _("See the offer")}


def html_of(message: Message) -> str:
    paragraphs = [block for block in message.text.split("\n\n") if block.strip()]
    with translation.override(message.locale):
        blocks = list(_blocks(paragraphs, message.kind))
        context = {"message": message, "blocks": blocks}
        return render_to_string("orders/emails/layout.html", context)


def _blocks(paragraphs: list[str], kind: str) -> Iterator[dict[str, object]]:
    """The first paragraph that is one link becomes the button; lines stay lines."""
    has_button = False
    for paragraph in paragraphs:
        lines = paragraph.strip().splitlines()
        if not has_button and len(lines) == 1 and LINK.fullmatch(lines[0]):
            has_button = True
            yield {"button": lines[0], "words": _button_words(lines[0], kind)}
        else:
            yield {"lines": [_linked(line) for line in lines]}


def _button_words(url: str, kind: str) -> object:
    if kind in BUTTON_OF_KIND:
        return BUTTON_OF_KIND[kind]
    path = urlsplit(url).path
    return next((words for part, words in BUTTONS if part in path), _("Open the page"))


def _linked(line: str) -> SafeString:
    parts: list[str] = []
    end = 0
    for match in LINK.finditer(line):
        parts.append(conditional_escape(line[end : match.start()]))
        parts.append(format_html('<a href="{0}">{0}</a>', match.group()))
        end = match.end()
    parts.append(conditional_escape(line[end:]))
    return mark_safe("".join(parts))  # noqa: S308  every part is escaped above
