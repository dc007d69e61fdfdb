"""Of one request: the lists its person may see, and figures that lead to them."""

from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.db import models
from django.http import HttpRequest

from orders.models import Order


@dataclass(frozen=True, kw_only=True)
class Number:
    """A figure and the list it adds up to."""

    label: str
    value: Any
    url: str


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The lists this person may see."""

    site: AdminSite
    request: HttpRequest

    def may_see(self, model: type[models.Model]) -> bool:
        return bool(self._admin(model).has_view_permission(self.request))

    def sees_money(self) -> bool:
        return bool(self._admin(Order).sees_money(self.request))

    def rows(self, model: type[models.Model]) -> Any:
        return self._admin(model).get_queryset(self.request).order_by()

    def _admin(self, model: type[models.Model]) -> Any:
        return self.site.get_model_admin(model)
