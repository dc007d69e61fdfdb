"""A mail as a row of the outbox: its words, what makes it one news, stored once."""

import re
from collections.abc import Iterable
from datetime import timedelta, tzinfo
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import CharField, Exists, Value
from django.db.models.functions import Cast, Concat
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from campaigns.clock import database_now
from campaigns.models import Campaign
from campaigns.text.typed_text import one_line, visible
from campaigns.web_addresses import absolute, host
from orders.mail.words import subject_of
from orders.models import Message, Order
from orders.updates.keys import DIGEST_LENGTH

# Headers that hold what people typed, and how long they may become.
HEADERS = {"subject": 200, "sender_name": 80}
PLAIN = re.compile(r"[A-Za-z0-9._-]+")
LONGEST_NAME, LONGEST_HOST = 60, 57
# Of one kind to one mailbox in whose name anybody may ask.
LINKS_A_DAY = 10
DAY = timedelta(days=1)
COPIED = (
    *("order", "campaign", "kind", "sender_name", "reply_to", "locale"),
    *("subject", "text", "priority", "schedule_version"),
)


def of_order(
    order: Order,
    kind: str,
    *,
    key: str = "",
    priority: int = Message.Priority.BUYER_ACTION,
    words: str = "",
    **context: Any,
) -> Message:
    """To the buyer; not stored yet.

    `words` names the template of a kind that has several.
    """
    subject, text = render(words or kind, order, **context)
    return _row(
        kind,
        key_of(kind, order, key),
        order.batch.campaign,
        order=order,
        to=order.email,
        reply_to=order.batch.campaign.seller.email,
        locale=order.locale,
        subject=subject,
        text=text,
        priority=priority,
    )


def of_campaign(
    campaign: Campaign,
    kind: str,
    *,
    key: str,
    locale: str,
    context: dict[str, Any],
    words: str = "",
    **columns: Any,
) -> Message:
    """Where no order is, in the seller's time zone; not stored yet.

    `words` names the template of a kind that has several.
    """
    seller = campaign.seller
    context = {"campaign": campaign, "seller": seller, **context}
    zone = ZoneInfo(seller.time_zone)
    subject, text = _words(words or kind, context, locale=locale, zone=zone)
    return _row(
        kind, key, campaign, locale=locale, subject=subject, text=text, **columns
    )


def to_operator(
    kind: str, words: str, *, key: str, context: dict[str, Any], to: str
) -> Message:
    """About the whole shop, to who runs it; not stored yet."""
    locale, zone = settings.LANGUAGE_CODE, timezone.get_default_timezone()
    subject, text = _words(words, context, locale=locale, zone=zone)
    priority = Message.Priority.NOTICE
    columns = {"kind": kind, "to": to, "locale": locale, "priority": priority}
    return _keyed(key, subject=subject, text=text, **columns)


def copy_of(sent: Message, *, to: str, key: str) -> Message:
    """The same words once more, to another address."""
    columns = {name: getattr(sent, name) for name in COPIED}
    return _keyed(f"{sent.dedupe_key}:{key}", to=to, **columns)


def _row(kind: str, key: str, campaign: Campaign, **columns: Any) -> Message:
    sender = campaign.seller.name
    return _keyed(key, kind=kind, campaign=campaign, sender_name=sender, **columns)


def _keyed(key: str, **columns: Any) -> Message:
    for name, longest in HEADERS.items():
        if name in columns:
            columns[name] = in_one_line(columns[name], longest)
    if "text" in columns:
        columns["text"] = visible(columns["text"])
    return Message(dedupe_key=key, message_id=_message_id(key), **columns)


def _message_id(key: str) -> str:
    """The same for the same news, and short and plain enough for every server."""
    name = key.replace(":", ".")
    if len(name) > LONGEST_NAME or not PLAIN.fullmatch(name):
        name = sha256(key.encode(errors="replace")).hexdigest()[:40]
    return f"<{name}@{host()[-LONGEST_HOST:]}>"


def in_one_line(text: str, longest: int) -> str:
    """Harmless in a header, which ends with its line."""
    return one_line(text)[:longest].rstrip()


def store(messages: Iterable[Message]) -> int:
    """Store each once: the same news, told twice, is one row."""
    written = [message for message in messages if message.to]
    return len(Message.objects.bulk_create(written, ignore_conflicts=True))


def queue(message: Message) -> None:
    store([message])


def key_of(kind: str, order: Order, key: str = "") -> str:
    """What makes a mail one and the same news."""
    return ":".join(filter(None, [kind, order.number, key]))


def mailbox_key(kind: str, identity: str) -> str:
    """How the keys begin of mails to a mailbox that nobody proved to own."""
    return f"{kind}:{identity[:DIGEST_LENGTH]}:"


def has_enough(kind: str, identity: str) -> bool:
    """So many links went there since yesterday that more would bury its owner."""
    return sent_often(mailbox_key(kind, identity))


def sent_often(prefix: str) -> bool:
    """Mails whose key begins so, within a day."""
    lately = {"created_at__gt": database_now() - DAY}
    sent = Message.objects.filter(dedupe_key__startswith=prefix, **lately)
    return sent.count() >= LINKS_A_DAY


def is_told(kind: str, *parts: Any) -> Exists:
    """For the rows of a query: whether the mail of this key is stored.

    `parts` are what follows the kind in its key: columns, or values.
    """
    pieces: list[Any] = [Value(kind)]
    for part in parts:
        pieces += [Value(":"), Cast(part, CharField())]
    return Exists(Message.objects.filter(dedupe_key=Concat(*pieces)))


def render(kind: str, order: Order, **context: Any) -> tuple[str, str]:
    """Subject and text in the buyer's language and time zone."""
    context = {
        "order": order,
        "lines": context.pop("lines", None) or order.lines.all(),
        "campaign": order.batch.campaign,
        "seller": order.batch.campaign.seller,
        "status_url": absolute(reverse("order:status", args=[order.token])),
        "pay_url": absolute(reverse("payment:pay", args=[order.token])),
        "address_url": absolute(reverse("order:address", args=[order.token])),
        "reminders_url": absolute(reverse("order:reminders", args=[order.token])),
        "now": timezone.now(),
        **context,
    }
    return _words(kind, context, locale=order.locale, zone=order.zone)


def _words(
    kind: str, context: dict[str, Any], *, locale: str, zone: tzinfo
) -> tuple[str, str]:
    with translation.override(locale), timezone.override(zone):
        subject = render_to_string(f"orders/emails/{kind}.subject.txt", context)
        text = render_to_string(f"orders/emails/{kind}.txt", context)
    return subject_of(subject), _paragraphs(text)


def _paragraphs(text: str) -> str:
    """Paragraphs parted by one empty line, whatever the template left between them."""
    lines = "\n".join(line.strip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
