"""Fields that take the number of a row."""

from typing import Any

from django.contrib.admin.widgets import ForeignKeyRawIdWidget
from django.db.models import QuerySet


class OwnRawIdWidget(ForeignKeyRawIdWidget):
    """Names the row of a number only if it is one of `rows`."""

    def __init__(self, *args: Any, rows: "QuerySet[Any]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows

    def label_and_url_for_value(self, value: Any) -> tuple[str, str]:
        key = self.rel.get_related_field().name
        try:
            is_own = self.rows.filter(**{key: value}).exists()
        except ValueError:
            is_own = False
        return super().label_and_url_for_value(value) if is_own else ("", "")
