"""The mail server is away, or refuses us: told once, and known to every sender."""

import logging
from datetime import timedelta

from campaigns.clock import Clock, database_now
from orders.mail import claims as mail_claims
from orders.mail.answers import Verdict
from orders.models import MailTrouble

# A server that hangs takes its time from whatever waits behind the mails; one that is
# asked with a wrong password every few seconds shuts the account.
REST = timedelta(minutes=1)
TRYING = (MailTrouble.Kind.HANGS, MailTrouble.Kind.LOCKED_OUT)
KINDS = {
    Verdict.AWAY: MailTrouble.Kind.AWAY,
    Verdict.HANGS: MailTrouble.Kind.HANGS,
    Verdict.LOCKED_OUT: MailTrouble.Kind.LOCKED_OUT,
}

logger = logging.getLogger(__name__)


def current() -> MailTrouble | None:
    return MailTrouble.objects.first()


def note(found: Verdict, words: str) -> None:
    """Logged as an error when it begins, not again for each mail that waits."""
    kind = KINDS[found]
    trouble, is_new = MailTrouble.objects.get_or_create(
        pk=1, defaults={"kind": kind, "words": words}
    )
    if is_new or trouble.kind != kind:
        logger.error("no mail leaves (%s): %s", kind, words)
    MailTrouble.objects.filter(pk=1).update(kind=kind, words=words, seen_at=Clock())


def over() -> None:
    """A mail left: whatever waited for the server need not wait any longer."""
    if MailTrouble.objects.all().delete()[0]:
        logger.warning("mails leave again")
    mail_claims.wake_those_waiting_for_the_server()


def asks_for_rest() -> bool:
    recent = database_now() - REST
    return MailTrouble.objects.filter(kind__in=TRYING, seen_at__gt=recent).exists()
