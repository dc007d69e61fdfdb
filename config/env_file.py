"""The `.env` file, line by line: what each is meant to say, and what is wrong with it.

django-environ leaves out a line it cannot read, and prints it with the secret in it. So
it is given what was meant, and whatever was written wrongly is refused at start.
"""

import re
from dataclasses import dataclass, replace

SETTING = re.compile(
    r"(?P<before>\s*(?:export\s+)?)(?P<name>[A-Za-z_0-9]+)(?P<after>\s*)=(?P<value>.*)"
)
QUOTED = re.compile(r"""(["']).*\1""")
COMMENT = re.compile(r"(?:^|\s)#.*")

NO_SETTING = "it is neither NAME=value nor a comment"
SPACES = "there are spaces around its name or its value; write NAME=value"
OPEN_QUOTE = "its quotation marks do not stand around the whole value"
COMMENT_BEHIND = (
    "a comment behind a value becomes part of it; write the comment on a line of its "
    "own, or a value that contains # in quotes"
)


@dataclass(frozen=True)
class Line:
    """`value` is still in its quotes; `flaw` says why the line is refused."""

    number: int
    name: str
    value: str
    flaw: str = ""


def read(text: str) -> list[Line]:
    """All that is neither empty nor a comment."""
    lines: list[Line] = []
    first: dict[str, int] = {}
    for number, written in enumerate(text.splitlines(), start=1):
        if not written.strip() or written.lstrip().startswith("#"):
            continue
        line = _line(number, written)
        earlier = first.setdefault(line.name, number) if line.name else number
        lines.append(line if earlier == number else _repeated(line, earlier))
    return lines


def _line(number: int, written: str) -> Line:
    found = SETTING.fullmatch(written)
    if not found:
        return Line(number, "", "", NO_SETTING)
    value = found["value"].strip()
    flaw = _flaw_of(value)
    if not flaw and written not in _forms(found["name"], value):
        flaw = SPACES
    if flaw == COMMENT_BEHIND:
        value = COMMENT.sub("", value)
    return Line(number, found["name"], value, flaw)


def _forms(name: str, value: str) -> tuple[str, str]:
    """What django-environ and Compose understand alike."""
    return f"{name}={value}", f"export {name}={value}"


def _flaw_of(value: str) -> str:
    if QUOTED.fullmatch(value):
        return ""
    if COMMENT.search(value):
        return COMMENT_BEHIND
    return OPEN_QUOTE if value.startswith(("'", '"')) else ""


def _repeated(line: Line, earlier: int) -> Line:
    """The later would win in silence."""
    return replace(line, flaw=line.flaw or f"it is set in line {earlier} already")
