"""Pages of one row beside its form: `<row>/<name>/`, named after the model."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = object


class RowUrls(AnyModelAdmin):
    def row_path(self, name: str, view: Callable[..., HttpResponseBase]) -> URLPattern:
        guarded = self.admin_site.admin_view(view)
        return path(f"<path:object_id>/{name}/", guarded, name=self._row_name(name))

    def row_url(self, name: str, row: Any) -> str:
        return reverse(f"admin:{self._row_name(name)}", args=[row.pk])

    def _row_name(self, name: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"
