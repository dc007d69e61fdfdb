"""What every admin page of the shop shares; whose rows it shows is in `scope`."""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString

from campaigns.admin.change_lists import ShopList
from campaigns.admin.forms import ShopModelForm
from campaigns.admin.moments import DayField, SplitMomentField, help_text
from campaigns.admin.money_sight import HidesMoney, HidesMoneyInLists
from campaigns.admin.scope import ScopedInlineRows
from campaigns.admin.transitions import TransitionsMixin, in_words
from campaigns.errors import CampaignError, ChangedMeanwhile
from campaigns.models import Seller
from campaigns.money import format_money

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    AnyInline = admin.TabularInline[Any, Any]
    AnyFormSet = forms.BaseInlineFormSet[Any, Any, Any]
    Options = admin.options.BaseModelAdmin[Any]
else:
    AnyInline = admin.TabularInline
    AnyFormSet = forms.BaseInlineFormSet
    Options = object

logger = logging.getLogger(__name__)


class GuardedOptions(Options):
    """Carries the form's own memory of what it showed, and names the zone of times."""

    form: Any = ShopModelForm

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not self.has_change_permission(request, obj):
            return fieldsets
        (name, first), *others = fieldsets
        if "seen" in first["fields"]:
            return fieldsets
        return [(name, first | {"fields": [*first["fields"], "seen"]}), *others]

    def formfield_for_dbfield(
        self, db_field: "models.Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if isinstance(db_field, models.DateTimeField):
            kwargs |= {"form_class": SplitMomentField, "help_text": help_text()}
        elif isinstance(db_field, models.DateField):
            kwargs |= {"form_class": DayField}
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class ShopModelAdmin(HidesMoneyInLists, GuardedOptions, TransitionsMixin):
    # Nothing of a shop is deleted by the dozen.
    actions: Any = None

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given: dict[str, Any] = super().get_changeform_initial_data(request)
        return self._only_seller(request) | given

    def _only_seller(self, request: HttpRequest) -> dict[str, Any]:
        """Who works for one seller is not asked for which."""
        if self.seller_path != "seller":
            return {}
        sellers = self.related_rows(request, Seller, "change").values_list("pk")[:2]
        return {"seller": sellers[0][0]} if len(sellers) == 1 else {}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ShopList]:
        return ShopList

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: bool
    ) -> None:
        if change:
            obj.save(update_fields=form.changed_columns)
        else:
            super().save_model(request, obj, form, change)

    def changeform_view(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """A refusal while saving has rolled everything back; say so on a fresh form."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except CampaignError as refusal:
            reason = in_words(refusal)
        except IntegrityError as error:
            logger.warning("%s: %s", request.path, error)
            reason = in_words(ChangedMeanwhile())
        self.message_user(request, reason, messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The page its buyer sees tells amounts, so the way there is left out too."""
        row = context.get("original")
        context["sees_money"] = self.sees_money(request, row)
        response = super().render_change_form(request, context, *args, **kwargs)
        if not context["sees_money"]:
            context["has_absolute_url"] = False
        return response

    def may_view_on_site(self, request: HttpRequest, row: Any) -> bool:
        return super().may_view_on_site(request, row) and self.sees_money(request, row)


class ShopFormSet(AnyFormSet):
    def add_fields(self, form: Any, index: int | None) -> None:
        """Each input is named as its column is: a table's head labels none of them."""
        super().add_fields(form, index)
        for field in form.fields.values():
            inner = getattr(field.widget, "widget", field.widget)
            inner.attrs.setdefault("aria-label", field.label)


class ShopInline(HidesMoney, GuardedOptions, ScopedInlineRows, AnyInline):
    formset = ShopFormSet
    # One empty row, for staff without JavaScript.
    extra = 1


class ReadOnly(Options):
    """To look at, never to write: for what only transitions and machines change."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyModelAdmin(ReadOnly, ShopModelAdmin):
    form = forms.ModelForm


class ReadOnlyInline(ReadOnly, HidesMoney, ScopedInlineRows, AnyInline):
    extra = 0
    related: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self, request: HttpRequest) -> "models.QuerySet[Any]":
        return super().get_queryset(request).select_related(*self.related)


def money_column(name: str, label: "StrOrPromise") -> Callable[[Any], str]:
    @admin.display(description=label, ordering=name)
    def column(row: Any) -> str:
        return format_money(getattr(row, name), row.currency)

    column.__name__ = name
    column.is_money = True  # type: ignore[attr-defined]
    return column


def badge_column(
    name: str, label: "StrOrPromise", tones: Mapping[str, str]
) -> Callable[[Any], str]:
    """A choice in words, on a badge of the tone that belongs to its value."""

    @admin.display(description=label, ordering=name)
    def column(row: Any) -> SafeString:
        text = getattr(row, f"get_{name}_display")()
        return badge(text, tones.get(getattr(row, name), ""))

    column.__name__ = name
    return column


def badge(text: object, tone: str = "") -> SafeString:
    return format_html('<span class="badge {}">{}</span>', f"is-{tone}", text)
