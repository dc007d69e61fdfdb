"""Delivers the outbox: claim a handful with a lease, send, mark each right after.

At least once, never zero. A sender that dies between the mail server's answer and our
mark leaves the lease to run out; that one mail goes out again, as the same mail.
"""

import logging
import time
from collections.abc import Iterator
from typing import Self

from django.core.mail import EmailMultiAlternatives

from orders.mail import answers as mail_answers
from orders.mail import claims as mail_claims
from orders.mail import overtaken as mail_overtaken
from orders.mail import rates as mail_rates
from orders.mail import trouble as mail_trouble
from orders.mail.answers import Verdict
from orders.mail.envelope import as_mail
from orders.mail.line import Line
from orders.mail.marks import mark_sent
from orders.models import Message

logger = logging.getLogger(__name__)

# A round among other work: what is left then is for the next one.
TURN_SECONDS = 10.0
# Claimed together, and held for so long at most: an urgent mail waits for no more.
FIRST_HANDFUL, HANDFUL = 10, 100
HELD_SECONDS = 2.0
# Failures of the server in a row, after which the others are not even tried.
FAILURES_THAT_END_A_ROUND = 3


def deliver_due(limit: int | None = None, seconds: float | None = None) -> int:
    """Send what is due, the most urgent first; returns how many were accepted."""
    with Sender(limit=limit, seconds=seconds) as sender:
        return sender.work()


def take_a_turn() -> int:
    """A round that never holds up what comes after it for long."""
    if mail_trouble.asks_for_rest():
        return 0
    return deliver_due(seconds=TURN_SECONDS)


def withdraw(dedupe_key: str) -> bool:
    """Take back a mail nobody began to send; False when a sender was faster."""
    message = Message.objects.filter(dedupe_key=dedupe_key)
    waiting = message.filter(state=Message.State.QUEUED, attempts=0)
    waiting.update(state=Message.State.ABORTED)
    return not message.exclude(state=Message.State.ABORTED).exists()


class Sender:
    """One round over one connection; any number of them may work side by side."""

    def __init__(self, *, limit: int | None, seconds: float | None) -> None:
        self.line = Line()
        self.left = limit
        self.ends_at = time.monotonic() + seconds if seconds else None
        self.in_trouble = mail_trouble.current() is not None
        self.size = FIRST_HANDFUL
        self.failures = 0
        self.is_over = False
        self.urgent_only = False
        self.full_domains: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.line.close()

    def work(self) -> int:
        mail_claims.recover()
        return sum(self._deliver(message) for message in self._due())

    def _due(self) -> Iterator[Message]:
        while not self._must_stop() and (handful := self._handful()):
            held_until, claimed = time.monotonic() + HELD_SECONDS, len(handful)
            while handful and not self._must_stop() and time.monotonic() < held_until:
                yield handful.pop(0)
            mail_claims.put_back(handful)
            # As many as the server is likely to take while they are held.
            self.size = min(HANDFUL, 2 * (claimed - len(handful)) + 1)

    def _must_stop(self) -> bool:
        is_late = self.ends_at is not None and time.monotonic() >= self.ends_at
        return self.is_over or self.left == 0 or is_late

    def _handful(self) -> list[Message]:
        # In trouble, one mail finds out whether it is over.
        count = 1 if self.in_trouble else self.size
        claimed = mail_claims.claim(
            count if self.left is None else min(count, self.left),
            urgent_only=self.urgent_only,
            spared=self.full_domains,
        )
        mail_overtaken.correct(claimed)
        return claimed

    def _deliver(self, message: Message) -> bool:
        try:
            mail = as_mail(message)
        except Exception as error:  # noqa: BLE001  one bad mail must not stop the others
            self._failed(message, error, Verdict.REFUSED)
            return False
        if full := self._full_for(message):
            self._waits_for_its_rate(message, full)
            return False
        return self._send(message, mail)

    def _full_for(self, message: Message) -> str:
        return mail_rates.full_for(message) if mail_rates.are_limited() else ""

    def _send(self, message: Message, mail: EmailMultiAlternatives) -> bool:
        if self.left is not None:
            self.left -= 1
        try:
            self.line.open()
            provider_id = self.line.send(mail)
        except Exception as error:  # noqa: BLE001  whatever a mailer may raise
            self._failed(message, error, mail_answers.verdict(error))
            return False
        mark_sent(message, provider_id=provider_id)
        self._went_well()
        return True

    def _waits_for_its_rate(self, message: Message, full: str) -> None:
        mail_claims.put_back([message])
        if full != mail_rates.EVERYONE:
            self.full_domains.add(full)
        elif message.priority == Message.Priority.BUYER_ACTION:
            self.is_over = True
        else:
            self.urgent_only = True

    def _went_well(self) -> None:
        self.failures = 0
        if self.in_trouble:
            self.in_trouble = False
            mail_trouble.over()

    def _failed(self, message: Message, error: Exception, found: Verdict) -> None:
        """Later again for what may pass, never again for what will not."""
        never_reached = not self.line.is_open or found is Verdict.LOCKED_OUT
        words = mail_answers.words(error)
        logger.info("mail %s: %s", message.pk, type(error).__name__)
        is_last = message.attempts >= mail_claims.MOST_ATTEMPTS and not never_reached
        if found is Verdict.REFUSED or is_last:
            mail_claims.mark_failed(message, words)
        else:
            mail_claims.mark_for_later(message, words, waits_for_server=never_reached)
        if found.concerns_all:
            self._server_failed(found, words)

    def _server_failed(self, found: Verdict, words: str) -> None:
        self.line.close()
        self.failures += 1
        # Among other work, one timeout is all the time there is.
        is_slow = found is Verdict.HANGS and self.ends_at is not None
        is_certain = is_slow or self.failures >= FAILURES_THAT_END_A_ROUND
        if is_certain or self.in_trouble or found is Verdict.LOCKED_OUT:
            self.is_over = True
            mail_trouble.note(found, words)
