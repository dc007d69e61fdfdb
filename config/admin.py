"""The admin site of the shop."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponseBase
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Seller
from config.dashboard import Dashboard
from config.staff_site import ScopedAdminSite

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class ShopAdminSite(ScopedAdminSite):
    site_title = "Kloter"
    site_header = "Kloter"
    index_title = _("Today")

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        context = {"dashboard": Dashboard.read(self, request)}
        return super().index(request, context | (extra_context or {}))

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        return super().admin_view(in_staff_zone(view), cacheable)


def in_staff_zone(view: View) -> View:
    """Times are read and entered in the zone of the seller this person works for."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with timezone.override(staff_zone(request.user)):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
            return response

    return cast(View, inner)


def staff_zone(user: Any) -> ZoneInfo:
    sellers = Seller.objects.filter(members=user.pk).order_by("pk")
    name = sellers.values_list("time_zone", flat=True).first()
    return ZoneInfo(name or Seller._meta.get_field("time_zone").default)
