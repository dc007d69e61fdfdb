"""Mailers with an API (Mailgun, Postmark and so on), by the package django-anymail.

ANYMAIL_BACKEND=mailgun ANYMAIL_MAILGUN_API_KEY=… ANYMAIL_WEBHOOK_SECRET=name:word
"""

from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.urls import include, path

from config.environment import Environment

PREFIX = "ANYMAIL_"
NOT_A_SETTING = {"BACKEND"}
PACKAGE = "anymail"


def anymail_settings(env: Environment, *, timeout: int) -> dict[str, Any]:
    """Every ANYMAIL_… variable, named as Anymail names it without the prefix."""
    given = env.starting_with(PREFIX)
    found: dict[str, Any] = {
        name: value for name, value in given.items() if name not in NOT_A_SETTING
    }
    found.setdefault("REQUESTS_TIMEOUT", timeout)
    if secrets := found.get("WEBHOOK_SECRET"):
        # Two while it is being replaced.
        found["WEBHOOK_SECRET"] = [part.strip() for part in secrets.split(",")]
    return found


def backend(name: str) -> str:
    return f"{PACKAGE}.backends.{name}.EmailBackend"


def is_installed() -> bool:
    return find_spec(PACKAGE) is not None


def hears_bounces() -> bool:
    """Only where it is secret who may tell of them."""
    chosen = settings.ANYMAIL_BACKEND and settings.ANYMAIL.get("WEBHOOK_SECRET")
    return bool(chosen) and is_installed()


def urls() -> list[Any]:
    return [path("anymail/", include("anymail.urls"))] if hears_bounces() else []


def apps() -> list[str]:
    return [PACKAGE] if is_installed() else []
