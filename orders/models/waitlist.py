"""Who waits for which variant of a batch, and how many units of it."""

from typing import Any, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from campaigns.errors import InvalidTransition
from campaigns.models import Batch, Variant
from campaigns.transactions import in_transaction
from orders.models.order import Order, new_token


class WaitlistEntryQuerySet(models.QuerySet["WaitlistEntry"]):
    def waiting(self) -> Self:
        """In the order in which they are asked."""
        return self.filter(state=WaitlistEntry.State.WAITING).order_by("pk")

    def live(self) -> Self:
        return self.filter(state__in=WaitlistEntry.LIVE)

    def for_page(self) -> Self:
        return self.select_related("batch__campaign__seller", "variant", "order")

    def locked(self, entry_id: int) -> "WaitlistEntry":
        """The row, locked until commit: after its order, before any tally."""
        rows = self.select_related("variant", "batch__campaign__seller")
        return rows.select_for_update(no_key=True, of=("self",)).get(pk=entry_id)

    def end(self, reason: "WaitlistEntry.EndReason") -> int:
        """Those that wait, not by their owners' doing."""
        waiting = self.filter(state=WaitlistEntry.State.WAITING)
        ended = WaitlistEntry.State.ENDED
        return waiting.update(
            state=ended, ended_at=Clock(), end_reason=reason, origin=""
        )

    def end_offer_of(self, order: Order, **columns: Any) -> None:
        """What becomes of the place whose offer ends with its order, if it is one."""
        if order.source == Order.Source.WAITLIST:
            offered = self.filter(order=order, state=WaitlistEntry.State.OFFERED)
            offered.update(ended_at=Clock(), origin="", **columns)


class WaitlistEntry(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        OFFERED = "offered", _("Offered")
        CLAIMED = "claimed", _("Ordered")
        DECLINED = "declined", _("Declined")
        EXPIRED = "expired", _("Offer expired")
        LEFT = "left", _("Left the list")
        ENDED = "ended", _("The list ended")

    class EndReason(models.TextChoices):
        """Why a place ended without its owner's doing."""

        LIMIT = "limit", _("Limit per buyer reached")
        PRODUCTION = "production", _("Production started")
        CANCELED = "canceled", _("The batch was canceled")
        SELLER = "seller", _("Ended by the seller")

    # One place per address and variant while it lasts.
    LIVE = (State.WAITING, State.OFFERED)
    # An entry never comes back to an earlier state: no offer is revived.
    TRANSITIONS = {
        State.WAITING: {State.OFFERED, State.LEFT, State.ENDED},
        State.OFFERED: {State.CLAIMED, State.DECLINED, State.EXPIRED, State.ENDED},
    }

    batch = models.ForeignKey(
        Batch, models.PROTECT, related_name="waitlist", verbose_name=_("batch")
    )
    variant = models.ForeignKey(
        Variant, models.PROTECT, related_name="+", verbose_name=_("variant")
    )
    quantity = models.PositiveIntegerField(
        _("quantity"), validators=[MinValueValidator(1)]
    )
    accepts_fewer = models.BooleanField(_("fewer are fine too"), default=False)
    email = models.EmailField(_("e-mail"))
    # Digest of the normalised e-mail, as in the buyer tallies.
    identity = models.CharField(max_length=64, editable=False)
    # Keyed digest of the internet address, kept while the place lasts.
    origin = models.CharField(max_length=64, blank=True, editable=False)
    locale = models.CharField(_("language"), max_length=5, default="id")
    token = models.CharField(
        max_length=64, unique=True, default=new_token, editable=False
    )
    state = models.CharField(
        _("state"),
        max_length=8,
        choices=State,
        default=State.WAITING,
        editable=False,
    )
    # The offer: a pending order that waits for its buyer's details.
    order = models.OneToOneField(
        Order,
        models.PROTECT,
        null=True,
        related_name="waitlist_entry",
        verbose_name=_("order"),
        editable=False,
    )
    joined_at = models.DateTimeField(_("joined"), db_default=Clock(), editable=False)
    offered_at = models.DateTimeField(_("offered"), null=True, editable=False)
    ended_at = models.DateTimeField(_("over since"), null=True, editable=False)
    end_reason = models.CharField(
        _("reason"), max_length=10, choices=EndReason, blank=True, editable=False
    )

    objects = WaitlistEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("waiting list entry")
        verbose_name_plural = _("waiting list")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "variant", "identity"],
                condition=Q(state__in=["waiting", "offered"]),
                name="one_place_per_address_and_variant",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=1), name="entry_waits_for_a_unit_or_more"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "waiting",
                        "offered",
                        "claimed",
                        "declined",
                        "expired",
                        "left",
                        "ended",
                    ]
                ),
                name="entry_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "left", "ended"])
                | Q(order__isnull=False),
                name="offered_entry_has_its_order",
            ),
        ]
        indexes = [
            models.Index(
                fields=["batch", "variant"],
                condition=Q(state="waiting"),
                name="entry_waiting",
            ),
            models.Index(
                fields=["identity"],
                condition=Q(state__in=["waiting", "offered"]),
                name="entry_live_by_identity",
            ),
            models.Index(
                fields=["origin"],
                condition=Q(state__in=["waiting", "offered"]) & ~Q(origin=""),
                name="entry_live_by_origin",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.variant} ({self.batch})"

    @property
    def url(self) -> str:
        """The secret page of this place: wait, leave, order, decline."""
        return reverse("claim:page", args=[self.token])

    @property
    def departure_url(self) -> str:
        """Where it is given up, after one question, and said to be so."""
        return reverse("waitlist:departure", args=[self.token])

    def fitting(self, left: int) -> int:
        """How many of the units left this entry takes; 0 when they are too few."""
        if self.quantity <= left:
            return self.quantity
        return max(0, left) if self.accepts_fewer else 0

    def wait_for(self, quantity: int, *, accepts_fewer: bool) -> None:
        """Another quantity in the same place; raises InvalidTransition."""
        waiting = WaitlistEntry.objects.filter(pk=self.pk, state=self.State.WAITING)
        if not waiting.update(quantity=quantity, accepts_fewer=accepts_fewer):
            raise InvalidTransition(self, self.State.WAITING)
        self.quantity, self.accepts_fewer = quantity, accepts_fewer

    @in_transaction
    def move_to(self, target: "WaitlistEntry.State", **columns: Any) -> None:
        """One compare-and-set with its stamp; raises InvalidTransition."""
        origin = self.State(self.state)
        stamp = "offered_at" if target == self.State.OFFERED else "ended_at"
        rows = WaitlistEntry.objects.filter(pk=self.pk, state=origin)
        allowed = target in self.TRANSITIONS.get(origin, ())
        changes = {"state": target, stamp: Clock()} | columns
        if target not in self.LIVE:
            changes["origin"] = ""
        if not (allowed and rows.update(**changes)):
            raise InvalidTransition(self, target)
        self.refresh_from_db(fields=list(changes))
