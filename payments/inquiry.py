"""Asks gateways for the truth, and leaves one alone that does not answer."""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from campaigns.busy import is_busy
from payments import gateways
from payments.closing import PATIENCE
from payments.gateways.base import Snapshot
from payments.models import Payment, Refund

logger = logging.getLogger(__name__)


class Inquiry:
    """The questions of one round: a gateway that is down costs three calls.

    A question refused counts as well: with a wrong key each one is.
    """

    def __init__(self) -> None:
        self._failures: Counter[str] = Counter()

    @property
    def silent(self) -> list[str]:
        return sorted(name for name in self._failures if self.is_silent(name))

    def is_silent(self, gateway: str) -> bool:
        return self._failures[gateway] >= PATIENCE

    def payment(self, payment: Payment) -> Snapshot | None:
        """None when there was no answer, or nothing was asked any more."""
        name = payment.gateway
        if self.is_silent(name):
            return None
        with self._listening(name, payment.reference):
            snapshot = gateways.get(name).fetch(gateways.payment_in(payment))
            self._failures[name] = 0
            return snapshot
        return None

    def lists(self, gateway: str) -> bool:
        with self._listening(gateway, "what it can do"):
            return gateways.get(gateway).caps.lists
        return False

    def knows(self, refund: Refund) -> bool:
        """Whether its gateway has heard of it; one that does not answer may have."""
        name = refund.payment.gateway
        if self.is_silent(name):
            return True
        with self._listening(name, refund.reference):
            told = gateways.get(name).fetch_refund(gateways.refund_in(refund))
            return told is not None
        return True

    def history(
        self, gateway: str, since: datetime, until: datetime
    ) -> Iterator[Snapshot]:
        """All it took in that time; a list that breaks off counts as silence."""
        is_complete = False
        with self._listening(gateway, "its payments"):
            yield from gateways.get(gateway).history(since, until)
            is_complete = True
        if not is_complete:
            self._failures[gateway] = PATIENCE

    def _listening(self, gateway: str, about: str) -> "Listening":
        return Listening(gateway, about, self._failures)


class Listening(AbstractContextManager[None]):
    """Counts what went wrong inside, and goes on after it."""

    def __init__(self, gateway: str, about: str, failures: Counter[str]) -> None:
        self._gateway, self._about, self._failures = gateway, about, failures

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> bool:
        if not isinstance(error, Exception) or is_busy(error):
            return False
        self._failures[self._gateway] += 1
        words = "%s: no answer about %s: %s"
        logger.warning(words, self._gateway, self._about, error)
        return True
