"""The list of orders behind a number of the composer."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns.models import Update
from orders.models import Order
from orders.updates.audience import orders_of
from orders.updates.reach import Reach, Reason


class AudienceFilter(admin.SimpleListFilter):
    """Offered only to who came by such a number: `?update=12`, `?update=12-twice`."""

    title = _("update")
    parameter_name = "update"

    def __init__(
        self, request: HttpRequest, params: Any, model: Any, model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.update = _update(self.value() or "", request)
        self.lookup_choices = list(self._choices())

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return []

    def has_output(self) -> bool:
        return bool(self.value())

    def choices(self, changelist: Any) -> Any:
        return super().choices(changelist) if self.update else iter(())

    def queryset(
        self, request: HttpRequest, queryset: "QuerySet[Order]"
    ) -> "QuerySet[Order]":
        if not self.value():
            return queryset
        if self.update is None:
            return queryset.none()
        reason = (self.value() or "").partition("-")[2]
        if not reason:
            return queryset.filter(pk__in=orders_of(self.update).values("pk"))
        reach = Reach.of(self.update)
        known = {each.value: keys for each, keys in reach.skipped.items()}
        return queryset.filter(pk__in=known.get(reason, []))

    def _choices(self) -> list[tuple[str, Any]]:
        if self.update is None:
            return []
        key = self.update.pk
        return [
            (str(key), str(self.update)),
            *((f"{key}-{reason.value}", reason.label) for reason in Reason),
        ]


def _update(value: str, request: HttpRequest) -> Update | None:
    """Only of those whose composer this person may see."""
    number = value.partition("-")[0]
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        return None
    own: Any = admin.site.get_model_admin(Update)
    rows = own.get_queryset(request).filter(pk=int(number))
    found: Update | None = rows.select_related("campaign__seller", "batch").first()
    return found
