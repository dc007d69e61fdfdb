"""The promise and the gate in one row: what one run can make, and until when."""

from datetime import datetime
from typing import Any, Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.actors import Actor
from campaigns.clock import Clock, database_now
from campaigns.errors import (
    BatchNotReady,
    Gap,
    InvalidTransition,
    MinimumUndecided,
)
from campaigns.models.address_lock import LocksAddresses
from campaigns.models.batch_caps import HasCaps
from campaigns.models.batch_dates import HasDates
from campaigns.models.batch_event import BatchEvent
from campaigns.models.campaign import PUBLIC, Campaign
from campaigns.models.minimum import HasMinimum


class BatchQuerySet(models.QuerySet["Batch"]):
    def accepting(self) -> Self:
        """Open by the database's clock at the moment each row is tested."""
        return self.filter(
            stage=Batch.Stage.OPEN, opens_at__lte=Clock(), closes_at__gt=Clock()
        )

    def accepting_at(self, now: datetime) -> Self:
        """The same at a moment, for what a page shows."""
        return self.filter(stage=Batch.Stage.OPEN, opens_at__lte=now, closes_at__gt=now)

    def before_close(self) -> Self:
        """Open by the database's clock, or opening later."""
        return self.filter(stage=Batch.Stage.OPEN, closes_at__gt=Clock())

    def past_cut_off(self) -> Self:
        return self.filter(stage=Batch.Stage.OPEN, closes_at__lte=Clock())

    def undecided(self) -> Self:
        """Closed, with a minimum of which nobody decided yet whether it is reached."""
        return self.filter(
            stage=Batch.Stage.CLOSED,
            minimum_units__gt=0,
            minimum_decided_at__isnull=True,
        )

    def public(self) -> Self:
        return self.exclude(stage=Batch.Stage.DRAFT)

    def at(self, slug: str) -> Self:
        """Of the public campaign at this address, each with it and its seller."""
        is_public = {f"campaign__{test}": value for test, value in PUBLIC.items()}
        of_campaign = self.public().filter(campaign__slug=slug, **is_public)
        return of_campaign.select_related("campaign__seller")

    def with_clock(self) -> Self:
        return self.annotate(clock=Clock())

    def locked(self, batch_id: int) -> "Batch":
        """The row, locked until commit. Always the last row a transaction locks."""
        return self.select_for_update(no_key=True).get(pk=batch_id)


