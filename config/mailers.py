"""Mailers with an API (Mailgun, Postmark and so on), by the package django-anymail.

ANYMAIL_BACKEND=mailgun ANYMAIL_MAILGUN_API_KEY=… ANYMAIL_WEBHOOK_SECRET=name:word
"""

from importlib.util import find_spec
from typing import Any

from config.environment import Environment

PREFIX = "ANYMAIL_"
NOT_A_SETTING = {"BACKEND"}
PACKAGE = "anymail"


def anymail_settings(env: Environment, *, timeout: int) -> dict[str, Any]:
    """Every ANYMAIL_… variable, named as Anymail names it without the prefix."""
    given = env.starting_with(PREFIX)
    settings: dict[str, Any] = {
        name: value for name, value in given.items() if name not in NOT_A_SETTING
    }
    settings.setdefault("REQUESTS_TIMEOUT", timeout)
    if secrets := settings.get("WEBHOOK_SECRET"):
        # Two while it is being replaced.
        settings["WEBHOOK_SECRET"] = [part.strip() for part in secrets.split(",")]
    return settings


def backend(name: str) -> str:
    return f"{PACKAGE}.backends.{name}.EmailBackend"


def is_installed() -> bool:
    return find_spec(PACKAGE) is not None


def apps() -> list[str]:
    return [PACKAGE] if is_installed() else []
