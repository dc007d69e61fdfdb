"""Parcels: what was handed to which courier, and what is in it."""

from urllib.parse import quote

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from orders.models import Order, OrderLine


class Carrier(models.Model):
    name = models.CharField(_("name"), max_length=60)
    tracking_url = models.CharField(
        _("tracking page"),
        max_length=200,
        blank=True,
        validators=[
            RegexValidator(
                r"^https?://\S*\{number\}\S*$",
                _("Write a web address with {number} where the number belongs."),
            )
        ],
        help_text="https://example.com/track/{number}",
    )

    class Meta:
        verbose_name = _("courier")
        verbose_name_plural = _("couriers")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["name"], name="carrier_name_is_unique"),
        ]

    def __str__(self) -> str:
        return self.name

    def page_of(self, number: str) -> str:
        """Where this parcel can be followed; empty where nobody knows."""
        if not (self.tracking_url and number):
            return ""
        return self.tracking_url.replace("{number}", quote(number, safe=""))


class Shipment(models.Model):
    class State(models.TextChoices):
        SHIPPED = "shipped", _("Shipped")
        VOIDED = "voided", _("Taken back")

    order = models.ForeignKey(
        Order, models.PROTECT, related_name="shipments", verbose_name=_("order")
    )
    carrier = models.ForeignKey(
        Carrier,
        models.PROTECT,
        null=True,
        related_name="shipments",
        verbose_name=_("courier"),
    )
    service = models.CharField(_("courier service"), max_length=60, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=60, blank=True)
    state = models.CharField(
        _("state"), max_length=7, choices=State, default=State.SHIPPED
    )
    shipped_at = models.DateTimeField(_("shipped"), db_default=Clock())
    voided_at = models.DateTimeField(_("taken back"), null=True)
    # Who sent it; empty when the system did.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("sent by"),
    )

    class Meta:
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["shipped", "voided"]),
                name="shipment_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="shipped", voided_at__isnull=True)
                | Q(state="voided", voided_at__isnull=False),
                name="voided_shipment_has_its_time",
            ),
            models.UniqueConstraint(
                fields=["carrier", "tracking_number"],
                condition=Q(state="shipped") & ~Q(tracking_number=""),
                name="tracking_number_is_used_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order} · {self.courier} {self.tracking_number}".strip()

    @property
    def courier(self) -> str:
        return self.carrier.name if self.carrier else self.service

    @property
    def tracking_page(self) -> str:
        return self.carrier.page_of(self.tracking_number) if self.carrier else ""


class ShipmentLine(models.Model):
    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="lines")
    line = models.ForeignKey(
        OrderLine, models.PROTECT, related_name="+", verbose_name=_("order line")
    )
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("contents of a parcel")
        verbose_name_plural = _("contents of a parcel")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gte=1), name="parcel_holds_a_unit_or_more"
            ),
            models.UniqueConstraint(
                fields=["shipment", "line"], name="one_entry_per_line_in_a_parcel"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line.label or self.line.name}"
