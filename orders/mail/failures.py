"""Why a mail did not arrive, for the seller, and another way to bring its news."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from orders import phones
from orders.mail.bounces import BOUNCED
from orders.mail.html import LINK
from orders.models import Message

LONGEST_CHAT = 500
CODE = re.compile(r"\b([45]\d\d)\b(?:[ -](\d\.\d+\.\d+))?")


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """`answer` is what the server said last, in its own words."""

    words: str
    answer: str
    whatsapp_url: str


def trouble_of(message: Message) -> Trouble | None:
    if message.state != Message.State.FAILED:
        return None
    answer = message.smtp_answer
    return Trouble(words=reason(answer), answer=answer, whatsapp_url=chat_url(message))


def reason(answer: str) -> str:
    found = CODE.search(answer)
    code, detail = found.groups(default="") if found else ("", "")
    if code in ("550", "551", "553") and not detail.startswith("5.7"):
        return _("The address does not exist, or takes no mail. Correct it first.")
    if code == "552" or detail == "5.2.2":
        return _("The mailbox is full.")
    if code.startswith("5"):
        return _("The buyer’s mail server refused it by its rules.")
    if code.startswith("4"):
        return _("The buyer’s mail server put it off until it was given up.")
    if answer.startswith(BOUNCED):
        return _("It came back. The address may be wrong.")
    if "Error: " in answer or "Invalid" in answer:
        return _("It cannot be written to this address. Correct it first.")
    return _("It was tried several times and given up.")


def chat_url(message: Message) -> str:
    """WhatsApp with the news filled in; nothing is sent before the seller presses."""
    order = message.order
    if order is None or not order.phone or message.is_outdated:
        return ""
    return phones.chat_url(order.phone, in_short(message.text))


def in_short(text: str) -> str:
    """The first paragraphs, and in any case the first link."""
    kept: list[str] = []
    length = 0
    for paragraph in filter(None, map(str.strip, text.split("\n\n"))):
        length += len(paragraph)
        if kept and length > LONGEST_CHAT:
            break
        kept.append(paragraph[:LONGEST_CHAT])
    link = LINK.search(text)
    if link and not any(link.group() in paragraph for paragraph in kept):
        kept.append(link.group())
    return "\n\n".join(kept)
