"""Refuses a wrong configuration at start: which variable, why, and an example."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.utils.module_loading import import_string

from config.database import SQLITE_TIMEOUT_SECONDS

LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "[::1]", "::1", "testserver"}
KNOWN_GATEWAYS = {"sandbox"}


def refuse_wrong_configuration() -> None:
    """For processes that Django starts without running the checks: gunicorn, Celery."""
    if errors := [e for e in checks.run_checks() if e.is_serious()]:
        raise ImproperlyConfigured("\n".join(f"{e.msg} {e.hint}" for e in errors))


def error(number: int, message: str, example: str) -> checks.Error:
    return checks.Error(message, hint=f"Example: {example}", id=f"kloter.E{number:03}")


@checks.register
def hosts_match_the_profile(**_kwargs: Any) -> list[checks.CheckMessage]:
    public = set(settings.ALLOWED_HOSTS) - LOOPBACK_HOSTS
    if settings.DEBUG and public:
        return [
            error(
                1,
                f"ALLOWED_HOSTS names {sorted(public)} while DEBUG is on: the demo "
                "profile shows passwords and settings, so it serves loopback only.",
                "DEBUG=0 SECRET_KEY=<50 random characters> ALLOWED_HOSTS=shop.example",
            )
        ]
    return []


@checks.register
def secret_key_is_chosen(**_kwargs: Any) -> list[checks.CheckMessage]:
    if not settings.DEBUG and settings.SECRET_KEY_IS_GENERATED:
        return [
            error(
                2,
                "SECRET_KEY is not set while DEBUG is off: links and sessions would "
                "end with every restart.",
                "SECRET_KEY=$(python3 -c 'import secrets; "
                "print(secrets.token_urlsafe(50))')",
            )
        ]
    return []


@checks.register
def gateways_are_known(**_kwargs: Any) -> list[checks.CheckMessage]:
    errors: list[checks.CheckMessage] = []
    if not settings.PAYMENT_GATEWAYS:
        errors.append(
            error(
                3,
                "PAYMENT_GATEWAYS is empty: buyers could not pay.",
                "PAYMENT_GATEWAYS=sandbox",
            )
        )
    for name in set(settings.PAYMENT_GATEWAYS) - KNOWN_GATEWAYS:
        errors.append(
            error(
                4,
                f"PAYMENT_GATEWAYS names {name!r}, which does not exist. "
                f"Known: {', '.join(sorted(KNOWN_GATEWAYS))}.",
                "PAYMENT_GATEWAYS=sandbox",
            )
        )
    return errors


@checks.register
def sqlite_waits_for_its_turn(**_kwargs: Any) -> list[checks.CheckMessage]:
    database = settings.DATABASES["default"]
    if not database["ENGINE"].endswith("sqlite3"):
        return []
    options = database.get("OPTIONS", {})
    is_safe = (
        options.get("transaction_mode") == "IMMEDIATE"
        and float(options.get("timeout", 0)) >= SQLITE_TIMEOUT_SECONDS
        and "journal_mode=WAL" in options.get("init_command", "")
    )
    if is_safe:
        return []
    return [
        error(
            5,
            "DATABASE_URL weakens SQLite's locking: orders need IMMEDIATE "
            f"transactions, WAL and a timeout of {SQLITE_TIMEOUT_SECONDS} s or more.",
            "DATABASE_URL=sqlite:////srv/kloter/kloter.sqlite3",
        )
    ]


@checks.register
def language_is_known(**_kwargs: Any) -> list[checks.CheckMessage]:
    if settings.LANGUAGE_CODE in dict(settings.LANGUAGES):
        return []
    return [
        error(
            6,
            f"DEFAULT_LANGUAGE is {settings.LANGUAGE_CODE!r}; the shop speaks "
            f"{', '.join(dict(settings.LANGUAGES))}.",
            "DEFAULT_LANGUAGE=id",
        )
    ]


@checks.register
def base_url_is_absolute(**_kwargs: Any) -> list[checks.CheckMessage]:
    if settings.BASE_URL.startswith(("http://", "https://")):
        return []
    return [
        error(
            7,
            f"BASE_URL is {settings.BASE_URL!r}: links in mails need a whole address.",
            "BASE_URL=https://shop.example",
        )
    ]


@checks.register
def mail_backend_loads(**_kwargs: Any) -> list[checks.CheckMessage]:
    try:
        import_string(settings.EMAIL_BACKEND)
        get_connection()
    except (ImportError, ImproperlyConfigured, PermissionError, TypeError) as reason:
        return [
            error(
                8,
                f"EMAIL_URL cannot be used: {reason}.",
                "EMAIL_URL=smtp+tls://user:password@mail.example:587",
            )
        ]
    return []
