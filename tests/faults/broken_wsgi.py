"""The shop's WSGI application with a hole in it: a worker dies once at a chosen point.

FAULT_AT names the point; FAULT_ONCE is a file whose creation spends the one death.
"""

# ruff: noqa: I001  the application sets Django up, before anything of it is imported
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from config.wsgi import application as application
from campaigns import capacity
from payments import attempts


def die_once() -> None:
    try:
        Path(os.environ["FAULT_ONCE"]).touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def dying_after(function: Callable[..., Any]) -> Callable[..., Any]:
    def run_and_die(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        die_once()
        return result

    return run_and_die


def dying_before(function: Callable[..., Any]) -> Callable[..., Any]:
    def die_and_run(*args: Any, **kwargs: Any) -> Any:
        die_once()
        return function(*args, **kwargs)

    return die_and_run


if os.environ["FAULT_AT"] == "before-commit":
    # The claim is the last statement of the order's transaction.
    capacity.shift = dying_after(capacity.shift)
if os.environ["FAULT_AT"] == "after-commit":
    # The gateway is asked right after the commit.
    attempts.start = dying_before(attempts.start)
