"""Finding the batches whose buyers are owed a word, and the orders that ask for it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.admin.batch import BatchAdmin
from campaigns.models import Batch
from orders.models import Order
from orders.news.lists import asking, owed_news


class OwedNewsFilter(admin.SimpleListFilter):
    title = gettext_lazy("news")
    parameter_name = "news"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("owed", _("Buyers are owed a word"))]

    def queryset(
        self, request: HttpRequest, queryset: "QuerySet[Batch]"
    ) -> "QuerySet[Batch]":
        return owed_news(queryset) if self.value() == "owed" else queryset


class AskedNewsFilter(admin.SimpleListFilter):
    title = gettext_lazy("news")
    parameter_name = "news"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("asked", _("Asks for news"))]

    def queryset(
        self, request: HttpRequest, queryset: "QuerySet[Order]"
    ) -> "QuerySet[Order]":
        return asking(queryset) if self.value() == "asked" else queryset


BatchAdmin.list_filter = (*BatchAdmin.list_filter, OwedNewsFilter)
