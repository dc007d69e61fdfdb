"""A brand, the people who run it, and how it ships."""

from decimal import ROUND_UP, Decimal
from typing import Any, Self
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns import images
from campaigns.clock import Clock
from campaigns.money import CURRENCY_CHOICES

GRAMS_PER_KILOGRAM = 1000


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(
            _("%(name)s is not a time zone. Example: Asia/Jakarta."),
            params={"name": name},
        )


class Seller(models.Model):
    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("address"), max_length=50, unique=True)
    logo = models.ImageField(
        _("logo"),
        upload_to=images.picture_path,
        validators=[images.validate_picture],
        blank=True,
        max_length=200,
    )
    theme_color = models.CharField(
        _("theme color"),
        max_length=7,
        default="#2A3FA0",
        validators=[RegexValidator(r"^#[0-9A-Fa-f]{6}$", _("Example: #2A3FA0"))],
    )
    about = models.CharField(_("in one line"), max_length=160, blank=True)
    whatsapp = models.CharField("WhatsApp", max_length=16, blank=True)
    email = models.EmailField(_("e-mail"))
    city = models.CharField(_("city"), max_length=80, blank=True)
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="Asia/Jakarta",
        validators=[validate_time_zone],
    )
    terms = models.TextField(_("terms"), blank=True)
    refund_rule = models.TextField(_("refund rule in words"), blank=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="sellers"
    )
    created_at = models.DateTimeField(db_default=Clock(), editable=False)

    class Meta:
        verbose_name = _("seller")
        verbose_name_plural = _("sellers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if images.is_new(self.logo):
            full = images.reencode(self.logo)
            self.logo.save(str(full.name), full, save=False)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("campaigns:seller", args=[self.slug])

    @property
    def logo_url(self) -> str:
        return self.logo.url if self.logo else ""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Membership(models.Model):
    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        MANAGER = "manager", _("Manager")
        PACKER = "packer", _("Packer, sees no money")

    seller = models.ForeignKey(Seller, models.CASCADE, verbose_name=_("seller"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("user")
    )
    role = models.CharField(
        _("role"), max_length=10, choices=Role, default=Role.MANAGER
    )

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(
                fields=["seller", "user"], name="one_role_per_member"
            ),
            models.CheckConstraint(
                condition=Q(role__in=["owner", "manager", "packer"]),
                name="membership_role_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address} · {self.seller}"

    @property
    def address(self) -> str:
        """By which colleagues know this person; names to sign in with stay private."""
        return self.user.email or self.user.get_username()


class ShippingOptionQuerySet(models.QuerySet["ShippingOption"]):
    def offered(self, currency: str) -> Self:
        return self.filter(currency=currency, active=True)


class ShippingOption(models.Model):
    seller = models.ForeignKey(
        Seller,
        models.CASCADE,
        related_name="shipping_options",
        verbose_name=_("seller"),
    )
    currency = models.CharField(
        _("currency"), max_length=3, choices=CURRENCY_CHOICES, default="IDR"
    )
    service = models.CharField(
        _("courier service"), max_length=60, help_text=_("Example: JNE REG")
    )
    provinces = models.JSONField(
        _("provinces"),
        default=list,
        blank=True,
        help_text=_("Official names; empty means everywhere."),
    )
    base_price = models.DecimalField(
        _("price of the first kilogram"),
        max_digits=14,
        decimal_places=2,
        validators=[MinValueValidator(0)],
    )
    price_per_extra_kilogram = models.DecimalField(
        _("price per extra kilogram"),
        max_digits=14,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0)],
    )
    days = models.CharField(
        _("days on the road"), max_length=20, blank=True, help_text="2–4"
    )
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = ShippingOptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("shipping option")
        verbose_name_plural = _("shipping options")
        ordering = ["position", "base_price", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(base_price__gte=0, price_per_extra_kilogram__gte=0),
                name="shipping_prices_are_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.service

    def serves(self, province: str) -> bool:
        return not self.provinces or province in self.provinces

    def price(self, grams: int) -> Decimal:
        """Price for a parcel of this weight; a begun kilogram counts whole."""
        kilograms = (Decimal(max(grams, 1)) / GRAMS_PER_KILOGRAM).to_integral_value(
            rounding=ROUND_UP
        )
        return self.base_price + (kilograms - 1) * self.price_per_extra_kilogram
