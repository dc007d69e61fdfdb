"""Queries whose SQL Django writes once a process: a run only exchanges what is given.

To write a query, and to get ready to read its rows, takes Django some ten times what
the database and the rows themselves take. So the queries of a purchase are written
once; everything else stays a plain queryset. What a prepared query returns is what its
queryset would: tests/campaigns/test_prepared.py compares them.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Expression, Model, QuerySet
from django.db.models.sql import UpdateQuery

from campaigns import transactions

Row = Sequence[Any]
M = TypeVar("M", bound=Model)


def given(name: str, field: Any = None) -> Any:
    """Stands in a queryset for a value that each run gives.

    It goes to the database as it is: no field converts it, and None finds nothing. In
    arithmetic, `field` is the type of the result.
    """
    return _Given(name, output_field=field)


class Prepared(Generic[M]):
    """A queryset whose SQL is written at its first run and kept for the process.

    BY_TOKEN = Prepared(lambda: Order.objects.filter(token=given("token")))
    BY_TOKEN.get(token=token)

    What Python computes in it is kept too: no `database_now()`, nothing of a request
    (`Clock()` is the database's own). It follows `select_related`. In place of a
    `prefetch_related`, pass the relation's name and its prepared query (`lines=...`).
    """

    def __init__(
        self, queryset: Callable[[], QuerySet[M]], **ahead: "Prepared[Any]"
    ) -> None:
        self._queryset = queryset
        self._ahead = ahead

    def get(self, **values: Any) -> M:
        """The only row; raises the model's DoesNotExist or MultipleObjectsReturned."""
        rows = self.all(**values)
        if len(rows) == 1:
            return rows[0]
        model = self._plan.model
        if rows:
            raise model.MultipleObjectsReturned(f"{len(rows)} {model.__name__} rows")
        raise model.DoesNotExist(f"no {model.__name__} row")

    def first(self, **values: Any) -> M | None:
        """The first row or None; cut the queryset unless its filter is unique."""
        return next(iter(self.all(**values)), None)

    def all(self, **values: Any) -> list[M]:
        rows: list[M] = self._plan.run(values)
        for relation, query in self._ahead.items():
            for row in rows:
                _read_ahead(row, relation, query)
        return rows

    @cached_property
    def _plan(self) -> "_Plan":
        return _Plan(self._queryset())


def _read_ahead(row: Any, relation: str, query: Prepared[Any]) -> None:
    """Fill the cache of `prefetch_related`: one query a row, so for few rows."""
    manager = getattr(row, relation)
    found = query.all(**{manager.field.name: row.pk})
    for one in found:
        manager.field.set_cached_value(one, row)
    kept = manager.all()
    kept._result_cache = found
    vars(row).setdefault("_prefetched_objects_cache", {})[relation] = kept


class PreparedUpdate:
    """An UPDATE whose SQL is written when this is made: in a cached function, not at
    import. `run` says how many rows it changed.
    """

    def __init__(self, queryset: QuerySet[Any], **changes: Any) -> None:
        query: Any = queryset.query.chain(UpdateQuery)
        query.add_update_values(changes)
        compiler = query.get_compiler(connection=connection)
        self._statement = _Statement(*compiler.as_sql())

    def run(self, **values: Any) -> int:
        with connection.cursor() as cursor:
            self._statement.execute(cursor, values)
            found: int = cursor.rowcount
        return found


class _Given(Expression):
    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(**options)
        self.name = name

    def as_sql(self, *_compiler: Any, **_context: Any) -> Any:
        return "%s", (self,)


class _Statement:
    def __init__(self, sql: str, parameters: Sequence[Any]) -> None:
        self.sql = sql
        self.parameters = parameters

    def execute(self, cursor: CursorWrapper, values: dict[str, Any]) -> None:
        parameters = [
            values[value.name] if isinstance(value, _Given) else value
            for value in self.parameters
        ]
        cursor.execute(self.sql, parameters)


class _Plan:
    """What Django's ModelIterable works out anew for each run of a queryset."""

    def __init__(self, queryset: Any) -> None:
        if queryset._prefetch_related_lookups:
            raise TypeError("Name what is read ahead: prefetch_related is not seen.")
        compiler = queryset.query.get_compiler(connection=connection)
        self.statement = _Statement(*compiler.as_sql())
        self.model = queryset.model
        self._locks = queryset.query.select_for_update
        self._table = _Table(compiler.select, compiler.klass_info)
        self._annotated = list(compiler.annotation_col_map.items())
        expressions = [expression for expression, *_ in compiler.select]
        self._converted = list(compiler.get_converters(expressions).items())

    def run(self, values: dict[str, Any]) -> list[Any]:
        if self._locks:
            transactions.required()
        with connection.cursor() as cursor:
            self.statement.execute(cursor, values)
            return [self._object_of(row) for row in cursor.fetchall()]

    def _object_of(self, stored: Row) -> Any:
        row = self._python(stored) if self._converted else stored
        found = self._table.read(row)
        for name, column in self._annotated:
            setattr(found, name, row[column])
        return found

    def _python(self, stored: Row) -> Row:
        """The row with the values Python has for what this database stores."""
        row = list(stored)
        for column, (converters, expression) in self._converted:
            for convert in converters:
                row[column] = convert(row[column], expression, connection)
        return row


class _Table:
    """Where a row has the columns of one table, and of the tables joined to it."""

    def __init__(self, select: Any, info: dict[str, Any]) -> None:
        first, last = min(info["select_fields"]), max(info["select_fields"])
        fields = [column.target for column, *_ in select[first : last + 1]]
        self._columns = slice(first, last + 1)
        self._names = [field.attname for field in fields]
        self._model: Any = info["model"]
        self._key = first + [field.primary_key for field in fields].index(True)
        self._joined = [
            (_Table(select, joined), joined["local_setter"])
            for joined in info.get("related_klass_infos", ())
        ]

    def read(self, row: Row) -> Any:
        """None where an outer join found nothing."""
        if row[self._key] is None:
            return None
        names, columns = self._names, row[self._columns]
        found = self._model.from_db(connection.alias, names, columns)
        for table, set_on in self._joined:
            set_on(found, table.read(row))
        return found
