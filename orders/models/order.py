"""Who ordered what, at which price, under which promise."""

import secrets
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.actors import Actor
from campaigns.append_only import AppendOnly
from campaigns.clock import Clock
from campaigns.errors import InvalidTransition
from campaigns.fields import OrderedJSONField
from campaigns.models import Allotment, Batch, ShippingOption, Variant
from campaigns.money import CURRENCY_CHOICES

# No 0/O, 1/I/L: read aloud over the phone, typed from a parcel.
NUMBER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
NUMBER_LENGTH = 8
TOKEN_BYTES = 24


def new_number() -> str:
    return "".join(secrets.choice(NUMBER_ALPHABET) for _n in range(NUMBER_LENGTH))


def new_token() -> str:
    """192 random bits: whoever has the link may act for the buyer."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class OrderQuerySet(models.QuerySet["Order"]):
    def overdue(self) -> Self:
        """Holds whose time to pay is over by the database's clock."""
        return self.filter(status=Order.Status.PENDING, expires_at__lte=Clock())

    def holding_units(self) -> Self:
        """Orders whose lines count in `taken`."""
        return self.filter(status__in=Order.HOLDING)

    def left_in_canceled_batches(self) -> Self:
        """Orders that still have to follow their batch."""
        live = [Order.Status.PENDING, Order.Status.CONFIRMED]
        return self.filter(batch__stage=Batch.Stage.CANCELED, status__in=live)

    def for_page(self) -> Self:
        return self.select_related("batch__campaign__seller").prefetch_related("lines")


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
    HOLDING = (Status.PENDING, Status.CONFIRMED, Status.FULFILLED)

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
    def units(self) -> int:
        return sum(line.quantity for line in self.lines.all())

    def move_to(
        self,
        target: "Order.Status",
        *,
        actor: Actor,
        data: dict[str, Any] | None = None,
        **columns: Any,
    ) -> None:
        """One compare-and-set with its stamp and its event; raises InvalidTransition.

        `columns` are written in the same UPDATE.
        """
        origin = self.Status(self.status)
        stamps = {f"{target}_at": Clock()} | columns
        rows = Order.objects.filter(pk=self.pk, status=origin)
        allowed = target in self.TRANSITIONS.get(origin, ())
        if not (allowed and rows.update(status=target, **stamps)):
            raise InvalidTransition(self, target)
        self.record(target, actor=actor, data={"from": origin} | (data or {}))
        self.refresh_from_db(fields=["status", *stamps])

    def record(
        self,
        kind: str,
        *,
        actor: Actor,
        data: dict[str, Any] | None = None,
        personal: dict[str, Any] | None = None,
    ) -> None:
        """Append to the history both sides read."""
        OrderEvent.objects.create(
            order=self,
            kind=kind,
            data=data or {},
            personal=personal or {},
            **actor.columns(),
        )


class OrderLine(models.Model):
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="lines", verbose_name=_("order")
    )
    variant = models.ForeignKey(
        Variant, models.PROTECT, related_name="+", verbose_name=_("variant")
    )
    allotment = models.ForeignKey(Allotment, models.PROTECT, related_name="+")
    ordered = models.PositiveIntegerField(_("ordered"))
    quantity = models.PositiveIntegerField(_("quantity"))
    shipped = models.PositiveIntegerField(_("shipped"), default=0)
    unit_price = models.DecimalField(_("unit price"), max_digits=14, decimal_places=2)
    # One text for each unit, in the buyer's order.
    personalization = models.JSONField(_("personalization"), default=list, blank=True)
    name = models.CharField(_("name"), max_length=120)
    sku = models.CharField("SKU", max_length=60)
    options = OrderedJSONField(_("options"), default=dict)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="replacements"
    )

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(shipped__lte=F("quantity"), quantity__lte=F("ordered")),
                name="line_shipped_within_quantity_within_ordered",
            ),
            models.CheckConstraint(
                condition=Q(ordered__gte=1), name="line_orders_a_unit_or_more"
            ),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0), name="line_price_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name} {self.label}".strip()

    @property
    def label(self) -> str:
        return " · ".join(str(value) for value in self.options.values())

    @property
    def amount(self) -> Decimal:
        return self.unit_price * self.quantity


class OrderEvent(AppendOnly):
    """The audit trail. `personal` is the one column that erasure empties."""

    order = models.ForeignKey(
        Order, models.PROTECT, related_name="events", verbose_name=_("order")
    )
    kind = models.CharField(max_length=30)
    actor = models.CharField(max_length=10)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    at = models.DateTimeField(db_default=Clock())
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    personal = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("order event")
        verbose_name_plural = _("order events")
        ordering = ["pk"]
        indexes = [models.Index(fields=["order", "kind"], name="event_by_order_kind")]

    def __str__(self) -> str:
        return f"{self.order}: {self.kind}"


def units_by_allotment(lines: Iterable[OrderLine]) -> dict[int, int]:
    """What these lines take from each allotment now."""
    units: dict[int, int] = {}
    for line in lines:
        units[line.allotment_id] = units.get(line.allotment_id, 0) + line.quantity
    return units
