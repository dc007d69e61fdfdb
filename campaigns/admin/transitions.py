"""Steps of a row as pages of their own: GET tells what will happen, POST does it."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import readiness
from campaigns.actors import Actor
from campaigns.admin.caps import below_taken
from campaigns.admin.row_urls import RowUrls
from campaigns.admin.scope import ScopedRows
from campaigns.errors import (
    BatchNotReady,
    CampaignError,
    CapacityBelowTaken,
    ChangedMeanwhile,
    InvalidTransition,
    NotReady,
    Unready,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin


class WentOtherwise(CampaignError):
    """The step was taken and led elsewhere; `words` tell the staff where."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Transition:
    """One step; an app above adds its own with `TheAdmin.transitions.append(…)`."""

    name: ClassVar[str]
    label: ClassVar["StrOrPromise"]
    done: ClassVar["StrOrPromise"]
    form_class: ClassVar[type[forms.Form]] = forms.Form
    # Empty: the right to change the row, even where no form may.
    permission: ClassVar[str] = ""
    # Above what `missing` names.
    stands_in_the_way: ClassVar["StrOrPromise"] = gettext_lazy(
        "This is still missing; nothing was changed:"
    )
    # Set: a button shows first what would happen with what was entered.
    preview_template: ClassVar[str] = ""

    def is_offered(self, row: Any) -> bool:
        raise NotImplementedError

    def perform(self, row: Any, *, actor: Actor, data: dict[str, Any]) -> Any:
        """Do it; a row it answers with is a new one, which is shown next."""
        raise NotImplementedError

    def facts(self, row: Any) -> list[tuple[Any, object]]:
        """What will happen, in numbers."""
        return []

    def form(self, row: Any, data: Any) -> forms.Form:
        """What is asked before it is done; bound once `data` was posted."""
        return self.form_class(data)

    def missing(self, row: Any) -> list[str]:
        """What stands in the way."""
        return []

    def preview(self, row: Any, data: dict[str, Any]) -> object:
        """What its template shows; refuses as `perform` would, and changes nothing."""
        raise NotImplementedError


class TransitionsMixin(ScopedRows, RowUrls, AnyModelAdmin):
    transitions: ClassVar[Sequence[Transition]] = ()

    def may_act(self, request: HttpRequest, row: Any, step: Transition) -> bool:
        permission = step.permission or self.permission("change")
        return self.allows(request.user, permission, row)

    def get_urls(self) -> list[URLPattern]:
        return [self._step_path(step) for step in self.transitions] + super().get_urls()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        if row is not None:
            context["transitions"] = [
                {"label": step.label, "url": self.row_url(step.name, row)}
                for step in self.transitions
                if self.may_act(request, row, step) and step.is_offered(row)
            ]
        return super().render_change_form(request, context, *args, **kwargs)

    def _step_path(self, step: Transition) -> URLPattern:
        return self.row_path(step.name, partial(self.transition_view, step=step))

    def transition_view(
        self, request: HttpRequest, object_id: str, *, step: Transition
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        row = self.get_object(request, unquote(object_id))
        if not self.may_act(request, row, step):
            raise PermissionDenied
        if not step.is_offered(row):
            self._refuse(request, InvalidTransition(row, step.name))
            return redirect(self.row_url("change", row))
        form = step.form(row, request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return self._confirmation(request, row, step, form)
        if step.preview_template and "preview" in request.POST:
            return self._preview(request, row, step, form)
        return self._perform(request, row, step, form)

    def _preview(
        self, request: HttpRequest, row: Any, step: Transition, form: forms.Form
    ) -> HttpResponse:
        try:
            preview = step.preview(row, form.cleaned_data)
        except Unready as refusal:
            return self._confirmation(request, row, step, form, reasons_of(refusal))
        return self._confirmation(request, row, step, form, preview=preview)

    def _perform(
        self, request: HttpRequest, row: Any, step: Transition, form: forms.Form
    ) -> HttpResponse:
        made = None
        try:
            made = step.perform(row, actor=staff(request), data=form.cleaned_data)
        except Unready as refusal:
            return self._confirmation(request, row, step, form, reasons_of(refusal))
        except CampaignError as refusal:
            self._refuse(request, refusal)
        else:
            self._tell(request, row, step, made)
        return redirect(self.row_url("change", made or row))

    def _tell(
        self, request: HttpRequest, row: Any, step: Transition, made: Any
    ) -> None:
        self.log_change(request, row, str(step.done))
        if made is not None:
            self.log_addition(request, made, str(step.done))
        self.message_user(request, f"{row}: {step.done}", messages.SUCCESS)

    def _refuse(self, request: HttpRequest, refusal: CampaignError) -> None:
        self.message_user(request, in_words(refusal), messages.ERROR)

    def _confirmation(
        self,
        request: HttpRequest,
        row: Any,
        step: Transition,
        form: forms.Form,
        refused: list[str] | None = None,
        *,
        preview: object = None,
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": f"{step.label}: {row}",
            "opts": self.opts,
            "original": row,
            "step": step,
            "form": form,
            "facts": step.facts(row),
            "missing": refused or step.missing(row),
            "preview": preview,
            "change_url": self.row_url("change", row),
        }
        is_refused = refused or form.errors
        status = HTTPStatus.CONFLICT if is_refused else HTTPStatus.OK
        return TemplateResponse(
            request, "admin/transition.html", context, status=status
        )


def staff(request: HttpRequest) -> Actor:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return Actor.staff(request.user)


def reasons_of(refusal: Unready) -> list[str]:
    match refusal:
        case BatchNotReady():
            return readiness.in_words(refusal.gaps)
        case NotReady():
            return refusal.reasons
    raise refusal


def in_words(refusal: CampaignError) -> str:
    match refusal:
        case CapacityBelowTaken():
            return below_taken(refusal.taken, refusal.cap, refusal.currency)
        case Unready():
            return " ".join(reasons_of(refusal))
        case ChangedMeanwhile():
            return _(
                "Something changed at the same moment, so nothing was saved."
                " Look at the numbers below and try again."
            )
        case WentOtherwise():
            return refusal.words
        case InvalidTransition():
            return _("%(row)s: this step is not possible now. Nothing was changed.") % {
                "row": refusal.subject
            }
    return _("This is not possible now. Nothing was changed.")
