"""Tells a database that is only busy, or away for a moment, from a real error."""

from django.db import InterfaceError, OperationalError

RETRY_AFTER_SECONDS = 5
# lock_not_available, query_canceled (statement timeout), deadlock_detected,
# too_many_connections; the classes 08 and 57 are lost or refused connections.
BUSY_SQLSTATES = {"55P03", "57014", "40P01", "53300"}
BUSY_SQLSTATE_CLASSES = ("08", "57")


def is_busy(error: BaseException) -> bool:
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    if sqlstate is None:
        # SQLite's lock timeout, or PostgreSQL gone before it could answer.
        return "no such" not in str(error)
    return sqlstate in BUSY_SQLSTATES or sqlstate.startswith(BUSY_SQLSTATE_CLASSES)
