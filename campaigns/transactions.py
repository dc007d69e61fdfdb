"""What is decided under a lock is written in the transaction that holds the lock."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import connection
from django.db.transaction import TransactionManagementError

P = ParamSpec("P")
R = TypeVar("R")


def required() -> None:
    """Refuse where every statement commits by itself, so that no lock outlives it."""
    if connection.get_autocommit():
        raise TransactionManagementError("This needs a transaction around it.")


def in_transaction(step: Callable[P, R]) -> Callable[P, R]:
    """For steps of several statements whose caller holds the row's lock."""

    @wraps(step)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        required()
        return step(*args, **kwargs)

    return inner
