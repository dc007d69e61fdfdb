"""The page of one offer: its words, facts, pictures, variants and rules."""

from itertools import chain, count
from typing import Any, Self

from django.core.validators import (
    MaxValueValidator,
    MinLengthValidator,
    MinValueValidator,
)
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from campaigns import images, readiness
from campaigns.clock import Clock, database_now
from campaigns.errors import InvalidTransition, NotReady
from campaigns.fields import OrderedJSONField
from campaigns.models.seller import Seller
from campaigns.money import CURRENCY_CHOICES

# Leaves room for a number behind it.
SKU_BASE_LENGTH = 55


# Published and not archived: what a buyer may see.
PUBLIC = {"published_at__isnull": False, "archived_at__isnull": True}


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def public(self) -> Self:
        return self.filter(**PUBLIC)


class Campaign(models.Model):
    class Plan(models.TextChoices):
        FULL = "full", _("Everything when ordering")
        DEPOSIT = "deposit", _("Deposit now, balance later")

    class FreeCancellation(models.TextChoices):
        UNTIL_PRODUCTION = "until_production", _("Free until production starts")
        UNTIL_CLOSE = "until_close", _("Free until the batch closes")
        NEVER = "never", _("Never free")

    class LatePayment(models.TextChoices):
        REINSTATE = "reinstate", _("Take the order back if there is still room")
        REFUND = "refund", _("Always send the money back")

    class UnpaidBalance(models.TextChoices):
        FORFEIT = "forfeit", _("The order ends and what was paid is kept")
        REFUND_LESS_DEPOSIT = (
            "refund_less_deposit",
            _("The order ends; what was paid above the deposit comes back"),
        )
        HOLD = "hold", _("The goods wait until the balance is paid")

    class Language(models.TextChoices):
        INDONESIAN = "id", _("Indonesian")
        ENGLISH = "en", _("English")

    # What a last notice adds to the day a balance is due.
    BALANCE_GRACE_DAYS = 3

    seller = models.ForeignKey(
        Seller, models.PROTECT, related_name="campaigns", verbose_name=_("seller")
    )
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=120)
    tagline = models.CharField(_("tagline"), max_length=160, blank=True)
    story = models.TextField(_("story"), blank=True, help_text="Markdown")
    lang = models.CharField(
        _("language of the texts"), max_length=2, choices=Language, default="id"
    )

    materials = models.TextField(_("materials"), blank=True)
    size_table = models.TextField(
        _("size table"),
        blank=True,
        help_text=_("One row a line, cells separated by |. The first row is the head."),
    )
    care = models.TextField(_("care"), blank=True)
    defects_policy = models.TextField(_("faulty goods"), blank=True)

    currency = models.CharField(
        _("currency"), max_length=3, choices=CURRENCY_CHOICES, default="IDR"
    )
    plan = models.CharField(
        _("payment plan"), max_length=8, choices=Plan, default=Plan.FULL
    )
    deposit_percent = models.PositiveSmallIntegerField(
        _("deposit in percent"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(99)],
    )
    balance_due_days = models.PositiveSmallIntegerField(
        _("balance due, days after production starts"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(365)],
        help_text=_("Or a fixed date below: one of the two."),
    )
    balance_due_on = models.DateField(_("balance due on"), null=True, blank=True)
    unpaid_balance = models.CharField(
        _("balance not paid in time"),
        max_length=20,
        choices=UnpaidBalance,
        default=UnpaidBalance.HOLD,
    )
    hold_minutes = models.PositiveIntegerField(
        _("minutes to pay"),
        default=1440,
        validators=[MinValueValidator(5)],
        help_text=_("How long an unpaid order keeps its units."),
    )
    buyer_limit = models.PositiveIntegerField(
        _("units per buyer"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Over all orders of the campaign; empty means no limit."),
    )
    free_cancellation = models.CharField(
        _("cancellation by the buyer"),
        max_length=20,
        choices=FreeCancellation,
        default=FreeCancellation.UNTIL_PRODUCTION,
    )
    cancellation_kept_percent = models.PositiveSmallIntegerField(
        _("kept when canceled later, in percent"),
        default=100,
        validators=[MaxValueValidator(100)],
    )
    late_payment = models.CharField(
        _("money that comes too late"),
        max_length=10,
        choices=LatePayment,
        default=LatePayment.REINSTATE,
    )
    asks_note = models.BooleanField(_("buyers may leave a note"), default=True)
    personalization_label = models.CharField(
        _("personalization"),
        max_length=60,
        blank=True,
        help_text=_("What to ask for each unit, such as “Name on the back”."),
    )

    # What the product is called in the shop it came from (import_products).
    import_handle = models.CharField(max_length=255, blank=True, editable=False)

    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Clock(), editable=False)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(plan="full")
                | Q(plan="deposit", deposit_percent__range=(1, 99)),
                name="deposit_plan_has_a_percentage",
            ),
            models.CheckConstraint(
                condition=Q(cancellation_kept_percent__lte=100),
                name="kept_percentage_is_a_percentage",
            ),
            models.CheckConstraint(
                condition=Q(buyer_limit__isnull=True) | Q(buyer_limit__gte=1),
                name="buyer_limit_is_positive",
            ),
            models.CheckConstraint(
                condition=Q(hold_minutes__gte=1), name="hold_lasts_a_minute_or_more"
            ),
            models.UniqueConstraint(
                fields=["seller", "import_handle"],
                condition=~Q(import_handle=""),
                name="product_is_imported_once_per_seller",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("campaigns:campaign", args=[self.slug])

    @property
    def is_public(self) -> bool:
        return self.published_at is not None and self.archived_at is None

    def missing_for_publication(self) -> list[str]:
        """What a buyer must be able to read before the page may be public."""
        checks = readiness.checklist(self, database_now())
        return [str(check.text) for check in checks if not check.is_done]

    def publish(self) -> None:
        """Show the page to buyers; raises NotReady with what is missing."""
        if missing := self.missing_for_publication():
            raise NotReady(missing)
        Campaign.objects.filter(pk=self.pk).update(
            published_at=Coalesce("published_at", Clock()), archived_at=None
        )
        self.refresh_from_db(fields=["published_at", "archived_at"])

    def archive(self) -> None:
        """Take the page away; not while a batch still takes orders."""
        if self.batches.filter(stage="open").exists():
            raise InvalidTransition(self, "archived")
        Campaign.objects.filter(pk=self.pk, archived_at=None).update(
            archived_at=Clock()
        )
        self.refresh_from_db(fields=["archived_at"])


class Picture(models.Model):
    class Kind(models.TextChoices):
        SAMPLE = "sample", _("Real sample")
        DESIGN = "design", _("Design")

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="pictures", verbose_name=_("campaign")
    )
    file = models.ImageField(
        _("file"),
        upload_to=images.picture_path,
        validators=[images.validate_picture],
        width_field="width",
        height_field="height",
        max_length=200,
    )
    width = models.PositiveIntegerField(editable=False, null=True)
    height = models.PositiveIntegerField(editable=False, null=True)
    alt = models.CharField(
        _("what it shows"),
        max_length=200,
        validators=[MinLengthValidator(3)],
        help_text=_("Read aloud to buyers who cannot see it."),
    )
    kind = models.CharField(_("kind"), max_length=6, choices=Kind, default=Kind.SAMPLE)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.alt

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the re-encoded picture and its smaller widths, never the sent bytes."""
        if not images.is_new(self.file):
            super().save(*args, **kwargs)
            return
        full = images.reencode(self.file)
        self.file.save(str(full.name), full, save=False)
        for width, content in images.renditions(full):
            self.file.storage.save(
                images.rendition_name(self.file.name or "", width), content
            )
        super().save(*args, **kwargs)

    @property
    def srcset(self) -> str:
        """Every stored width for the `srcset` attribute."""
        storage, name = self.file.storage, self.file.name or ""
        smaller = [
            f"{storage.url(images.rendition_name(name, width))} {width}w"
            for width in images.WIDTHS
            if width < (self.width or 0)
        ]
        return ", ".join([*smaller, f"{self.file.url} {self.width}w"])


class VariantQuerySet(models.QuerySet["Variant"]):
    def active(self) -> Self:
        return self.filter(active=True)


class Variant(models.Model):
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="variants", verbose_name=_("campaign")
    )
    sku = models.CharField(
        "SKU",
        max_length=60,
        blank=True,
        help_text=_("Left empty, it is made from the options."),
    )
    options = OrderedJSONField(
        _("options"),
        default=dict,
        blank=True,
        help_text='{"Ukuran": "L", "Warna": "Nila"}',
    )
    price = models.DecimalField(
        _("price"), max_digits=14, decimal_places=2, validators=[MinValueValidator(0)]
    )
    weight_grams = models.PositiveIntegerField(_("weight in grams"), default=250)
    production_cost = models.DecimalField(
        _("production cost per unit"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = VariantQuerySet.as_manager()

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "sku"], name="sku_is_unique_in_its_campaign"
            ),
            models.CheckConstraint(
                condition=Q(price__gte=0), name="variant_price_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.sku = self.sku or self.make_sku()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self.sku = self.sku or self.make_sku()

    def make_sku(self) -> str:
        """`L-NILA` from the options; numbered when another variant has it already."""
        words = slugify(" ".join(map(str, self.options.values()))).upper()
        base = words[:SKU_BASE_LENGTH] or "STANDARD"
        others = Variant.objects.filter(campaign=self.campaign_id).exclude(pk=self.pk)
        taken = set(others.values_list("sku", flat=True))
        names = chain([base], (f"{base}-{n}" for n in count(2)))
        return next(name for name in names if name not in taken)

    @property
    def label(self) -> str:
        """The chosen options in words: `L · Nila`."""
        return " · ".join(str(value) for value in self.options.values()) or self.sku
