"""What a batch needs to be made, and the rule for fewer; read before anyone pays."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.actors import Actor
from campaigns.clock import Clock, database_now
from campaigns.errors import InvalidTransition
from campaigns.models.batch_part import BatchPart

DAY = timedelta(days=1)
MINIMUM_MISSED = "minimum_missed"


class HasMinimum(BatchPart):
    """The part of a batch about its minimum; whether it is met, the orders know."""

    class MinimumRule(models.TextChoices):
        PROCEED = "proceed", _("Produce all the same")
        EXTEND = "extend", _("Extend once")
        CANCEL = "cancel", _("Cancel and refund everyone")

    minimum_units = models.PositiveIntegerField(_("minimum"), null=True, blank=True)
    minimum_rule = models.CharField(
        _("when the minimum is missed"),
        max_length=8,
        choices=MinimumRule,
        default=MinimumRule.CANCEL,
    )
    extension_days = models.PositiveSmallIntegerField(
        _("days of the extension"),
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
        help_text=_("By how many days the closing moves, where the rule extends."),
    )
    extended_at = models.DateTimeField(null=True, editable=False)
    minimum_decided_at = models.DateTimeField(null=True, editable=False)
    # Only of a batch that was canceled because too few units were paid.
    minimum_missed_at = models.DateTimeField(
        _("minimum missed"), null=True, editable=False
    )

    if TYPE_CHECKING:
        # Of the other parts, and of the batch.
        closes_at: models.DateTimeField[datetime | None, datetime | None]
        production_starts_on: models.DateField[date | None, date | None]
        production_ends_on: models.DateField[date | None, date | None]
        ships_from: models.DateField[date | None, date | None]

        def is_in_order(self, closes_at: datetime | None) -> bool: ...

        def reopen(
            self, *, closes_at: datetime, actor: Actor, **columns: Any
        ) -> None: ...

        def _move_to(self, target: Any, actor: Actor, **columns: Any) -> None: ...

    class Meta:
        abstract = True

    @property
    def is_undecided(self) -> bool:
        """Whether it has a minimum that may still be missed."""
        return bool(self.minimum_units) and self.minimum_decided_at is None

    @property
    def goes_ahead(self) -> bool:
        """Whether it was decided that it is made, with its minimum reached or not."""
        is_decided = bool(self.minimum_units) and self.minimum_decided_at is not None
        return is_decided and self.minimum_missed_at is None

    @property
    def rule_below_minimum(self) -> "HasMinimum.MinimumRule":
        """What happens when the minimum is missed now: it is extended only once."""
        rule = self.MinimumRule(self.minimum_rule)
        is_used_up = rule == self.MinimumRule.EXTEND and self.extended_at is not None
        return self.MinimumRule.CANCEL if is_used_up else rule

    def has_room_to_extend(self) -> bool:
        """Whether a later closing would still come before production."""
        extends = self.rule_below_minimum == self.MinimumRule.EXTEND
        if not (extends and self.minimum_units and self.closes_at):
            return True
        is_wrong_anyway = not self.is_in_order(self.closes_at)
        return is_wrong_anyway or self.is_in_order(self._days_later(self.closes_at))

    def extended_closing(self, now: datetime) -> datetime:
        """The same hour, `extension_days` later.

        However late that is decided, buyers get a day at least: then by more days.
        Where production begins before, it closes on that day: holds that ended late
        must not turn the extension that was agreed into a cancellation.
        """
        closes_at = self._days_later(self.closes_at or now)
        days_missing = -((closes_at - now - DAY) // DAY)
        wanted = closes_at + max(0, days_missing) * DAY
        latest = self._latest_closing(wanted)
        return min(wanted, latest) if latest > now else wanted

    def _latest_closing(self, wanted: datetime) -> datetime:
        """At the hour of `wanted`, on the day on which what follows begins."""
        days = (self.production_starts_on, self.production_ends_on, self.ships_from)
        following = next((day for day in days if day), None)
        if following is None:
            return wanted
        zone = ZoneInfo(self.campaign.seller.time_zone)
        return datetime.combine(following, wanted.astimezone(zone).timetz())

    def _days_later(self, moment: datetime) -> datetime:
        """By the clock on the seller's wall, which some zones change in between."""
        zone = ZoneInfo(self.campaign.seller.time_zone)
        return moment.astimezone(zone) + timedelta(days=self.extension_days)

    # Whether what follows may happen is decided by the apps that see the orders.

    def go_ahead(self, *, units: int, actor: Actor) -> None:
        """Decide that it is made, with these units paid, whatever is canceled later."""
        minimum = self.minimum_units or 0
        kind = "minimum_reached" if units >= minimum else "minimum_waived"
        with transaction.atomic():
            if not self._row().undecided().update(minimum_decided_at=Clock()):
                raise InvalidTransition(self, kind)
            self.record(kind, actor=actor, data={"units": units, "minimum": minimum})
        self.refresh_from_db(fields=["minimum_decided_at"])

    def extend(self, *, units: int, actor: Actor) -> None:
        """Reopen it for the days agreed; raises BatchNotReady when they do not fit."""
        if self.rule_below_minimum != self.MinimumRule.EXTEND:
            raise InvalidTransition(self, "minimum_extended")
        before = self.closes_at and self.closes_at.isoformat()
        closes_at = self.extended_closing(database_now())
        moved = {"from": before, "to": closes_at.isoformat()}
        counted = {"units": units, "minimum": self.minimum_units}
        with transaction.atomic():
            self.reopen(closes_at=closes_at, actor=actor, extended_at=Clock())
            self.record("minimum_extended", actor=actor, data=moved | counted)

    def miss_minimum(self, *, units: int, actor: Actor) -> None:
        """Cancel it because too few units were paid; its orders follow."""
        counted = {"units": units, "minimum": self.minimum_units}
        self._move_to(
            self.Stage.CANCELED,
            actor,
            origin=self.Stage.CLOSED,
            data={"reason": MINIMUM_MISSED} | counted,
            minimum_decided_at=Clock(),
            minimum_missed_at=Clock(),
        )
