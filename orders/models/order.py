"""Who ordered what, at which price, under which promise."""

import secrets
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.actors import Actor
from campaigns.clock import Clock, database_now
from campaigns.errors import InvalidTransition
from campaigns.models import Batch, ScheduleChange, ShippingOption
from campaigns.money import CURRENCY_CHOICES
from campaigns.transactions import in_transaction
from orders.models.event import BALANCE_OVERDUE, HOLD_ENDED, OrderEvent

# What they ask for is settled, or pointless, once the order changes its status.
REMINDERS = ("payment_reminder", "balance_due", "address_lock", "delay_reminder")
# No 0/O, 1/I/L: read aloud over the phone, typed from a parcel.
NUMBER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
NUMBER_LENGTH = 8
TOKEN_BYTES = 24
ROUNDING_SLACK = Decimal("0.001")


def new_number() -> str:
    return "".join(secrets.choice(NUMBER_ALPHABET) for _n in range(NUMBER_LENGTH))


def new_token() -> str:
    """192 random bits: whoever has the link may act for the buyer."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class OrderQuerySet(models.QuerySet["Order"]):
    def overdue(self) -> Self:
        """Holds whose time to pay is over by the database's clock."""
        return self.filter(status=Order.Status.PENDING, expires_at__lte=Clock())

    def extendable(self) -> Self:
        """Holds whose buyer may still have more time: once, and before they end."""
        return self.filter(
            status=Order.Status.PENDING,
            expires_at__gt=Clock(),
            extended_at__isnull=True,
        )

    def holding_units(self) -> Self:
        """Orders whose lines count in `taken`."""
        return self.filter(status__in=Order.HOLDING)

    def unpacked(self) -> Self:
        """Paid orders of which nothing is packed yet."""
        rows = self.filter(status=Order.Status.CONFIRMED, packed_at__isnull=True)
        return rows.exclude(lines__shipped__gt=0)

    def with_balance_due(self) -> Self:
        """Confirmed by a deposit, the rest not paid: candidates, decided in Python.

        SQLite computes decimals as floats, hence the slack.
        """
        held = F("amount_paid") - F("amount_refunded")
        return self.filter(
            status=Order.Status.CONFIRMED,
            deposit__lt=F("total"),
            total__gt=held + ROUNDING_SLACK,
        )

    def with_overdue_balance(self) -> Self:
        """Of those the ones whose day has passed."""
        noted = OrderEvent.objects.filter(kind=BALANCE_OVERDUE, order=OuterRef("pk"))
        return self.with_balance_due().filter(Exists(noted))

    def left_in_canceled_batches(self) -> Self:
        """Orders that still have to follow their batch."""
        return self.filter(batch__stage=Batch.Stage.CANCELED, status__in=Order.LIVE)

    def waiting_to_ship(self) -> Self:
        """Held, and nothing of them is packed."""
        return self.filter(status__in=Order.LIVE, packed_at__isnull=True)

    def told_of_windows(self) -> Self:
        """Without offers of the waiting list, which agreed to nothing yet."""
        unfinished = Q(source=Order.Source.WAITLIST, name="")
        return self.waiting_to_ship().exclude(unfinished)

    def behind_schedule(self) -> Self:
        """Those of them whose batch promises another window than they know of."""
        change = ScheduleChange.objects.filter(
            batch=OuterRef("batch"), version=OuterRef("batch__schedule_version")
        )
        return self.waiting_to_ship().filter(
            Exists(change),
            schedule_version__lt=F("batch__schedule_version"),
            batch__stage__in=Batch.BEFORE_COMPLETION,
        )

    def for_door(self) -> Self:
        """Who asks, in which language, and what a gateway is told of them."""
        return self.only(
            *("number", "token", "status", "source", "rules", "expires_at"),
            *("name", "email", "phone", "locale", "time_zone"),
        )

    def with_seller(self) -> Self:
        """Each with its batch and campaign, too."""
        return self.select_related("batch__campaign__seller")

    def for_page(self) -> Self:
        return self.with_seller().prefetch_related("lines")


