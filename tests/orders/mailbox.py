"""Mails without an order, as rows, and a mail server on loopback for the shop."""

from typing import Any

from campaigns.clock import database_now
from orders.models import Message
from tests.doubles.smtp import Smtp


def make_message(**overrides: Any) -> Message:
    n = Message.objects.count() + 1
    values = {
        "dedupe_key": f"news:{n}",
        "kind": "order_placed",
        "to": "ani@example.com",
        "sender_name": "Nila Batik",
        "reply_to": "nila@example.com",
        "locale": "id",
        "subject": f"Pesanan {n}",
        "text": "Halo Ani,\n\nhttp://127.0.0.1:8000/o/x/\n\n<b>&\n",
        "message_id": f"<news.{n}@127.0.0.1>",
    }
    return Message.objects.create(**values | overrides)


def make_messages(count: int, **overrides: Any) -> None:
    for _n in range(count):
        make_message(**overrides)


def connect(settings: Any, server: Smtp) -> None:
    """Mails of the shop go to this server."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_TIMEOUT = 1


def make_all_due() -> None:
    Message.objects.filter(state="queued").update(next_attempt_at=database_now())


def states() -> dict[str, int]:
    """How many mails are in each state."""
    found: dict[str, int] = {}
    for state in Message.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found
