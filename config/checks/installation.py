"""Refuses a wrong configuration at start: which variable, why, and an example."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host
from django.utils.module_loading import import_string

from config.database import SQLITE_TIMEOUT_SECONDS

LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "[::1]", "::1", "testserver"}
SECRET_KEY_LENGTH = 50


def refuse_wrong_configuration() -> None:
    """For processes that Django starts without running the checks: gunicorn, Celery."""
    if errors := [e for e in checks.run_checks() if e.is_serious()]:
        raise ImproperlyConfigured("\n".join(f"{e.msg} {e.hint}" for e in errors))


def error(number: int, message: str, example: str) -> checks.Error:
    return checks.Error(message, hint=f"Example: {example}", id=f"kloter.E{number:03}")


def warning(number: int, message: str, example: str) -> checks.Warning:
    return checks.Warning(
        message, hint=f"Example: {example}", id=f"kloter.W{number:03}"
    )


@checks.register
def variables_can_be_used(**_kwargs: Any) -> list[checks.CheckMessage]:
    return [
        error(9, f"{misuse.variable} cannot be used: {misuse.reason}.", misuse.example)
        for misuse in settings.ENVIRONMENT_MISUSES
    ]


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
    # Imported when asked: its models are not ready while this module loads.
    known = sorted(import_string("payments.gateways.ADAPTERS"))
    errors: list[checks.CheckMessage] = []
    if not settings.PAYMENT_GATEWAYS:
        errors.append(
            error(
                3,
                "PAYMENT_GATEWAYS is empty: buyers could not pay.",
                "PAYMENT_GATEWAYS=sandbox",
            )
        )
    for name in set(settings.PAYMENT_GATEWAYS) - set(known):
        errors.append(
            error(
                4,
                f"PAYMENT_GATEWAYS names {name!r}, which does not exist. "
                f"Known: {', '.join(known)}.",
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
def admin_is_scoped(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Whoever is on the staff passes Django's door; what they see is our own rule."""
    return [
        error(
            14,
            f"{type(model_admin).__name__} does not say whose rows it shows.",
            'seller_path = "campaign__seller", or SUPERUSER_ONLY',
        )
        for model_admin in admin.site._registry.values()
        if getattr(model_admin, "seller_path", None) is None
    ]


@checks.register
def hosts_are_names(**_kwargs: Any) -> list[checks.CheckMessage]:
    return [
        error(
            10,
            f"ALLOWED_HOSTS contains {host!r}: a host is a name without scheme.",
            "ALLOWED_HOSTS=shop.example",
        )
        for host in settings.ALLOWED_HOSTS
        if "/" in host
    ]


@checks.register
def broker_is_an_address(**_kwargs: Any) -> list[checks.CheckMessage]:
    url = settings.REDIS_URL
    if not url or url.startswith(("redis://", "rediss://", "unix://")):
        return []
    return [
        error(
            11,
            f"REDIS_URL is {url!r}, which is no address of a Redis server.",
            "REDIS_URL=redis://127.0.0.1:6379/0",
        )
    ]


@checks.register
def media_folder_is_absolute(**_kwargs: Any) -> list[checks.CheckMessage]:
    if Path(settings.MEDIA_ROOT).is_absolute():
        return []
    return [
        error(
            12,
            f"MEDIA_ROOT is {str(settings.MEDIA_ROOT)!r}: a relative folder is another "
            "one for each process.",
            "MEDIA_ROOT=/srv/kloter/media",
        )
    ]


@checks.register
def sender_is_an_address(**_kwargs: Any) -> list[checks.CheckMessage]:
    if "@" in settings.DEFAULT_FROM_EMAIL:
        return []
    return [
        error(
            13,
            f"DEFAULT_FROM_EMAIL is {settings.DEFAULT_FROM_EMAIL!r}, no address.",
            "DEFAULT_FROM_EMAIL=toko@shop.example",
        )
    ]


@checks.register
def a_real_shop_is_complete(**_kwargs: Any) -> list[checks.CheckMessage]:
    """What works on one machine for a try, and fails real buyers."""
    if settings.DEBUG:
        return []
    found: list[checks.CheckMessage] = []
    if len(settings.SECRET_KEY) < SECRET_KEY_LENGTH:
        found.append(
            warning(
                1,
                f"SECRET_KEY has fewer than {SECRET_KEY_LENGTH} characters.",
                "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'",
            )
        )
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        found.append(
            warning(
                2,
                "EMAIL_URL is not set: mails become files, and no buyer gets one.",
                "EMAIL_URL=smtp+tls://user:password@mail.example:587",
            )
        )
    host = urlsplit(settings.BASE_URL).hostname or ""
    if not validate_host(host, settings.ALLOWED_HOSTS):
        found.append(
            warning(
                3,
                f"BASE_URL leads to {host!r}, which ALLOWED_HOSTS does not name: "
                "links in mails would fail.",
                "BASE_URL=https://shop.example ALLOWED_HOSTS=shop.example",
            )
        )
    return found
