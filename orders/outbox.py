"""Delivers the outbox: claim a row with a lease, send, mark. At least once, never zero.

A sender that dies between the mail server's answer and our mark leaves the lease to
run out; the mail goes out again with the same Message-ID.
"""

import logging
import smtplib
from collections.abc import Iterator
from datetime import timedelta
from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import F, QuerySet

from campaigns.addresses import host
from campaigns.clock import Clock, database_now
from orders.mail_html import html_of
from orders.models import Message

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
BACKOFF = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 720)]
PERMANENT_SMTP = range(500, 600)


def deliver_due(limit: int = 500) -> int:
    """Send what is due, the most urgent first; returns how many were accepted."""
    return sum(_deliver(message) for message in _due(limit))


def withdraw(dedupe_key: str) -> bool:
    """Take back a mail nobody began to send; False when a sender was faster."""
    message = Message.objects.filter(dedupe_key=dedupe_key)
    waiting = message.filter(state=Message.State.QUEUED, attempts=0)
    waiting.update(state=Message.State.ABORTED)
    return not message.exclude(state=Message.State.ABORTED).exists()


def _due(limit: int) -> Iterator[Message]:
    """Due rows one by one, so that urgent mail overtakes what waits behind it."""
    for _turn in range(limit):
        message = (
            Message.objects.due().order_by("priority", "next_attempt_at", "pk").first()
        )
        if message is None:
            return
        if _lease(message):
            yield message


def _lease(message: Message) -> bool:
    """Take this row for one attempt; False when another sender was faster."""
    rows = Message.objects.due().filter(pk=message.pk, attempts=message.attempts)
    taken = rows.update(
        state=Message.State.SENDING,
        leased_until=database_now() + LEASE,
        attempts=F("attempts") + 1,
    )
    # The address may have been put right since the row was read.
    message.refresh_from_db()
    return bool(taken)


def _deliver(message: Message) -> bool:
    try:
        _as_mail(message).send()
    except Exception as error:  # noqa: BLE001  one bad mail must not stop the others
        _failed(message, error)
        return False
    _leased(message).update(
        state=Message.State.SENT, sent_at=Clock(), leased_until=None, smtp_answer="ok"
    )
    return True


def _failed(message: Message, error: Exception) -> None:
    """Later again for what may pass, never again for what will not."""
    is_final = _is_permanent(error) or message.attempts > len(BACKOFF)
    logger.warning("mail %s: %s", message.pk, type(error).__name__)
    outcome = {"leased_until": None, "smtp_answer": _answer(error)}
    if is_final:
        _leased(message).update(state=Message.State.FAILED, **outcome)
        return
    pause = BACKOFF[min(message.attempts, len(BACKOFF)) - 1]
    _leased(message).update(
        state=Message.State.QUEUED, next_attempt_at=database_now() + pause, **outcome
    )


def _is_permanent(error: Exception) -> bool:
    """No to this mail for ever; a no to our password or sender may still be mended."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _reason in error.recipients.values()]
        return all(code in PERMANENT_SMTP for code in codes)
    if isinstance(error, smtplib.SMTPDataError):
        return error.smtp_code in PERMANENT_SMTP
    # A header or an address that no server would take.
    return isinstance(error, ValueError)


def _answer(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _leased(message: Message) -> "QuerySet[Message]":
    return Message.objects.filter(
        pk=message.pk, state=Message.State.SENDING, attempts=message.attempts
    )


def _as_mail(message: Message) -> EmailMultiAlternatives:
    address = settings.DEFAULT_FROM_EMAIL
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=formataddr((message.sender_name, address)),
        to=[message.to],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers={
            "Message-ID": message.message_id,
            "Auto-Submitted": "auto-generated",
            "Content-Language": message.locale,
            **_thread_of(message),
        },
    )
    mail.attach_alternative(html_of(message), "text/html")
    return mail


def _thread_of(message: Message) -> dict[str, str]:
    """Mails of one order hang together; who waits has no order yet."""
    if message.order_id is None:
        return {}
    return {"References": f"<order.{message.order_id}@{host()}>"}
