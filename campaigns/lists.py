"""Addresses of the admin's filtered lists: where a number comes from."""

from django.contrib import admin
from django.db import models
from django.urls import reverse
from django.utils.http import urlencode


def link_to(model: type[models.Model], **lookups: str | int) -> str:
    name = model._meta.label_lower.replace(".", "_")
    return f"{reverse(f'admin:{name}_changelist')}?{urlencode(lookups)}"


def any_of(column: str, values: tuple[str, ...]) -> dict[str, str]:
    """The lookup of one value or several, as the admin's own filters write it."""
    if len(values) == 1:
        return {f"{column}__exact": values[0]}
    return {f"{column}__in": ",".join(values)} if values else {}


def has_list(model: type[models.Model]) -> bool:
    return admin.site.is_registered(model)
