"""The composer: updates are written, looked at, sent out, and never unsaid."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import dates
from campaigns.admin.base import (
    ReadOnlyInline,
    ShopInline,
    ShopModelAdmin,
    badge_column,
)
from campaigns.admin.campaign import CampaignAdmin
from campaigns.admin.row_pages import RowPage, RowPagesMixin
from campaigns.admin.transitions import Transition
from campaigns.clock import database_now
from campaigns.errors import InvalidTransition
from campaigns.models import Campaign, Update, UpdateAmendment, UpdatePicture
from orders.admin.update_pages import ChatPage, MailsPage, PreviewPage
from orders.admin.update_steps import (
    AmendUpdate,
    PublishUpdate,
    SendTest,
    TakeBackUpdate,
)
from orders.updates.audience import in_words
from orders.updates.forms import UpdateForm

STATES = {"draft": "", "scheduled": "warn", "published": "ok"}
STATE = badge_column("state", gettext_lazy("state"), STATES)
AUDIENCE = ("kind", "audience", "batch", "variant", "statuses")


class PictureInline(ShopInline):
    model = UpdatePicture
    fields = ("file", "alt", "position")

    def has_add_permission(self, request: HttpRequest, *parent: Any) -> bool:
        row = parent[0] if parent else None
        return super().has_add_permission(request, *parent) and _is_open(row)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _is_open(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_open(obj)


class AmendmentInline(ReadOnlyInline):
    model = UpdateAmendment
    related = ("user",)
    fields = readonly_fields = ("at", "text", "user")


class WritePage(RowPage):
    """From a campaign to a new update about it."""

    name = "update"
    label = gettext_lazy("Write an update")
    permissions = ("campaigns.add_update",)

    def render(
        self, request: HttpRequest, row: Campaign, frame: dict[str, Any]
    ) -> HttpResponse:
        add = reverse("admin:campaigns_update_add")
        return redirect(f"{add}?campaign={row.pk}")


def _is_open(row: Any) -> bool:
    return row is None or row.is_editable(database_now())


@admin.register(Update)
class UpdateAdmin(RowPagesMixin, ShopModelAdmin):
    seller_path = "campaign__seller"
    form = UpdateForm
    list_display = ("title", STATE, "campaign", "kind", "audience", "published")
    list_filter = ("state", "kind", "audience", "campaign__seller", "campaign")
    list_select_related = ("campaign__seller", "batch", "variant")
    search_fields = ("title", "body")
    inlines = (PictureInline, AmendmentInline)
    transitions: ClassVar[list[Transition]] = [
        PublishUpdate(),
        TakeBackUpdate(),
        AmendUpdate(),
        SendTest(),
    ]
    row_pages: ClassVar[list[RowPage]] = [PreviewPage(), MailsPage(), ChatPage()]
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("campaign", "standing")}),
        (gettext_lazy("Text"), {"fields": ("title", "body")}),
        (
            gettext_lazy("The same in the other language"),
            {"fields": ("other_title", "other_body")},
        ),
        (gettext_lazy("Who reads it, and who gets a mail"), {"fields": AUDIENCE}),
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Update | None = None
    ) -> tuple[str, ...]:
        always = ("standing", "written_to_whom")
        return (
            ("campaign", *always, *(AUDIENCE if _is_out(obj) else ()))
            if obj
            else always
        )

    def get_fieldsets(self, request: HttpRequest, obj: Update | None = None) -> Any:
        """Once it is out, its mails are written to whom they were promised to."""
        *parts, (title, _fields) = super().get_fieldsets(request, obj)
        told = ("kind", "audience", "written_to_whom")
        return [*parts, (title, {"fields": told if _is_out(obj) else AUDIENCE})]

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Batches and variants of the campaign it is about, once that is chosen."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name in ("batch", "variant") and (row := self._row(request)):
            field.queryset = field.queryset.filter(campaign=row.campaign_id)
        return field

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_allowed = super().has_change_permission(request, obj)
        return is_allowed and _is_open(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_draft = obj is None or obj.state == Update.State.DRAFT
        return super().has_delete_permission(request, obj) and is_draft

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Too late to edit: say why, and what can be done instead."""
        row = self.get_object(request, object_id)
        may_change = self.allows(request.user, self.permission("change"), row)
        if request.method == "POST" and may_change and not _is_open(row):
            self.message_user(request, _too_late(row), messages.ERROR)
            return redirect(self.row_url("change", row))
        return super().change_view(request, object_id, *args, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Update, form: Any, change: bool
    ) -> None:
        if change:
            _lock_editable(obj)
        else:
            obj.author_id = request.user.pk
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Update) -> None:
        drafts = Update.objects.filter(pk=obj.pk, state=Update.State.DRAFT)
        if not list(drafts.select_for_update(no_key=True).values_list("pk")):
            raise InvalidTransition(obj, "deleted")
        drafts.delete()

    @admin.display(description=gettext_lazy("state"))
    def standing(self, update: Update) -> str:
        if update._state.adding:
            return _("A draft; save it, then look at who would get it.")
        return _standing(update)

    @admin.display(description=gettext_lazy("mail goes to"))
    def written_to_whom(self, update: Update) -> str:
        return in_words(update)

    @admin.display(description=gettext_lazy("published"), ordering="published_at")
    def published(self, update: Update) -> str:
        return dates.moment_or_dash(update.published_at)

    def _row(self, request: HttpRequest) -> Update | None:
        match = request.resolver_match
        key = match.kwargs.get("object_id") if match else None
        if not (key and str(key).isdigit()):
            return None
        return self.get_queryset(request).filter(pk=int(key)).first()


def _is_out(row: Update | None) -> bool:
    return row is not None and row.state == Update.State.PUBLISHED


def _lock_editable(update: Update) -> None:
    """Its time may have run out, or it was scheduled, since the form was read."""
    rows = Update.objects.editable().filter(pk=update.pk)
    if not list(rows.select_for_update(of=("self",), no_key=True).values_list("pk")):
        raise InvalidTransition(update, "edited")


def _standing(update: Update) -> str:
    states = Update.State
    if update.state == states.SCHEDULED:
        words = _("Goes out %(moment)s. Until then it can be taken back.")
        return words % {"moment": dates.moment_or_dash(update.publish_at)}
    if update.state == states.DRAFT:
        return _("Draft: nobody else sees it.")
    words = _("Published %(moment)s.") % {
        "moment": dates.moment_or_dash(update.published_at)
    }
    if _is_open(update):
        edit = _("The page can be edited until %(moment)s; mails stay as they were.")
        until = dates.moment_or_dash(update.editable_until)
        return f"{words} {edit % {'moment': until}}"
    return f"{words} {_('What is missing can be added below it.')}"


def _too_late(update: Update) -> str:
    if update.state == Update.State.SCHEDULED:
        return _("It is about to go out. Take it back to change it.")
    return _(
        "It was published more than 30 minutes ago, so nothing was changed."
        " Use “Add to it” for what is missing."
    )


CampaignAdmin.row_pages.append(WritePage())
