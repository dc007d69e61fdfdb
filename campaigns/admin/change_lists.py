"""The list of a model, asked for by an address that anybody may have written."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet


class ShopList(ChangeList):
    def get_queryset(self, *args: Any, **kwargs: Any) -> "QuerySet[Any]":
        """What Django notices only while it writes the statement, such as a year that
        is none, is refused as it refuses other filters: the whole list is shown."""
        rows = super().get_queryset(*args, **kwargs)
        try:
            rows.query.sql_with_params()
        except EmptyResultSet:
            return rows
        except (ValueError, OverflowError) as refusal:
            raise IncorrectLookupParameters(refusal) from refusal
        return rows