class Batch(HasCaps, HasDates, HasMinimum, LocksAddresses):
    class Stage(models.TextChoices):
        DRAFT = "draft", _("Draft")
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")
        PRODUCTION = "production", _("In production")
        SHIPPING = "shipping", _("Shipping")
        COMPLETED = "completed", _("Completed")
        CANCELED = "canceled", _("Canceled")

    TRANSITIONS = {
        Stage.DRAFT: {Stage.OPEN, Stage.CANCELED},
        Stage.OPEN: {Stage.CLOSED, Stage.CANCELED},
        Stage.CLOSED: {Stage.OPEN, Stage.PRODUCTION, Stage.CANCELED},
        Stage.PRODUCTION: {Stage.SHIPPING, Stage.CANCELED},
        Stage.SHIPPING: {Stage.COMPLETED},
    }

    # Until then money may confirm an order, and a buyer may cancel one.
    BEFORE_PRODUCTION = (Stage.OPEN, Stage.CLOSED)
    # Orders are still to be made or shipped.
    BEFORE_COMPLETION = (*BEFORE_PRODUCTION, Stage.PRODUCTION, Stage.SHIPPING)

    # The database's time when the row was read; only rows from `with_clock` have it.
    clock: datetime

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="batches", verbose_name=_("campaign")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    stage = models.CharField(
        _("stage"), max_length=10, choices=Stage, default=Stage.DRAFT, editable=False
    )
    schedule_version = models.PositiveIntegerField(default=1, editable=False)

    open_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    production_at = models.DateTimeField(null=True, editable=False)
    shipping_at = models.DateTimeField(null=True, editable=False)
    completed_at = models.DateTimeField(null=True, editable=False)
    canceled_at = models.DateTimeField(null=True, editable=False)

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        # As the campaigns are, newest first, without a join to sort by them.
        ordering = ["-campaign_id", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "number"], name="batch_number_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(taken__gte=0, taken__lte=F("capacity")),
                name="batch_within_capacity",
            ),
            models.CheckConstraint(
                condition=Q(order_capacity__isnull=True)
                | Q(orders_taken__lte=F("order_capacity")),
                name="batch_within_order_capacity",
            ),
            models.CheckConstraint(
                condition=Q(goods_capacity__isnull=True)
                | Q(goods_taken__lte=F("goods_capacity")),
                name="batch_within_goods_capacity",
            ),
            models.CheckConstraint(
                condition=Q(
                    stage__in=[
                        "draft",
                        "open",
                        "closed",
                        "production",
                        "shipping",
                        "completed",
                        "canceled",
                    ]
                ),
                name="batch_stage_is_known",
            ),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True)
                | Q(opens_at__isnull=True)
                | Q(closes_at__gt=F("opens_at")),
                name="batch_closes_after_it_opens",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=["draft", "canceled"])
                | Q(opens_at__isnull=False, closes_at__isnull=False),
                name="batch_beyond_draft_has_a_cut_off",
            ),
            models.CheckConstraint(
                condition=Q(ships_until__isnull=True)
                | Q(ships_from__isnull=True)
                | Q(ships_until__gte=F("ships_from")),
                name="batch_window_is_in_order",
            ),
            models.CheckConstraint(
                condition=Q(schedule_version__gte=1), name="schedule_version_counts"
            ),
            models.CheckConstraint(
                condition=Q(minimum_missed_at__isnull=True) | Q(stage="canceled"),
                name="batch_without_its_minimum_is_canceled",
            ),
        ]
        indexes = [
            models.Index(fields=["stage", "closes_at"], name="batch_by_cut_off"),
        ]

    def __str__(self) -> str:
        return _("%(campaign)s, batch %(number)s") % {
            "campaign": self.campaign,
            "number": self.number,
        }

    def is_accepting(self, now: datetime) -> bool:
        """For what a page shows; the gate itself is tested in the claiming UPDATE."""
        return (
            self.stage == self.Stage.OPEN
            and self.opens_at is not None
            and self.closes_at is not None
            and self.opens_at <= now < self.closes_at
        )

    def is_before_close(self, now: datetime) -> bool:
        """Open, or to be opened; for what a page shows, as above."""
        is_ahead = self.closes_at is not None and now < self.closes_at
        return self.stage == self.Stage.OPEN and is_ahead

    def missing_for_opening(self, now: datetime) -> list[Gap]:
        """Why buyers cannot be promised anything yet."""
        fits = self.minimum_units is None or self.minimum_units <= self.capacity
        is_ahead = self.closes_at is None or self.closes_at > now
        checks = [
            (self.opens_at is not None, Gap.OPENING),
            (self.closes_at is not None, Gap.CLOSING),
            (is_ahead, Gap.CLOSING_PASSED),
            (self.has_window, Gap.WINDOW),
            (self.is_in_order(self.closes_at), Gap.ORDER_OF_DATES),
            (fits, Gap.MINIMUM_ABOVE_CAPACITY),
            (self.has_room_to_extend(), Gap.ROOM_TO_EXTEND),
        ]
        return [gap for fulfilled, gap in checks if not fulfilled]

    def open(self, *, actor: Actor) -> None:
        """Let orders in from `opens_at` on; raises BatchNotReady."""
        with transaction.atomic():
            self.complete_allotments()
            if missing := self._locked().missing_for_opening(database_now()):
                raise BatchNotReady(*missing)
            self._move_to(self.Stage.OPEN, actor, origin=self.Stage.DRAFT)

    def close(self, *, actor: Actor) -> None:
        self._move_to(self.Stage.CLOSED, actor)

    def reopen(self, *, closes_at: datetime, actor: Actor, **columns: Any) -> None:
        """Take orders again until `closes_at`, which must lie in the future."""
        if closes_at <= database_now():
            raise BatchNotReady(Gap.CLOSING_AHEAD)
        if not self.is_in_order(closes_at):
            raise BatchNotReady(Gap.ORDER_OF_DATES)
        with transaction.atomic():
            locked = self._locked()
            if not locked.has_window:
                raise BatchNotReady(Gap.WINDOW)
            closed_at = locked.closed_at
            self._move_to(
                self.Stage.OPEN,
                actor,
                origin=self.Stage.CLOSED,
                data={"closed_at": closed_at and closed_at.isoformat()},
                closes_at=closes_at,
                closed_at=None,
                **columns,
            )

    # Whether what follows may happen is decided by the apps that see the orders.

    def start_production(self, *, actor: Actor) -> None:
        """Raises MinimumUndecided while it may still turn out to be missed."""
        with transaction.atomic():
            batch = self._locked()
            if batch.stage == self.Stage.CLOSED and batch.is_undecided:
                raise MinimumUndecided
            self._move_to(self.Stage.PRODUCTION, actor)

    def start_shipping(self, *, actor: Actor) -> None:
        self._move_to(self.Stage.SHIPPING, actor)

    def complete(self, *, actor: Actor) -> None:
        self._move_to(self.Stage.COMPLETED, actor)

    def cancel(self, *, actor: Actor) -> None:
        """End the batch at once; its orders are canceled by the sweep."""
        self._move_to(self.Stage.CANCELED, actor)

    def complete_allotments(self) -> None:
        """Give every variant of the campaign its row; units are counted per row."""
        self.allotments.bulk_create(
            [
                self.allotments.model(batch=self, variant=variant)
                for variant in self.campaign.variants.all()
            ],
            ignore_conflicts=True,
        )

    def _move_to(
        self,
        target: "Batch.Stage",
        actor: Actor,
        *,
        origin: "Batch.Stage | None" = None,
        data: dict[str, Any] | None = None,
        **columns: Any,
    ) -> None:
        """One compare-and-set under the row's lock, with its stamp and its audit row.

        `origin` names the one stage to come from where the table allows several.
        """
        stamps = {f"{target}_at": Clock()} | columns
        with transaction.atomic():
            stage = self.Stage(self._locked().stage)
            allowed = target in self.TRANSITIONS.get(stage, ()) and (
                origin in (None, stage)
            )
            rows = Batch.objects.filter(pk=self.pk, stage=stage)
            if not (allowed and rows.update(stage=target, **stamps)):
                raise InvalidTransition(self, target)
            self.record(target, actor=actor, data={"from": stage} | (data or {}))
        self.refresh_from_db(fields=["stage", *stamps])

    def record(self, kind: str, *, actor: Actor, data: dict[str, Any]) -> None:
        """Append to the batch's audit trail."""
        BatchEvent.objects.create(batch=self, kind=kind, data=data, **actor.columns())

    def _locked(self) -> "Batch":
        return Batch.objects.locked(self.pk)
