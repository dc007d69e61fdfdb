"""How many mails may leave in a minute: in all, and to one domain.

Counted in the database, so that any number of senders keeps one limit, and in seconds,
so that no minute holds more, wherever it begins.
"""

from django.conf import settings
from django.db import transaction

from campaigns.clock import database_now
from orders.models import MailPace, Message

EVERYONE = "*"
# The share of the whole rate that only answers to buyers may use.
KEPT_FOR_BUYERS = 10


def domain_of(message: Message) -> str:
    return message.to.rpartition("@")[2].lower()


def are_limited() -> bool:
    return bool(settings.MAIL_RATE or settings.MAIL_DOMAIN_RATE)


def full_for(message: Message) -> str:
    """Books the mail and returns "", or names the limit that it has to wait for."""
    limits = _limits_for(message)
    return _book(limits) if limits else ""


def _limits_for(message: Message) -> dict[str, int]:
    limits = {}
    if rate := settings.MAIL_DOMAIN_RATE:
        limits[domain_of(message)] = rate
    if rate := settings.MAIL_RATE:
        is_urgent = message.priority == Message.Priority.BUYER_ACTION
        limits[EVERYONE] = rate if is_urgent else rate - rate // KEPT_FOR_BUYERS
    return limits


def _book(limits: dict[str, int]) -> str:
    MailPace.objects.bulk_create(
        [MailPace(scope=scope) for scope in limits], ignore_conflicts=True
    )
    with transaction.atomic():
        paces = MailPace.objects.select_for_update(no_key=True).order_by("scope")
        found = list(paces.filter(scope__in=limits))
        now = database_now()
        for pace in found:
            if pace.used(now) >= limits[pace.scope]:
                return pace.scope
        for pace in found:
            pace.count(now)
        MailPace.objects.bulk_update(found, ["seconds"])
    return ""
