"""Pages about one row, to look at; what changes a row are transitions."""

from collections.abc import MutableSequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.urls import URLPattern

from campaigns.admin.money_sight import HidesMoney
from campaigns.admin.row_urls import RowUrls

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

READING = ("GET", "HEAD")


class RowPage:
    """One page; an app above adds its own with `TheAdmin.row_pages.append(…)`."""

    name: ClassVar[str]
    label: ClassVar["StrOrPromise"]
    # What one may see besides the row itself, for the same seller.
    permissions: ClassVar[tuple[str, ...]] = ()

    def render(
        self, request: HttpRequest, row: Any, frame: dict[str, Any]
    ) -> HttpResponseBase:
        """`frame` is what every admin page needs, with the row and `sees_money`."""
        raise NotImplementedError


class RowPagesMixin(HidesMoney, RowUrls):
    row_pages: ClassVar[MutableSequence[RowPage]] = []

    def get_urls(self) -> list[URLPattern]:
        return [self._page_path(page) for page in self.row_pages] + super().get_urls()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        if row is not None:
            context["row_pages"] = [
                {"label": page.label, "url": self.row_url(page.name, row)}
                for page in self.row_pages
                if self.may_read(request, page, row)
            ]
        return super().render_change_form(request, context, *args, **kwargs)

    def may_read(self, request: HttpRequest, page: RowPage, row: Any = None) -> bool:
        """Of this row; or, without one, of any row at all."""
        return self.has_view_permission(request, row) and all(
            self.allows(request.user, permission, row)
            for permission in page.permissions
        )

    def row_page_view(
        self, request: HttpRequest, object_id: str, *, page: RowPage
    ) -> HttpResponseBase:
        if request.method not in READING:
            return HttpResponseNotAllowed(READING)
        if not self.may_read(request, page):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if not self.may_read(request, page, row):
            raise PermissionDenied
        frame = self.admin_site.each_context(request) | {
            "title": f"{page.label}: {row}",
            "opts": self.opts,
            "original": row,
            "row_page": page,
            "change_url": self.row_url("change", row),
            "sees_money": self.sees_money(request, row),
        }
        return page.render(request, row, frame)

    def _page_path(self, page: RowPage) -> URLPattern:
        return self.row_path(page.name, partial(self.row_page_view, page=page))
