"""A sender of mails in a process of its own: sends to TEST_SMTP_PORT until killed.

With `mark-first` it marks mails before it sends them, with `old-dates-too` it sends
dates that were replaced: what the controls need.
"""

# ruff: noqa: I001, E402  Django is set up before anything of it is imported
import os
import sys
from typing import Any

import django

django.setup()

from django.conf import settings

from campaigns.clock import Clock
from orders.mail import claims as mail_claims
from orders.mail import outbox
from orders.models import Message

claim = mail_claims.claim


def claim_and_mark(*arguments: Any, **options: Any) -> list[Message]:
    rows = claim(*arguments, **options)
    for row in rows:
        mail_claims.held_by_us(row).update(state="sent", leased_until=None)
    return rows


def send_old_dates_too() -> None:
    rows = type(Message.objects.all())
    rows.sendable = lambda self: self.filter(  # type: ignore[method-assign]
        state="queued", next_attempt_at__lte=Clock()
    )
    mail_claims._without_untimely = lambda claimed: claimed


if __name__ == "__main__":
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 20
    settings.EMAIL_PORT = int(os.environ["TEST_SMTP_PORT"])
    if "mark-first" in sys.argv:
        mail_claims.claim = claim_and_mark
    if "old-dates-too" in sys.argv:
        send_old_dates_too()
    outbox.deliver_due()
