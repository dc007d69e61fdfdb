"""What each database needs so that locks wait politely and reads are fresh."""

from typing import Any

SQLITE_TIMEOUT_SECONDS = 20
# Opening a connection costs more than all the queries of a page.
KEPT_SECONDS = 60
POSTGRES_LIMITS = (
    "-c lock_timeout=5s -c statement_timeout=15s "
    "-c idle_in_transaction_session_timeout=60s"
)


# The same few statements come again and again: planned once for each connection, they
# cost PostgreSQL half.
PREPARED = {"server_side_binding": True, "prepare_threshold": 5}


def database_options(database: dict[str, Any]) -> dict[str, Any]:
    """Connection settings to merge into the entry that DATABASE_URL gave."""
    chosen = database.get("OPTIONS", {})
    if database["ENGINE"].endswith("sqlite3"):
        return {"OPTIONS": _sqlite_options() | chosen, "CONN_MAX_AGE": KEPT_SECONDS}
    return {
        "OPTIONS": {"connect_timeout": 5, "options": POSTGRES_LIMITS}
        | PREPARED
        | chosen,
        "CONN_MAX_AGE": database.get("CONN_MAX_AGE") or KEPT_SECONDS,
        "CONN_HEALTH_CHECKS": True,
    }


def _sqlite_options() -> dict[str, Any]:
    # A deferred transaction that reads and then writes fails at once when another
    # writer came between; an immediate one waits its turn.
    return {
        "transaction_mode": "IMMEDIATE",
        "timeout": SQLITE_TIMEOUT_SECONDS,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
    }
