"""Did it happen while the test ran? However long that took on this machine."""

from datetime import datetime, timedelta

from campaigns.clock import database_now

# SQLite's clock counts in these, and a written moment may be rounded.
MILLISECOND = timedelta(milliseconds=1)


def is_since(began: datetime, moment: datetime) -> bool:
    """By the database's clock, both ends included."""
    return began - MILLISECOND <= moment <= database_now() + MILLISECOND
