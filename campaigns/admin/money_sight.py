"""Amounts are left out for those who pack."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest

from campaigns.admin.scope import ScopedOptions
from campaigns.memberships import sellers_granting

if TYPE_CHECKING:
    ModelOptions = admin.ModelAdmin[Any]
else:
    ModelOptions = object

SEE_MONEY = "campaigns.see_money"


class HidesMoney(ScopedOptions):
    """Decimal fields and money columns are money; others are named here."""

    money_fields: ClassVar[tuple[str, ...]] = ()

    def sees_money(self, request: HttpRequest, row: Any = None) -> bool:
        """Of this row; or, without one, of every row that can be in a list."""
        if row is not None or request.user.is_superuser:
            return self.allows(request.user, SEE_MONEY, row)
        shown = sellers_granting(request.user, self.permission("view"))
        return shown <= sellers_granting(request.user, SEE_MONEY)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if self.sees_money(request, obj):
            return fieldsets
        without = [
            (name, {**options, "fields": self.without_money(options["fields"])})
            for name, options in fieldsets
        ]
        return [fieldset for fieldset in without if fieldset[1]["fields"]]

    def is_money(self, column: Any) -> bool:
        if not isinstance(column, str):
            return getattr(column, "is_money", False)
        if column in self.money_fields:
            return True
        try:
            field = self.model._meta.get_field(column)
        except FieldDoesNotExist:
            return getattr(getattr(self, column, None), "is_money", False)
        return isinstance(field, models.DecimalField)

    def without_money(self, columns: Iterable[Any]) -> list[Any]:
        kept = []
        for column in columns:
            is_group = isinstance(column, list | tuple)
            left = self.without_money(column) if is_group else column
            if left and not self.is_money(left):
                kept.append(left)
        return kept


class HidesMoneyInLists(HidesMoney, ModelOptions):
    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        return columns if self.sees_money(request) else self.without_money(columns)

    def get_list_filter(self, request: HttpRequest) -> Any:
        items = super().get_list_filter(request)
        if self.sees_money(request):
            return items
        paths = [item[0] if isinstance(item, tuple) else item for item in items]
        shown = zip(paths, items, strict=True)
        return [item for path, item in shown if not self._leads_to_money(path)]

    def get_search_fields(self, request: HttpRequest) -> Any:
        names = super().get_search_fields(request)
        if self.sees_money(request):
            return names
        return [name for name in names if not self._leads_to_money(name.lstrip("^=@"))]

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """An amount that is not shown is not to be found by asking for more or less."""
        is_shown = request is None or self.sees_money(request)
        is_hidden = not is_shown and self._leads_to_money(lookup)
        return not is_hidden and super().lookup_allowed(lookup, value, request)

    def _leads_to_money(self, path: Any) -> bool:
        if not isinstance(path, str):
            return self.is_money(path)
        return any(self.is_money(part) for part in path.split(LOOKUP_SEP))
