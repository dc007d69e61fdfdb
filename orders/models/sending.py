"""What senders of mail know of each other: few small rows, no mail in them."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from campaigns.clock import Clock

WINDOW_SECONDS = 60


class MailPace(models.Model):
    """How many mails left in each second of the last minute, of one kind of limit."""

    scope = models.CharField(max_length=255, primary_key=True)
    # Second since 1970, as text, to the number of mails.
    seconds = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.scope

    def used(self, now: datetime) -> int:
        """Mails of the last minute, the second that it began in included."""
        oldest = int(now.timestamp()) - WINDOW_SECONDS
        recent = {s: n for s, n in self.seconds.items() if int(s) >= oldest}
        self.seconds = recent
        return sum(recent.values())

    def count(self, now: datetime) -> None:
        second = str(int(now.timestamp()))
        self.seconds[second] = self.seconds.get(second, 0) + 1


class MailTrouble(models.Model):
    """The mail server is away, or wants none of our mail: one row, while it lasts."""

    class Kind(models.TextChoices):
        AWAY = "away"
        HANGS = "hangs"
        LOCKED_OUT = "locked_out"

    kind = models.CharField(max_length=10, choices=Kind)
    words = models.TextField()
    since = models.DateTimeField(db_default=Clock())
    seen_at = models.DateTimeField(db_default=Clock())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="one_mail_trouble_at_most")
        ]

    def __str__(self) -> str:
        return self.words


class MailSenderQuerySet(models.QuerySet["MailSender"]):
    def free(self) -> Self:
        return self.filter(busy_until__lte=Clock())


class MailSender(models.Model):
    """One of the senders that may work at once; a second task of its number ends."""

    number = models.PositiveSmallIntegerField(primary_key=True)
    busy_until = models.DateTimeField(db_default=Clock())

    objects = MailSenderQuerySet.as_manager()

    def __str__(self) -> str:
        return f"sender {self.number}"
