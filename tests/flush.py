"""After a test with transactions of its own: empties the tables it filled.

Django would empty all of them and then make content types and permissions anew, which
takes longer than most tests do.
"""

from functools import cache

from django.apps import apps
from django.db import connection, transaction

KEPT = {"auth_permission", "django_content_type"}


def empty_filled_tables(_test_case: object = None) -> None:
    """In any order: foreign keys are looked at when the transaction ends."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_filled_tables())
        for [table] in cursor.fetchall():
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608  a name out of ours


@cache
def _filled_tables() -> str:
    """A query for their names, which are those of Django and need no quotes."""
    models = apps.get_models(include_auto_created=True)
    tables = {model._meta.db_table for model in models if model._meta.managed}
    return " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})"  # noqa: S608
        for table in sorted(tables - KEPT)
    )
