"""Reads the environment. What cannot be used is noted, and refused by a check at start.

Settings are imported before anything can be said politely; so a bad value is replaced
by its default here, and `config.checks` names the variable, the reason and an example.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import environ

Value = TypeVar("Value")

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
ENGINES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")
LARGEST_PORT = 65535
LARGEST_RATE = 100_000


@dataclass(frozen=True)
class Misuse:
    """A variable whose value cannot be used."""

    variable: str
    reason: str
    example: str


class Environment:
    """Each method reads one variable, or the file that `<NAME>_FILE` names."""

    def __init__(self, env_file: Path) -> None:
        self.misuses: list[Misuse] = []
        self._env = environ.FileAwareEnv()
        if env_file.is_file():
            self._env.read_env(env_file)

    def text(self, name: str, *, default: str) -> str:
        return self._read(name, self._env.str, default, f"{name}={default or '…'}")

    def names(self, name: str, *, default: list[str]) -> list[str]:
        example = f"{name}={','.join(default)}"
        values = self._read(name, self._env.list, default, example)
        return [value.strip() for value in values if value.strip()]

    def flag(self, name: str, *, default: bool) -> bool:
        def read(name: str, default: bool) -> bool:
            text = self._env.str(name, default=str(int(default))).lower()
            if text not in TRUE | FALSE:
                raise ValueError(f"{text!r} is neither 1 nor 0")
            return text in TRUE

        return self._read(name, read, default, f"{name}={int(default)}")

    def number(self, name: str, *, default: int, most: int, least: int = 0) -> int:
        def read(name: str, default: int) -> int:
            number = int(self._env.str(name, default=str(default)))
            if not least <= number <= most:
                raise ValueError(f"{number} is not between {least} and {most}")
            return number

        return self._read(name, read, default, f"{name}={default}")

    def rate(self, name: str) -> int:
        """So many in a minute; empty is no limit, and nought would be none at all."""

        def read(name: str, default: int) -> int:
            text = self._env.str(name, default="").strip()
            if text and not 1 <= int(text) <= LARGEST_RATE:
                raise ValueError(f"{text} is not between 1 and {LARGEST_RATE}")
            return int(text) if text else default

        return self._read(name, read, 0, f"{name}=60")

    def starting_with(self, prefix: str) -> dict[str, str]:
        """What the variables of this prefix hold, by the rest of their names."""
        names = {
            n.removesuffix("_FILE") for n in self._env.ENVIRON if n.startswith(prefix)
        }
        values = {name: self.text(name, default="") for name in sorted(names)}
        return {name.removeprefix(prefix): v for name, v in values.items() if v}

    def choice(
        self,
        name: str,
        *,
        default: str,
        among: Iterable[str],
    ) -> str:
        def read(name: str, default: str) -> str:
            text: str = self._env.str(name, default=default)
            if text not in among:
                raise ValueError(f"{text!r} is none of {', '.join(among)}")
            return text

        return self._read(name, read, default, f"{name}={default}")

    def database(self, name: str, *, default: str) -> dict[Any, Any]:
        def read(name: str, default: str) -> dict[Any, Any]:
            database = dict(self._env.db(name, default=default))
            if database.get("ENGINE") not in ENGINES:
                raise ValueError("it is neither PostgreSQL nor SQLite")
            if not database.get("NAME"):
                raise ValueError("it names no database")
            return database

        return self._read_url(
            name,
            read,
            default,
            "DATABASE_URL=postgres://user:password@host:5432/kloter",
        )

    def mail(self, name: str, *, default: str) -> dict[Any, Any]:
        def read(name: str, default: str) -> dict[Any, Any]:
            return dict(self._env.email_url(name, default=default))

        return self._read_url(
            name, read, default, "EMAIL_URL=smtp+tls://user:password@mail.example:587"
        )

    def _read_url(
        self,
        name: str,
        read: Callable[[str, str], dict[Any, Any]],
        default: str,
        example: str,
    ) -> dict[Any, Any]:
        try:
            return read(name, default)
        except Exception as error:  # noqa: BLE001  whatever is wrong, it is refused
            self.misuses.append(Misuse(name, str(error), example))
            return read("", default)

    def _read(
        self,
        name: str,
        read: Callable[..., Value],
        default: Value,
        example: str,
    ) -> Value:
        try:
            return read(name, default=default)
        except Exception as error:  # noqa: BLE001  whatever is wrong, it is refused
            self.misuses.append(Misuse(name, str(error), example))
            return default
