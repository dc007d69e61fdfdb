"""What a check says: which variable, why it cannot be, and an example of what can."""

from collections.abc import Callable, Iterator
from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured

Messages = Iterator[checks.CheckMessage]


def refuse_wrong_configuration() -> None:
    """For processes that Django starts without running the checks: gunicorn, Celery."""
    if errors := [e for e in checks.run_checks() if e.is_serious()]:
        raise ImproperlyConfigured("\n".join(f"{e.msg} {e.hint}" for e in errors))


def check(find: Callable[[], Messages]) -> Callable[..., list[checks.CheckMessage]]:
    """Register what yields all that is wrong; a decorator."""

    @checks.register
    def found(**_kwargs: Any) -> list[checks.CheckMessage]:
        return list(find())

    return found


def error(number: int, message: str, example: str) -> checks.Error:
    return refusal(number, message, f"Example: {example}")


def refusal(number: int, message: str, advice: str) -> checks.Error:
    return checks.Error(message, hint=advice, id=f"kloter.E{number:03}")


def warning(number: int, message: str, example: str) -> checks.Warning:
    return checks.Warning(
        message, hint=f"Example: {example}", id=f"kloter.W{number:03}"
    )
