"""One function for each mail: a row, written in the transaction it tells of."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from campaigns.clock import database_now
from campaigns.models.batch import MINIMUM_MISSED
from orders.models import Message, Order, OrderLine

MAX_SUBJECT = 200
BATCH_CONFIRMED = "batch_confirmed"
COPIED = (
    *("order", "campaign", "kind", "sender_name", "reply_to", "locale"),
    *("subject", "text", "priority"),
)


def order_placed(order: Order, lines: Iterable[OrderLine]) -> Message:
    """Rendered before the order's transaction begins, and stored inside it."""
    return _message(order, "order_placed", lines=lines)


def order_link(order: Order, *, request_key: str, corrected: bool = False) -> None:
    """`corrected`: not asked for by the buyer, but sent to an address put right."""
    _queue(_message(order, "order_link", key=request_key, corrected=corrected))


def payment_reminder(order: Order) -> None:
    _queue(_message(order, "payment_reminder", priority=Message.Priority.NOTICE))


def order_confirmed(order: Order) -> None:
    # An order can expire and be confirmed again: each confirmation is told.
    _queue(_message(order, "order_confirmed", key=_stamp(order.confirmed_at)))


def order_expired(order: Order) -> None:
    _queue(_message(order, "order_expired", key=_stamp(order.expired_at)))


def order_canceled(order: Order, *, reason: str = "") -> None:
    comes_back = order.amount_paid - order.amount_refunded - order.amount_kept
    _queue(_message(order, "order_canceled", comes_back=comes_back, reason=reason))


def batch_canceled(order: Order) -> None:
    comes_back = order.amount_paid - order.amount_refunded
    message = _message(
        order,
        "batch_canceled",
        priority=Message.Priority.NOTICE,
        comes_back=comes_back,
    )
    _queue(message)


def batch_confirmed(order: Order) -> Message:
    """The batch is made; not stored yet."""
    return _of_batch(order, BATCH_CONFIRMED)


def batch_extended(order: Order) -> Message:
    """The minimum is missed so far, and the closing moved; not stored yet."""
    return _of_batch(order, MINIMUM_MISSED, closes_at=order.batch.closes_at)


def minimum_missed(order: Order) -> None:
    """The order was canceled with its batch."""
    comes_back = order.amount_paid - order.amount_refunded
    notice = Message.Priority.NOTICE
    _queue(_message(order, MINIMUM_MISSED, priority=notice, comes_back=comes_back))


def _of_batch(order: Order, kind: str, **context: Any) -> Message:
    """News that an order hears once of each batch it is in."""
    key, notice = str(order.batch_id), Message.Priority.NOTICE
    return _message(order, kind, key=key, priority=notice, **context)


def order_shipped(
    order: Order, *, parcel_key: str, hold_back: timedelta, **parcel: Any
) -> None:
    """`parcel`: courier, tracking_number, tracking_url and contents, for the words.

    Held back for a while, in which `outbox.withdraw` can take it back.
    """
    message = _message(order, "order_shipped", key=parcel_key, **parcel)
    message.next_attempt_at = database_now() + hold_back
    _queue(message)


def late_payment(order: Order, *, payment_key: str, amount: Any) -> None:
    _queue(_message(order, "late_payment", key=payment_key, amount=amount))


def refund_sent(order: Order, *, refund_key: str, amount: Any) -> None:
    _queue(_message(order, "refund_sent", key=refund_key, amount=amount))


def send_copy(sent: Message, *, to: str, key: str) -> None:
    """The same words once more, to another address."""
    dedupe_key = f"{sent.dedupe_key}:{key}"
    _queue(
        Message(
            dedupe_key=dedupe_key,
            to=to,
            message_id=_message_id(dedupe_key),
            **{name: getattr(sent, name) for name in COPIED},
        )
    )


def refund_by_hand(order: Order, *, refund_key: str, amount: Any) -> None:
    """A refund came back from the gateway: the seller pays it by hand."""
    _queue(_message(order, "refund_started", key=refund_key, amount=amount))


def store(messages: Iterable[Message]) -> int:
    """Store each once: the same news, told twice, is one row."""
    written = [message for message in messages if message.to]
    return len(Message.objects.bulk_create(written, ignore_conflicts=True))


def _queue(message: Message) -> None:
    store([message])


def _stamp(moment: Any) -> str:
    return moment.isoformat() if moment else ""


def _message(
    order: Order,
    kind: str,
    *,
    key: str = "",
    priority: int = Message.Priority.BUYER_ACTION,
    **context: Any,
) -> Message:
    seller = order.batch.campaign.seller
    subject, text = render(kind, order, **context)
    dedupe_key = key_of(kind, order, key)
    return Message(
        dedupe_key=dedupe_key,
        order=order,
        campaign=order.batch.campaign,
        kind=kind,
        to=order.email,
        sender_name=seller.name,
        reply_to=seller.email,
        locale=order.locale,
        subject=subject,
        text=text,
        priority=priority,
        message_id=_message_id(dedupe_key),
    )


def _message_id(dedupe_key: str) -> str:
    return f"<{dedupe_key.replace(':', '.')}@{mail_host()}>"


def key_of(kind: str, order: Order, key: str = "") -> str:
    """What makes a mail one and the same news."""
    return ":".join(filter(None, [kind, order.number, key]))


def render(kind: str, order: Order, **context: Any) -> tuple[str, str]:
    """Subject and text in the buyer's language and time zone."""
    context = {
        "order": order,
        "lines": context.pop("lines", None) or order.lines.all(),
        "campaign": order.batch.campaign,
        "seller": order.batch.campaign.seller,
        "status_url": absolute(reverse("order:status", args=[order.token])),
        "pay_url": absolute(reverse("payment:pay", args=[order.token])),
        "now": timezone.now(),
        **context,
    }
    with translation.override(order.locale), timezone.override(order.zone):
        subject = render_to_string(f"orders/emails/{kind}.subject.txt", context)
        text = render_to_string(f"orders/emails/{kind}.txt", context)
    return " ".join(subject.split())[:MAX_SUBJECT], _paragraphs(text)


def _paragraphs(text: str) -> str:
    """Paragraphs parted by one empty line, whatever the template left between them."""
    lines = "\n".join(line.strip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


def absolute(path: str) -> str:
    """Links in mails come from the configuration, never from a request."""
    return f"{settings.BASE_URL}{path}"


def mail_host() -> str:
    return urlsplit(settings.BASE_URL).hostname or "localhost"
