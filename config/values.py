"""What the text of a variable means; a ValueError says what was expected instead."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from environ import Env

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
ENGINES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")
COMMAND = re.compile(r"\$\(.*\)|`.*`")
NUMBER = re.compile(r"\s*[0-9]{1,9}\s*")
LARGEST_PORT = 65535
LARGEST_RATE = 100_000
UNREADABLE = (
    "it has not the form of the example, or a character of its password has to be "
    "percent-encoded (@ is %40)"
)


def plain(text: str) -> str:
    """As it stands, unless it was copied and never filled in."""
    if COMMAND.fullmatch(text):
        raise ValueError("it is a command, which nobody runs here: paste its output")
    if "…" in text:
        raise ValueError("it still holds the … of an example: fill in what is yours")
    return text


def names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def flag(text: str) -> bool:
    if text.lower() not in TRUE | FALSE:
        raise ValueError(f"{text!r} is neither 1 nor 0")
    return text.lower() in TRUE


def whole_number(text: str, *, least: int, most: int) -> int:
    if not NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise ValueError(f"{text!r} is no whole number from {least} to {most}")
    return int(text)


def rate(text: str) -> int:
    """So many in a minute; empty is no limit, and nought would be none at all."""
    return whole_number(text, least=1, most=LARGEST_RATE) if text.strip() else 0


def choice(text: str, among: Iterable[str]) -> str:
    if text not in among:
        raise ValueError(f"{text!r} is none of {', '.join(among)}")
    return text


def database(text: str) -> dict[str, Any]:
    found = _parsed(Env.db_url_config, text)
    engine, name = found.get("ENGINE"), found.get("NAME")
    if engine not in ENGINES:
        raise ValueError("it is neither PostgreSQL nor SQLite")
    if not name:
        raise ValueError("it names no database")
    if engine == ENGINES[0] and not Path(name).is_absolute():
        raise ValueError(
            "its file has no absolute path, so it would be another one for each folder "
            "that a process starts in; four slashes: sqlite:////srv/kloter.sqlite3"
        )
    return found


def mail(text: str) -> dict[str, Any]:
    if text.partition("://")[0] not in Env.EMAIL_SCHEMES:
        raise ValueError("it does not begin with smtp+tls://, smtp+ssl:// or smtp://")
    found = _parsed(Env.email_url_config, text)
    kind = found["EMAIL_BACKEND"].split(".")[-2]
    if kind == "smtp" and not found["EMAIL_HOST"]:
        raise ValueError("it names no mail server")
    if kind == "filebased" and not Path(found["EMAIL_FILE_PATH"]).is_absolute():
        raise ValueError(
            "its folder has no absolute path; four slashes: filemail:////srv/mail"
        )
    return found


def web_folder(text: str) -> str:
    """Where a browser finds files: of this shop, or of another host."""
    if not text.startswith(("/", "http://", "https://")) or not text.endswith("/"):
        raise ValueError(f"{text!r} does not begin with / or https://, or end with /")
    return text


def _parsed(parse: Callable[[str], dict[str, Any]], text: str) -> dict[str, Any]:
    try:
        return dict(parse(text))
    except Exception:  # noqa: BLE001  it fails in many ways, in words of Python's own
        raise ValueError(UNREADABLE) from None
