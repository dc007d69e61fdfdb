"""How much work something is, in lines of Python executed: the same on any machine."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def steps(work: Callable[[], object]) -> int:
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(work: Callable[[str], object], text: str) -> float:
    """Steps for the text twice over, in steps for it once: 2 is linear, 4 quadratic."""
    return steps(lambda: work(text * 2)) / steps(lambda: work(text))
