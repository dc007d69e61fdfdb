"""The database's clock, the only one that decides: openings, cut-offs, deadlines."""

from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, Func

ASKED = {
    "sqlite": "SELECT STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW')",
    "postgresql": "SELECT CLOCK_TIMESTAMP()",
}


class Clock(Func):
    """The moment the row is written or tested, not the start of the statement.

    PostgreSQL's `now()` stands still from the start of the transaction, so a buyer who
    waited for a lock would be measured by the time before the wait. `clock_timestamp()`
    moves on. On SQLite the only writer waits before its transaction begins.
    """

    template = "CLOCK_TIMESTAMP()"
    output_field = DateTimeField()
    allowed_default = True

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        # SQLite keeps times as text: written with six decimals, as Django writes them,
        # they compare rightly. Formatted twice on its way, hence four percent signs.
        template = "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f000', 'NOW')"
        return self.as_sql(compiler, connection, template=template, **extra)


def database_now() -> datetime:
    """The database's time, for texts and candidates; never for the gate."""
    with connection.cursor() as cursor:
        cursor.execute(ASKED[connection.vendor])
        moment = cursor.fetchone()[0]
    # SQLite has no type for times.
    told: datetime = (
        datetime.fromisoformat(moment).replace(tzinfo=UTC)
        if isinstance(moment, str)
        else moment
    )
    return told
