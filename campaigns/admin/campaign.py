"""The page of one offer, with its pictures, variants and batches."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns import dates, naming, readiness
from campaigns.admin.base import (
    ReadOnlyInline,
    ShopInline,
    ShopModelAdmin,
    badge,
    badge_column,
)
from campaigns.admin.campaign_steps import Archive, Copy, Publish
from campaigns.admin.forms import MoneyForm, PairsField, ShopModelForm
from campaigns.admin.preview import PreviewedAdmin
from campaigns.admin.row_pages import RowPage, RowPagesMixin
from campaigns.admin.tones import STAGES
from campaigns.admin.transitions import Transition
from campaigns.clock import database_now
from campaigns.models import Batch, Campaign, Picture, Variant
from campaigns.money import format_money


class VariantForm(MoneyForm):
    amounts = ("price", "production_cost")
    options = PairsField(
        label=_("options"),
        required=False,
        help_text=_("Written as “Size: L, Color: Indigo”."),
        widget=forms.TextInput(
            attrs={"class": "vTextField", "placeholder": _("Size: L, Color: Indigo")}
        ),
    )

    @property
    def currency(self) -> str | None:
        campaign = self.cleaned_data.get("campaign")
        if campaign is None and self.instance.campaign_id:
            campaign = self.instance.campaign
        return campaign and campaign.currency

    def _post_clean(self) -> None:
        super()._post_clean()
        # Two rows left empty are not two equal ones.
        self.cleaned_data["sku"] = self.instance.sku


DUES = ("balance_due_days", "balance_due_on")
# A year. A hold that ends after the last day there is would refuse every order.
LONGEST_HOLD = 365 * 24 * 60


class CampaignForm(ShopModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "hold_minutes" in self.fields:
            longest = MaxValueValidator(LONGEST_HOLD)
            self.fields["hold_minutes"].validators.append(longest)
        if "slug" in self.fields:
            self.fields["slug"].required = False
            words = _("The end of the page's web address. Left empty, from the title.")
            self.fields["slug"].help_text = words

    def clean(self) -> dict[str, Any]:
        entered: dict[str, Any] = super().clean() or self.cleaned_data
        if entered.get("plan") == Campaign.Plan.DEPOSIT:
            self._check_deposit(entered)
        return entered

    def _check_deposit(self, entered: dict[str, Any]) -> None:
        if not (entered.get("deposit_percent") or self.has_error("deposit_percent")):
            self.add_error("deposit_percent", _("Say how much the deposit is."))
        dues = [name for name in DUES if entered.get(name) is not None]
        if not (dues or any(map(self.has_error, DUES))):
            self.add_error("balance_due_days", _("Say when the balance is due."))
        if len(dues) > 1:
            words = _("Days after the start of production or a date: leave one empty.")
            self.add_error("balance_due_on", words)

    def clean_slug(self) -> str:
        """An address that buyers may know already is not made anew."""
        entered: str = self.cleaned_data["slug"] or self.instance.slug
        return entered or _free_address(self.cleaned_data.get("title", ""))

    def clean_currency(self) -> str:
        """Orders and caps in money are counted in it."""
        currency: str = self.cleaned_data["currency"]
        if currency == self.instance.currency or self.instance._state.adding:
            return currency
        is_draft, is_capped = Q(stage="draft"), Q(goods_capacity__isnull=False)
        if self.instance.batches.filter(~is_draft | is_capped).exists():
            raise ValidationError(
                _("The currency stays once a batch was opened or has a cap in money.")
            )
        return currency


class PictureInline(ShopInline):
    model = Picture
    fields = ("file", "alt", "kind", "position")


class VariantInline(ShopInline):
    model = Variant
    form = VariantForm
    fields = (
        "options",
        "price",
        "weight_grams",
        "production_cost",
        "sku",
        "active",
        "position",
    )


class BatchInline(ReadOnlyInline):
    model = Batch
    fields = ("number", "stage_badge", "units", "closes", "ships")
    readonly_fields = fields
    show_change_link = True
    related = ("campaign",)
    verbose_name_plural = _("batches")

    stage_badge = staticmethod(badge_column("stage", _("stage"), STAGES))

    @admin.display(description=_("taken"))
    def units(self, batch: Batch) -> str:
        return f"{batch.taken} / {batch.capacity}"

    @admin.display(description=_("closes"))
    def closes(self, batch: Batch) -> str:
        return dates.moment_or_dash(batch.closes_at)

    @admin.display(description=_("ships"))
    def ships(self, batch: Batch) -> str:
        return dates.window_short(batch.ships_from, batch.ships_until)


CONTENT = ("seller", "title", "slug", "tagline", "lang", "story")
PRODUCT = ("materials", "size_table", "care", "defects_policy")
MONEY = (
    "currency",
    "plan",
    "deposit_percent",
    "balance_due_days",
    "balance_due_on",
    "unpaid_balance",
    "hold_minutes",
    "buyer_limit",
)
RULES = ("free_cancellation", "cancellation_kept_percent", "late_payment")
QUESTIONS = ("asks_note", "personalization_label")


@admin.register(Campaign)
class CampaignAdmin(RowPagesMixin, PreviewedAdmin):
    form = CampaignForm
    seller_path = "seller"
    list_display = ("title", "seller", "visibility", "currency", "plan")
    list_filter = ("seller", "currency", "plan")
    list_select_related = ("seller",)
    search_fields = ("title", "slug")
    prepopulated_fields: ClassVar = {"slug": ("title",)}
    readonly_fields = ("visibility", "checklist", "new_batch")
    inlines = (PictureInline, VariantInline, BatchInline)
    transitions: ClassVar[list[Transition]] = [Publish(), Copy(), Archive()]
    row_pages: ClassVar[list[RowPage]] = []
    fieldsets = (
        (_("Content"), {"fields": ("visibility", "checklist", *CONTENT)}),
        (_("Product"), {"fields": PRODUCT}),
        (
            _("Prices and payment"),
            {
                "fields": MONEY,
                "description": _("Changes bind new orders only."),
            },
        ),
        (_("Cancellation"), {"fields": RULES}),
        (_("Questions to the buyer"), {"fields": QUESTIONS}),
        (_("Batches"), {"fields": ("new_batch",)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Campaign | None = None) -> Any:
        """What publishing needs is not said of what is public."""
        (name, first), *others = super().get_fieldsets(request, obj)
        hidden = {"checklist"} if obj and obj.is_public else set()
        shown = [field for field in first["fields"] if field not in hidden]
        return [(name, first | {"fields": shown}), *others]

    def get_view_on_site_url(self, obj: Campaign | None = None) -> str | None:
        return super().get_view_on_site_url(obj) if obj and obj.is_public else None

    def save_related(self, request: HttpRequest, form: Any, *args: Any) -> None:
        super().save_related(request, form, *args)
        _give_new_variants_their_rows(form.instance)

    @admin.display(description=_("visibility"))
    def visibility(self, campaign: Campaign) -> SafeString:
        if campaign.archived_at:
            return badge(_("Archived"))
        if campaign.published_at:
            return badge(_("Public"), "ok")
        return badge(_("Not public yet"), "info")

    @admin.display(description=_("before it can be published"))
    def checklist(self, campaign: Campaign) -> SafeString | str:
        if campaign._state.adding:
            return str(_("Save the campaign first."))
        checks = readiness.checklist(campaign, database_now())
        return format_html('<ul class="checklist">{}</ul>', _lines(checks))

    @admin.display(description=_("new batch"))
    def new_batch(self, campaign: Campaign) -> SafeString | str:
        if campaign._state.adding:
            return str(_("Save the campaign first, then add its batches."))
        url = reverse("admin:campaigns_batch_add")
        return format_html(
            '<a href="{}?campaign={}">{}</a>', url, campaign.pk, _("Add a batch")
        )


@admin.register(Variant)
class VariantAdmin(ShopModelAdmin):
    seller_path = "campaign__seller"
    form = VariantForm
    list_display = ("__str__", "sku", "campaign", "price_in_words", "active")
    list_filter = ("active", "campaign")
    list_select_related = ("campaign",)
    search_fields = ("sku", "campaign__title")
    fields = ("campaign", *VariantInline.fields)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Variant | None = None
    ) -> tuple[str, ...]:
        return ("campaign",) if obj else ()

    def save_model(
        self, request: HttpRequest, obj: Variant, form: Any, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        _give_new_variants_their_rows(obj.campaign)

    @admin.display(description=_("price"), ordering="price")
    def price_in_words(self, variant: Variant) -> str:
        return format_money(variant.price, variant.campaign.currency)


def _free_address(title: str) -> str:
    longest = Campaign._meta.get_field("slug").max_length or 0
    others = Campaign.objects.all()
    return naming.first_free(
        naming.slug_of(title),
        lambda slug: others.filter(slug=slug).exists(),
        limit=longest,
    )


def _lines(checks: list[readiness.Check]) -> SafeString:
    states = {True: badge(_("Done"), "ok"), False: badge(_("Missing"), "bad")}
    rows = ((states[check.is_done], check.text) for check in checks)
    return format_html_join("", "<li>{} {}</li>", rows)


def _give_new_variants_their_rows(campaign: Campaign) -> None:
    """A variant without a row in a batch could not be ordered there."""
    for batch in campaign.batches.filter(stage__in=["draft", "open", "closed"]):
        batch.complete_allotments()
