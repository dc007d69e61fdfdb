"""Senders of mail side by side: each takes a free place, or finds them all taken."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings

from campaigns.clock import Clock, database_now
from orders.mail import outbox
from orders.models import MailSender, Message

# A sender that died leaves its place for so long.
LONGEST_TURN = timedelta(seconds=outbox.TURN_SECONDS) + timedelta(minutes=1)


def has_more() -> bool:
    return Message.objects.sendable().exists()


@contextmanager
def place() -> Iterator[int]:
    """The number of a place for the time of the block, or 0."""
    number = _taken()
    try:
        yield number
    finally:
        MailSender.objects.filter(number=number).update(busy_until=Clock())


def _taken() -> int:
    numbers = range(1, settings.MAIL_SENDERS + 1)
    MailSender.objects.bulk_create(
        [MailSender(number=number) for number in numbers], ignore_conflicts=True
    )
    until = database_now() + LONGEST_TURN
    places = MailSender.objects.free()
    takes = (n for n in numbers if places.filter(number=n).update(busy_until=until))
    return next(takes, 0)
