"""How many people an update would reach, and who is left out for which reason."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from campaigns.models import Update
from orders.mail.deliverability import unreachable
from orders.models import Subscriber
from orders.updates.audience import orders_of, subscribed_kind, subscribers_of
from orders.updates.keys import DIGEST_LENGTH
from orders.updates.recipients import identity_of

CHUNK = 2000


class Reason(TextChoices):
    NO_EMAIL = "no-email", _("no e-mail address")
    STOPPED = "stopped", _("wants no news")
    FAILED = "failed", _("mail to the address failed")
    TWICE = "twice", _("another order of the same person, written to once")


@dataclass
class Reach:
    """Counted as the mails would be written: one for each mailbox.

    Of those left out the orders are kept, for the list that shows them.
    """

    orders: int = 0
    buyers: int = 0
    subscribers: int = 0
    skipped: dict[Reason, list[int]] = field(
        default_factory=lambda: {reason: [] for reason in Reason}
    )
    # Subscribers to whom mail failed have no order to show.
    unreachable_subscribers: int = 0

    @property
    def people(self) -> int:
        return self.buyers + self.subscribers

    @classmethod
    def of(cls, update: Update) -> Self:
        """A fixed number of queries; in memory one digest for each person."""
        reach, seen = cls(), set[str]()
        stopped, failed = stopped_for(update), unreachable()
        for pk, email in _contacts(update):
            reach.orders += 1
            reason = _reason(email, stopped, failed)
            if reason is None and _again(email, seen):
                reason = Reason.TWICE
            if reason is None:
                reach.buyers += 1
            else:
                reach.skipped[reason].append(pk)
        reach._count_subscribers(update, seen, failed)
        return reach

    def _count_subscribers(
        self, update: Update, seen: set[str], failed: set[str]
    ) -> None:
        rows = subscribers_of(update).values_list("email", flat=True)
        for email in rows.iterator(CHUNK):
            if email in failed:
                self.unreachable_subscribers += 1
            elif not _again(email, seen):
                self.subscribers += 1


def stopped_for(update: Update) -> set[str]:
    rows = Subscriber.objects.stopping(update.campaign, subscribed_kind(update))
    return set(rows.values_list("identity", flat=True))


def _contacts(update: Update) -> Iterator[tuple[int, str]]:
    rows = orders_of(update).order_by("pk").values_list("pk", "email")
    return rows.iterator(CHUNK)


def _reason(email: str, stopped: set[str], failed: set[str]) -> Reason | None:
    if not email:
        return Reason.NO_EMAIL
    if email in failed:
        return Reason.FAILED
    return Reason.STOPPED if stopped and identity_of(email) in stopped else None


def _again(email: str, seen: set[str]) -> bool:
    identity = identity_of(email)[:DIGEST_LENGTH]
    is_known = identity in seen
    seen.add(identity)
    return is_known
