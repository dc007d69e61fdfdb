"""Reads the environment. What cannot be used is noted, and refused by a check at start.

Settings are imported before anything can be said politely; so a bad value is replaced
by its default here, and `config.checks` names the variable, the reason and an example.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import environ

from config import env_file, values

Value = TypeVar("Value")


@dataclass(frozen=True)
class Misuse:
    """A variable whose value cannot be used."""

    variable: str
    reason: str
    example: str


class Environment:
    """Each method reads one variable, or the file that `<NAME>_FILE` names.

    A variable of the process wins over the same one in `file`.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.misuses: list[Misuse] = []
        self.known: set[str] = set()
        self.lines = env_file.read(self._content())
        self._env = environ.FileAwareEnv()
        self._env.read_env(StringIO("\n".join(self._understood())))

    def is_misused(self, name: str) -> bool:
        """Then its default is in force, of which nothing need be said."""
        return any(misuse.variable == name for misuse in self.misuses)

    def is_set(self, name: str) -> bool:
        return bool(self._env.ENVIRON.get(name))

    def text(self, name: str, *, default: str) -> str:
        return self._read(name, str, default, default or "…")

    def names(self, name: str, *, default: list[str]) -> list[str]:
        return self._read(name, values.names, default, ",".join(default) or "…")

    def flag(self, name: str, *, default: bool) -> bool:
        return self._read(name, values.flag, default, str(int(default)))

    def number(self, name: str, *, default: int, most: int, least: int = 0) -> int:
        parse = partial(values.whole_number, least=least, most=most)
        return self._read(name, parse, default, str(default))

    def rate(self, name: str) -> int:
        return self._read(name, values.rate, 0, "60")

    def choice(self, name: str, *, default: str, among: Iterable[str]) -> str:
        return self._read(name, partial(values.choice, among=among), default, default)

    def database(self, name: str, *, default: str) -> dict[str, Any]:
        example = "postgres://user:password@host:5432/kloter"
        return self._read(name, values.database, values.database(default), example)

    def mail(self, name: str, *, default: str) -> dict[str, Any]:
        example = "smtp+tls://user:password@mail.example:587"
        return self._read(name, values.mail, values.mail(default), example)

    def web_folder(self, name: str, *, default: str) -> str:
        return self._read(name, values.web_folder, default, default)

    def starting_with(self, prefix: str) -> dict[str, str]:
        """What the variables of this prefix hold, by the rest of their names."""
        names = {
            n.removesuffix("_FILE") for n in self._env.ENVIRON if n.startswith(prefix)
        }
        found = {name: self.text(name, default="") for name in sorted(names)}
        return {name.removeprefix(prefix): v for name, v in found.items() if v}

    def _read(
        self, name: str, parse: Callable[[str], Value], default: Value, example: str
    ) -> Value:
        self.known.add(name)
        try:
            given = self._given(name)
            return default if given is None else parse(values.plain(given))
        except ValueError as error:
            self.misuses.append(Misuse(name, str(error), f"{name}={example}"))
            return default

    def _given(self, name: str) -> str | None:
        """Without the line break that an editor or `echo` puts at the end of a file."""
        try:
            text = self._env.ENVIRON.get(name)
        except (OSError, UnicodeDecodeError) as error:
            file = os.environ[f"{name}_FILE"]
            raise ValueError(f"{file} cannot be read ({_reason(error)})") from error
        return None if text is None else str(text).rstrip("\r\n")

    def _content(self) -> str:
        # A byte order mark is what some editors begin a file with.
        try:
            return self.file.read_text("utf-8-sig") if self.file.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            example = "a text file in UTF-8 that the user of the shop may read"
            self.misuses.append(Misuse(str(self.file), _reason(error), example))
            return ""

    def _understood(self) -> Iterable[str]:
        for line in self.lines:
            if line.flaw:
                self.misuses.append(self._flaw(line))
            if line.name:
                yield f"{line.name}={line.value}"

    def _flaw(self, line: env_file.Line) -> Misuse:
        """Never what the line says: that may be a password."""
        place = f"{line.number} of {self.file}"
        if not line.name:
            return Misuse(f"Line {place}", line.flaw, "NAME=value")
        return Misuse(line.name, f"line {place}: {line.flaw}", f"{line.name}=value")


def _reason(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is no text in UTF-8"
    return error.strerror or type(error).__name__
