"""Refuses an installation that cannot work, or that shows what nobody should see."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin
from django.utils.module_loading import import_string

from config.checks.refusing import Messages, check, error, refusal
from config.database import SQLITE_TIMEOUT_SECONDS

SECRET_KEY_LENGTH = 50
NEW_KEY = (
    "Run python3 -c 'import secrets; print(secrets.token_urlsafe(50))' in a shell, and "
    "paste what it prints behind SECRET_KEY= (.env is no shell: it runs no command)."
)


@check
def secret_key_is_chosen() -> Messages:
    if settings.DEBUG or settings.ENVIRONMENT.is_misused("SECRET_KEY"):
        return
    if settings.SECRET_KEY_IS_GENERATED:
        yield refusal(
            2,
            "SECRET_KEY is not set while DEBUG is off: links and sessions would "
            "end with every restart.",
            NEW_KEY,
        )
    elif len(settings.SECRET_KEY) < SECRET_KEY_LENGTH:
        yield refusal(
            18,
            f"SECRET_KEY has fewer than {SECRET_KEY_LENGTH} characters: who guesses it "
            "signs in as anybody.",
            NEW_KEY,
        )


@check
def gateways_are_known() -> Messages:
    # Imported when asked: its models are not ready while this module loads.
    known = sorted(import_string("payments.gateways.ADAPTERS"))
    example = f"PAYMENT_GATEWAYS={'sandbox' if settings.DEBUG else 'bank_transfer'}"
    if not settings.PAYMENT_GATEWAYS:
        yield error(3, "PAYMENT_GATEWAYS is empty: buyers could not pay.", example)
    for name in set(settings.PAYMENT_GATEWAYS) - set(known):
        yield error(
            4,
            f"PAYMENT_GATEWAYS names {name!r}, which does not exist. "
            f"Known: {', '.join(known)}.",
            example,
        )


@check
def sqlite_waits_for_its_turn() -> Messages:
    database = settings.DATABASES["default"]
    options = database.get("OPTIONS", {})
    is_safe = (
        options.get("transaction_mode") == "IMMEDIATE"
        and float(options.get("timeout", 0)) >= SQLITE_TIMEOUT_SECONDS
        and "journal_mode=WAL" in options.get("init_command", "")
    )
    if database["ENGINE"].endswith("sqlite3") and not is_safe:
        yield error(
            5,
            "DATABASE_URL weakens SQLite's locking: orders need IMMEDIATE "
            f"transactions, WAL and a timeout of {SQLITE_TIMEOUT_SECONDS} s or more.",
            "DATABASE_URL=sqlite:////srv/kloter/kloter.sqlite3",
        )


@check
def admin_is_scoped() -> Messages:
    """Whoever is on the staff passes Django's door; what they see is our own rule."""
    for model_admin in admin.site._registry.values():
        if getattr(model_admin, "seller_path", None) is None:
            yield error(
                14,
                f"{type(model_admin).__name__} does not say whose rows it shows.",
                'seller_path = "campaign__seller", or SUPERUSER_ONLY',
            )


@check
def broker_is_an_address() -> Messages:
    url = settings.REDIS_URL
    if url and not _is_redis(url):
        yield error(
            11,
            "REDIS_URL is no address of a Redis server.",
            "REDIS_URL=redis://127.0.0.1:6379/0",
        )


def _is_redis(url: str) -> bool:
    try:
        _port = urlsplit(url).port
    except ValueError:
        return False
    return url.startswith(("redis://", "rediss://", "unix://"))


@check
def sender_is_an_address() -> Messages:
    if "@" not in settings.DEFAULT_FROM_EMAIL:
        yield error(
            13,
            f"DEFAULT_FROM_EMAIL is {settings.DEFAULT_FROM_EMAIL!r}, no address.",
            "DEFAULT_FROM_EMAIL=toko@shop.example",
        )
