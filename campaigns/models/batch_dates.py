"""When a batch takes orders, is made and ships."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.actors import Actor
from campaigns.clock import database_now
from campaigns.errors import BatchNotReady, Gap
from campaigns.models.batch_part import BatchPart


class HasDates(BatchPart):
    """The part of a batch about its dates; the window is what buyers are promised."""

    opens_at = models.DateTimeField(_("opens"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True)

    production_starts_on = models.DateField(
        _("production starts"), null=True, blank=True
    )
    production_ends_on = models.DateField(_("production ends"), null=True, blank=True)
    ships_from = models.DateField(_("ships from"), null=True, blank=True)
    ships_until = models.DateField(_("ships until"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def has_window(self) -> bool:
        """Whether buyers are promised a date; without one nobody can order."""
        return self.ships_from is not None and self.ships_until is not None

    def is_in_order(self, closes_at: datetime | None) -> bool:
        """Whether close, production and shipping follow each other (seller's days)."""
        zone = ZoneInfo(self.campaign.seller.time_zone)
        days = [
            closes_at and closes_at.astimezone(zone).date(),
            self.production_starts_on,
            self.production_ends_on,
            self.ships_from,
            self.ships_until,
        ]
        known = [day for day in days if day]
        return known == sorted(known)

    def change_cut_off(self, closes_at: datetime, *, actor: Actor) -> None:
        """Let an open batch close at another future moment; raises BatchNotReady."""
        if not self.is_in_order(closes_at):
            raise BatchNotReady(Gap.ORDER_OF_DATES)
        with transaction.atomic():
            batch = self._locked()
            rows = self._row().filter(stage=self.Stage.OPEN)
            if closes_at <= database_now() or not rows.update(closes_at=closes_at):
                raise BatchNotReady(Gap.CLOSING_AHEAD)
            before = batch.closes_at and batch.closes_at.isoformat()
            change = {"from": before, "to": closes_at.isoformat()}
            self.record("cut_off", actor=actor, data=change)
        self.closes_at = closes_at