class Order(models.Model):
    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting for payment")
        CONFIRMED = "confirmed", _("Confirmed")
        FULFILLED = "fulfilled", _("Shipped")
        EXPIRED = "expired", _("Expired")
        CANCELED = "canceled", _("Canceled")

    class Source(models.TextChoices):
        SHOP = "shop", _("Shop")
        WAITLIST = "waitlist", _("Waiting list")
        CHAT = "chat", _("Chat")

    TRANSITIONS = {
        Status.PENDING: {Status.CONFIRMED, Status.EXPIRED, Status.CANCELED},
        Status.CONFIRMED: {Status.FULFILLED, Status.CANCELED},
        Status.FULFILLED: {Status.CONFIRMED},
        Status.EXPIRED: {Status.CONFIRMED},
    }
    PAID = (Status.CONFIRMED, Status.FULFILLED)
    HOLDING = (Status.PENDING, *PAID)
    # May still be canceled, and wait for what was promised.
    LIVE = (Status.PENDING, Status.CONFIRMED)
    MOST_EXTRA_MINUTES = 24 * 60

    number = models.CharField(
        _("number"), max_length=12, unique=True, default=new_number
    )
    token = models.CharField(
        max_length=64, unique=True, default=new_token, editable=False
    )
    batch = models.ForeignKey(
        Batch, models.PROTECT, related_name="orders", verbose_name=_("batch")
    )
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=Status,
        default=Status.PENDING,
        editable=False,
    )
    source = models.CharField(
        _("source"), max_length=8, choices=Source, default=Source.SHOP
    )
    submit_key = models.CharField(max_length=80, unique=True, editable=False)

    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=16, blank=True)
    address = models.TextField(_("address"), blank=True)
    province = models.CharField(_("province"), max_length=60, blank=True)
    city = models.CharField(_("city or regency"), max_length=80, blank=True)
    district = models.CharField(_("district"), max_length=80, blank=True)
    subdistrict = models.CharField(_("subdistrict"), max_length=80, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=10, blank=True)
    landmark = models.CharField(_("landmark"), max_length=120, blank=True)
    note = models.TextField(_("note"), blank=True)
    locale = models.CharField(_("language"), max_length=5, default="id")
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Jakarta")

    currency = models.CharField(_("currency"), max_length=3, choices=CURRENCY_CHOICES)
    goods = models.DecimalField(_("goods"), max_digits=14, decimal_places=2)
    shipping = models.DecimalField(_("shipping"), max_digits=14, decimal_places=2)
    discount = models.DecimalField(
        _("discount"), max_digits=14, decimal_places=2, default=0
    )
    total = models.DecimalField(_("total"), max_digits=14, decimal_places=2)
    deposit = models.DecimalField(_("deposit"), max_digits=14, decimal_places=2)
    amount_paid = models.DecimalField(
        _("received"), max_digits=14, decimal_places=2, default=0
    )
    amount_refunded = models.DecimalField(
        _("refunded"), max_digits=14, decimal_places=2, default=0
    )
    amount_kept = models.DecimalField(
        _("kept after cancellation"), max_digits=14, decimal_places=2, default=0
    )
    shipping_option = models.ForeignKey(
        ShippingOption,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("shipping option"),
    )
    shipping_service = models.CharField(_("courier service"), max_length=60, blank=True)
    # The campaign's rules as they were when the buyer agreed to them.
    rules = models.JSONField(default=dict, editable=False)

    promised_from = models.DateField(_("promised from"), null=True)
    promised_until = models.DateField(_("promised until"), null=True)
    schedule_version = models.PositiveIntegerField(default=1)
    # Digests of e-mail and phone, in the order in which their tallies are claimed.
    limit_keys = models.JSONField(default=list, editable=False)
    # Keyed digests of the internet address and its network, against hoarding of holds.
    hold_origin = models.CharField(max_length=64, blank=True, editable=False)
    hold_network = models.CharField(max_length=64, blank=True, editable=False)

    placed_at = models.DateTimeField(_("placed"), db_default=Clock(), editable=False)
    expires_at = models.DateTimeField(_("pay before"), null=True, editable=False)
    # When the buyer asked for more time to pay; it is given once.
    extended_at = models.DateTimeField(null=True, editable=False)
    packed_at = models.DateTimeField(null=True, editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    fulfilled_at = models.DateTimeField(null=True, editable=False)
    expired_at = models.DateTimeField(null=True, editable=False)
    canceled_at = models.DateTimeField(null=True, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status__in=[
                        "pending",
                        "confirmed",
                        "fulfilled",
                        "expired",
                        "canceled",
                    ]
                ),
                name="order_status_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["confirmed", "fulfilled"])
                | (
                    ~Q(name="")
                    & ~Q(address="")
                    & ~Q(phone="")
                    & (~Q(email="") | Q(source="chat"))
                ),
                name="confirmed_order_can_be_delivered",
            ),
            models.CheckConstraint(
                condition=~Q(status="pending") | Q(expires_at__isnull=False),
                name="hold_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(
                    total__gte=0, deposit__gte=0, goods__gte=0, shipping__gte=0
                ),
                name="order_amounts_are_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(deposit__lte=F("total")), name="deposit_within_total"
            ),
            models.CheckConstraint(
                condition=Q(
                    amount_kept__gte=0, amount_paid__gte=0, amount_refunded__gte=0
                ),
                name="order_sums_are_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "status"], name="order_by_batch_status"),
            models.Index(
                fields=["expires_at"],
                condition=Q(status="pending"),
                name="order_holds_by_end",
            ),
            models.Index(
                fields=["hold_origin"],
                condition=Q(status="pending") & ~Q(hold_origin=""),
                name="order_holds_by_origin",
            ),
            models.Index(
                fields=["hold_network"],
                condition=Q(status="pending") & ~Q(hold_network=""),
                name="order_holds_by_network",
            ),
            # All that the promise record reads of a shipped order.
            models.Index(
                fields=["batch", "promised_until", "fulfilled_at"],
                condition=Q(status="fulfilled"),
                name="order_promises_kept",
            ),
            models.Index(fields=["email"], name="order_by_email"),
            models.Index(fields=["phone"], name="order_by_phone"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("order:status", args=[self.token])

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def entitled(self) -> Decimal:
        """What the shop may keep of the money that came in."""
        return self.total if self.status in self.HOLDING else self.amount_kept

    @property
    def still_due(self) -> Decimal:
        """What a confirmed or shipped order lacks, by the money that arrived."""
        held = self.amount_paid - self.amount_refunded
        is_paid_for = self.status in self.PAID
        return max(Decimal(0), self.total - held) if is_paid_for else Decimal(0)

    def balance_overdue(self) -> OrderEvent | None:
        """That its balance was not paid in time, if it was noted in this batch."""
        events = self.events.filter(kind=BALANCE_OVERDUE).order_by("pk")
        noted = events.last()
        is_of_batch = noted and noted.data.get("batch_id") == self.batch_id
        return noted if is_of_batch else None

    @property
    def hold_was_ended(self) -> bool:
        """Whether the seller ended its time to pay early, to start production."""
        return self.events.filter(kind=HOLD_ENDED).exists()

    @property
    def longer_until(self) -> datetime | None:
        """The end of the hold, were it extended: as long again, and a day at most."""
        if self.expires_at is None:
            return None
        agreed = self.rules.get("hold_minutes", self.MOST_EXTRA_MINUTES)
        extra = min(agreed, self.MOST_EXTRA_MINUTES)
        return self.expires_at + timedelta(minutes=extra)

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines.all())

    @property
    def is_unfinished(self) -> bool:
        """An offer of the waiting list: nobody gave an address or agreed to rules."""
        return self.source == self.Source.WAITLIST and not self.rules

    @in_transaction
    def move_to(
        self,
        target: "Order.Status",
        *,
        actor: Actor,
        data: dict[str, Any] | None = None,
        **columns: Any,
    ) -> None:
        """One compare-and-set with its stamp and its event; raises InvalidTransition.

        `columns` are values, written in the same UPDATE; nothing is read back.
        """
        origin = self.Status(self.status)
        stamps = {"status": target, f"{target}_at": database_now()} | columns
        if origin == self.Status.PENDING:
            # Where a buyer came from is nobody's business once the hold is over.
            stamps |= {"hold_origin": "", "hold_network": ""}
        rows = Order.objects.filter(pk=self.pk, status=origin)
        allowed = target in self.TRANSITIONS.get(origin, ())
        if not (allowed and rows.update(**stamps)):
            raise InvalidTransition(self, target)
        for column, value in stamps.items():
            setattr(self, column, value)
        self.messages.withdraw_unsent(*REMINDERS)
        self.record(target, actor=actor, data={"from": origin} | (data or {}))

    @in_transaction
    def change_batch(self, batch: Batch, *, schedule_version: int) -> None:
        """Under another promise, which its buyer read; the first one stays noted."""
        rows = Order.objects.filter(pk=self.pk, batch=self.batch_id)
        if not rows.update(batch=batch, schedule_version=schedule_version):
            raise InvalidTransition(self, str(batch))
        self.batch, self.schedule_version = batch, schedule_version
        self.messages.withdraw_unsent("production_started", "address_lock")

    def record(
        self,
        kind: str,
        *,
        actor: Actor,
        data: dict[str, Any] | None = None,
        personal: dict[str, Any] | None = None,
    ) -> OrderEvent:
        """Append to the history both sides read."""
        event: OrderEvent = OrderEvent.objects.create(
            order=self,
            kind=kind,
            data=data or {},
            personal=personal or {},
            **actor.columns(),
        )
        return event
