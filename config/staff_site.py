"""What the admin site itself shows of rows: recent actions and ways to public pages."""

from typing import Any, cast

from django.contrib.admin import AdminSite
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.views import shortcut
from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.functional import SimpleLazyObject

from config.lockout import LockingLoginForm


class ScopedAdminSite(AdminSite):
    login_form = LockingLoginForm

    def get_urls(self) -> list[URLPattern | URLResolver]:
        view = self.admin_view(self.view_on_site)
        route = "r/<int:content_type_id>/<path:object_id>/"
        return [path(route, view, name="view_on_site"), *super().get_urls()]

    def view_on_site(
        self, request: HttpRequest, content_type_id: int, object_id: str
    ) -> HttpResponse:
        """Django would lead anybody on the staff to anybody's secret page."""
        model: Any = ContentType.objects.get_for_id(content_type_id).model_class()
        if not self.is_registered(model):
            raise Http404
        model_admin: Any = self.get_model_admin(model)
        row = model_admin.get_object(request, object_id)
        if not model_admin.may_view_on_site(request, row):
            raise Http404
        answer: HttpResponse = shortcut(request, content_type_id, object_id)
        return answer

    def get_log_entries(self, request: HttpRequest) -> "QuerySet[LogEntry]":
        """Of rows this person can still see: yesterday's seller may be another's.

        Every page has them at hand and few show them, so they are put together late.
        """
        entries = super().get_log_entries(request)
        if request.user.is_superuser:
            return entries
        return cast(
            "QuerySet[LogEntry]",
            SimpleLazyObject(lambda: entries.filter(self._about_own_rows(request))),
        )

    def _about_own_rows(self, request: HttpRequest) -> Q:
        about_own = Q(pk__in=[])
        for model, model_admin in self._registry.items():
            rows = model_admin.get_queryset(request).order_by()
            names = rows.annotate(_name=Cast("pk", CharField())).values("_name")
            about_own |= Q(
                content_type__app_label=model._meta.app_label,
                content_type__model=model._meta.model_name,
                object_id__in=names,
            )
        return about_own
