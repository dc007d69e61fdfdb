"""Logs for the operator: without what opens an order, and without who bought."""

import logging
import re

from payments.secrets import redacted

# `/o/<token>` and its like, also inside an encoded address.
SECRET_PATH = re.compile(
    r"((?:/|%2F)(?:o|waitlist|unsubscribe|admin/password/[^/\s]+)(?:/|%2F))"
    r"[^/\s?&#\"']+",
    re.IGNORECASE,
)
# The length is bounded so that long lines take no quadratic time.
EMAIL = re.compile(r"[\w.+%-]{1,64}(?:@|%40)[\w-]+\.[\w.-]+")


def discreet(text: str) -> str:
    return EMAIL.sub("…@…", SECRET_PATH.sub(r"\1…", text))


class DiscreetFormatter(logging.Formatter):
    """Not a filter: only here are arguments and traceback one text with the message."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(discreet(super().format(record)))


class Briefly(logging.Filter):
    """One line and no traceback, for what a stranger can cause at will."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        return True
