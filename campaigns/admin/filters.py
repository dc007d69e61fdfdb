"""List filters that offer and count own rows only."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path, get_model_from_relation
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest

OWN_CHOICES = (models.BooleanField, models.DateField)


class OwnRelatedFilter(admin.RelatedFieldListFilter):
    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        model = get_model_from_relation(field)
        rows = model_admin.related_rows(request, model, "view")
        return [(str(row.pk), str(row)) for row in rows]


class OwnValuesFilter(admin.AllValuesFieldListFilter):
    """Django takes the values of a related model from all of its rows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _field, request, _params, _model, model_admin = args
        field_path = kwargs["field_path"]
        rows = model_admin.get_queryset(request).order_by(field_path)
        self.lookup_choices = rows.distinct().values_list(field_path, flat=True)


def own_filter(model: type[models.Model], item: Any) -> Any:
    """The scoped filter for a path for which none was chosen."""
    if not isinstance(item, str):
        return item
    field: Any = get_fields_from_path(model, item)[-1]
    if field.remote_field:
        return (item, OwnRelatedFilter)
    is_listed = not field.choices and not isinstance(field, OWN_CHOICES)
    return (item, OwnValuesFilter) if LOOKUP_SEP in item and is_listed else item
