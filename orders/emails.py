"""One function for each mail: a row, written in the transaction it tells of."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from campaigns.clock import database_now
from campaigns.models import Batch, Campaign
from campaigns.models.batch import MINIMUM_MISSED
from orders.models import Decision, Message, Order, OrderLine, WaitlistEntry

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
    # A hold can be extended once: its new end is reminded of again.
    key = "extended" if order.extended_at else ""
    priority = Message.Priority.NOTICE
    _queue(_message(order, "payment_reminder", key=key, priority=priority))


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


def decision_asked(order: Order, decision: Decision) -> None:
    key, url = str(decision.pk), decision_url(order, decision)
    _queue(_message(order, "decision_asked", key=key, decision=decision, url=url))


def decision_withdrawn(order: Order, decision: Decision) -> None:
    key = f"withdrawn-{decision.pk}"
    _queue(_message(order, "order_changed", key=key, decision=decision))


def order_moved(order: Order, decision: Decision) -> None:
    """Answered by whoever has the link: told to the one it belongs to."""
    key = f"moved-{decision.pk}"
    _queue(_message(order, "order_changed", key=key, decision=decision))


def decision_url(order: Order, decision: Decision) -> str:
    return absolute(reverse("order:decision", args=[order.token, decision.pk]))


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


def waitlist_offer(order: Order, *, claim_path: str) -> None:
    _queue(_message(order, "waitlist_offer", claim_url=absolute(claim_path)))


def waitlist_joined(entry: WaitlistEntry, *, turn: int) -> None:
    """The only way the secret link leaves the shop; `turn` lets it be asked again."""
    _queue(_to_waiting(entry, "waitlist_joined", key=str(turn)))


def opening(entry: WaitlistEntry, *, opened: Batch) -> None:
    message = _to_waiting(entry, "opening", key=str(opened.pk), opened=opened)
    message.priority = Message.Priority.NOTICE
    _queue(message)


def _to_waiting(
    entry: WaitlistEntry, kind: str, *, key: str, **context: Any
) -> Message:
    """A mail about a place on the waiting list, where no order is yet."""
    campaign = entry.batch.campaign
    context |= {
        "entry": entry,
        "campaign": campaign,
        "seller": campaign.seller,
        "place_url": absolute(entry.url),
        "campaign_url": absolute(_page_of(campaign, entry.locale)),
    }
    zone = ZoneInfo(campaign.seller.time_zone)
    subject, text = words(kind, context, locale=entry.locale, zone=zone)
    dedupe_key = f"{kind}:{entry.pk}:{key}"
    return Message(
        dedupe_key=dedupe_key,
        campaign=campaign,
        kind=kind,
        to=entry.email,
        sender_name=campaign.seller.name,
        reply_to=campaign.seller.email,
        locale=entry.locale,
        subject=subject,
        text=text,
        message_id=_message_id(dedupe_key),
    )


def _page_of(campaign: Campaign, locale: str) -> str:
    with translation.override(locale):
        return campaign.get_absolute_url()


def seller_alert(batch: Batch, *, held: int, left: int) -> bool:
    """To the seller: unpaid orders hold most of the batch. False when told today.

    `batch` carries the database's `clock` of the moment it was read.
    """
    campaign, seller = batch.campaign, batch.campaign.seller
    day = batch.clock.astimezone(ZoneInfo(seller.time_zone)).date()
    dedupe_key = f"seller_alert:{batch.pk}:{day}"
    if not seller.email or Message.objects.filter(dedupe_key=dedupe_key).exists():
        return False
    context = {"batch": batch, "campaign": campaign, "held": held, "left": left}
    context |= {"orders_url": _unpaid_orders_of(batch)}
    zone = ZoneInfo(seller.time_zone)
    subject, text = words("seller_alert", context, locale=campaign.lang, zone=zone)
    _queue(
        Message(
            dedupe_key=dedupe_key,
            campaign=campaign,
            kind="seller_alert",
            to=seller.email,
            sender_name=seller.name,
            locale=campaign.lang,
            subject=subject,
            text=text,
            priority=Message.Priority.NOTICE,
            message_id=_message_id(dedupe_key),
        )
    )
    return True


def _unpaid_orders_of(batch: Batch) -> str:
    """The admin's list of them."""
    query = {"batch__id__exact": batch.pk, "status__exact": Order.Status.PENDING}
    page = reverse("admin:orders_order_changelist")
    return absolute(f"{page}?{urlencode(query)}")


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
    return words(kind, context, locale=order.locale, zone=order.zone)


def words(
    kind: str, context: dict[str, Any], *, locale: str, zone: ZoneInfo
) -> tuple[str, str]:
    with translation.override(locale), timezone.override(zone):
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
