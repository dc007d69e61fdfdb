"""Reads the environment. What cannot be used is noted, and refused by a check at start.

Settings are imported before anything can be said politely; so a bad value is replaced
by its default here, and `config.checks` names the variable, the reason and an example.
"""

import builtins
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

    def str(self, name: builtins.str, *, default: builtins.str) -> builtins.str:
        return self._read(name, self._env.str, default, f"{name}={default or '…'}")

    def list(
        self, name: builtins.str, *, default: builtins.list[builtins.str]
    ) -> builtins.list[builtins.str]:
        example = f"{name}={','.join(default)}"
        values = self._read(name, self._env.list, default, example)
        return [value.strip() for value in values if value.strip()]

    def bool(self, name: builtins.str, *, default: builtins.bool) -> builtins.bool:
        def read(name: builtins.str, default: builtins.bool) -> builtins.bool:
            text = self._env.str(name, default=builtins.str(int(default))).lower()
            if text not in TRUE | FALSE:
                raise ValueError(f"{text!r} is neither 1 nor 0")
            return text in TRUE

        return self._read(name, read, default, f"{name}={int(default)}")

    def int(
        self, name: builtins.str, *, default: builtins.int, most: builtins.int
    ) -> builtins.int:
        def read(name: builtins.str, default: builtins.int) -> builtins.int:
            number = int(self._env.str(name, default=builtins.str(default)))
            if not 0 <= number <= most:
                raise ValueError(f"{number} is not between 0 and {most}")
            return number

        return self._read(name, read, default, f"{name}={default}")

    def choice(
        self,
        name: builtins.str,
        *,
        default: builtins.str,
        among: Iterable[builtins.str],
    ) -> builtins.str:
        def read(name: builtins.str, default: builtins.str) -> builtins.str:
            text: builtins.str = self._env.str(name, default=default)
            if text not in among:
                raise ValueError(f"{text!r} is none of {', '.join(among)}")
            return text

        return self._read(name, read, default, f"{name}={default}")

    def db(self, name: builtins.str, *, default: builtins.str) -> dict[Any, Any]:
        def read(name: builtins.str, default: builtins.str) -> dict[Any, Any]:
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

    def email_url(self, name: builtins.str, *, default: builtins.str) -> dict[Any, Any]:
        def read(name: builtins.str, default: builtins.str) -> dict[Any, Any]:
            return dict(self._env.email_url(name, default=default))

        return self._read_url(
            name, read, default, "EMAIL_URL=smtp+tls://user:password@mail.example:587"
        )

    def _read_url(
        self,
        name: builtins.str,
        read: Callable[[builtins.str, builtins.str], dict[Any, Any]],
        default: builtins.str,
        example: builtins.str,
    ) -> dict[Any, Any]:
        try:
            return read(name, default)
        except Exception as error:  # noqa: BLE001  whatever is wrong, it is refused
            self.misuses.append(Misuse(name, builtins.str(error), example))
            return read("", default)

    def _read(
        self,
        name: builtins.str,
        read: Callable[..., Value],
        default: Value,
        example: builtins.str,
    ) -> Value:
        try:
            return read(name, default=default)
        except Exception as error:  # noqa: BLE001  whatever is wrong, it is refused
            self.misuses.append(Misuse(name, builtins.str(error), example))
            return default
