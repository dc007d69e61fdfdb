"""The moment from which buyers no longer change where a batch ships to."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.actors import Actor
from campaigns.clock import database_now
from campaigns.errors import BatchNotReady, Gap, InvalidTransition
from campaigns.models.batch_part import BatchPart

LOCK_ANNOUNCED = "addresses_lock"
# Buyers are told at least so long before.
SHORTEST_NOTICE = timedelta(hours=48)


class LocksAddresses(BatchPart):
    """The part of a batch about its address lock: announced, never just set."""

    addresses_lock_at = models.DateTimeField(_("addresses lock"), null=True, blank=True)

    if TYPE_CHECKING:
        # Of the batch.
        events: Any
        BEFORE_COMPLETION: tuple[str, ...]

    class Meta:
        abstract = True

    def addresses_are_locked(self, now: datetime) -> bool:
        return self.addresses_lock_at is not None and self.addresses_lock_at <= now

    def lock_first_announced_at(self) -> datetime | None:
        events = self.events.filter(kind=LOCK_ANNOUNCED).order_by("pk")
        at: datetime | None = events.values_list("at", flat=True).first()
        return at

    def announce_address_lock(self, lock_at: datetime, *, actor: Actor) -> None:
        """Let the addresses lock then; a later announcement replaces an earlier one.

        Raises BatchNotReady for a notice that is too short, InvalidTransition when no
        order of the batch waits to be shipped.
        """
        with transaction.atomic():
            stored = self._locked()
            if stored.stage not in self.BEFORE_COMPLETION:
                raise InvalidTransition(self, LOCK_ANNOUNCED)
            if lock_at < database_now() + SHORTEST_NOTICE:
                raise BatchNotReady(Gap.NOTICE)
            if stored.addresses_lock_at == lock_at:
                return
            self._row().update(addresses_lock_at=lock_at)
            before = stored.addresses_lock_at and stored.addresses_lock_at.isoformat()
            data = {"from": before, "to": lock_at.isoformat()}
            self.record(LOCK_ANNOUNCED, actor=actor, data=data)
        self.addresses_lock_at = lock_at
