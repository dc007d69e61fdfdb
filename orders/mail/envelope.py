"""A row of the outbox as the mail that leaves, with its headers."""

from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from campaigns.web_addresses import host
from orders.mail.html import html_of
from orders.models import Message


def as_mail(message: Message) -> EmailMultiAlternatives:
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
            **_way_out_of(message),
        },
    )
    mail.attach_alternative(html_of(message), "text/html")
    return mail


def _thread_of(message: Message) -> dict[str, str]:
    """Mails of one order hang together; who waits has no order yet."""
    if message.order_id is None:
        return {}
    order = f"<order.{message.order_id}@{host()}>"
    return {"References": order, "In-Reply-To": order}


def _way_out_of(message: Message) -> dict[str, str]:
    """RFC 8058: the mail program's own button, which asks nothing further."""
    if not message.unsubscribe_url:
        return {}
    return {
        "List-Unsubscribe": f"<{message.unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
