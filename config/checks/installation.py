"""Refuses an installation that cannot work, or that shows what nobody should see."""

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin
from django.http.request import validate_host
from django.utils.module_loading import import_string

from config.checks.refusing import Messages, check, error, warning
from config.database import SQLITE_TIMEOUT_SECONDS

LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "[::1]", "::1", "testserver"}
SECRET_KEY_LENGTH = 50


@check
def variables_can_be_used() -> Messages:
    for misuse in settings.ENVIRONMENT_MISUSES:
        yield error(
            9, f"{misuse.variable} cannot be used: {misuse.reason}.", misuse.example
        )


@check
def hosts_match_the_profile() -> Messages:
    public = set(settings.ALLOWED_HOSTS) - LOOPBACK_HOSTS
    if settings.DEBUG and public:
        yield error(
            1,
            f"ALLOWED_HOSTS names {sorted(public)} while DEBUG is on: the demo "
            "profile shows passwords and settings, so it serves loopback only.",
            "DEBUG=0 SECRET_KEY=<50 random characters> ALLOWED_HOSTS=shop.example",
        )


@check
def secret_key_is_chosen() -> Messages:
    if not settings.DEBUG and settings.SECRET_KEY_IS_GENERATED:
        yield error(
            2,
            "SECRET_KEY is not set while DEBUG is off: links and sessions would "
            "end with every restart.",
            "SECRET_KEY=$(python3 -c 'import secrets; "
            "print(secrets.token_urlsafe(50))')",
        )


@check
def gateways_are_known() -> Messages:
    # Imported when asked: its models are not ready while this module loads.
    known = sorted(import_string("payments.gateways.ADAPTERS"))
    if not settings.PAYMENT_GATEWAYS:
        yield error(
            3,
            "PAYMENT_GATEWAYS is empty: buyers could not pay.",
            "PAYMENT_GATEWAYS=sandbox",
        )
    for name in set(settings.PAYMENT_GATEWAYS) - set(known):
        yield error(
            4,
            f"PAYMENT_GATEWAYS names {name!r}, which does not exist. "
            f"Known: {', '.join(known)}.",
            "PAYMENT_GATEWAYS=sandbox",
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
def base_url_is_absolute() -> Messages:
    if not settings.BASE_URL.startswith(("http://", "https://")):
        yield error(
            7,
            f"BASE_URL is {settings.BASE_URL!r}: links in mails need a whole address.",
            "BASE_URL=https://shop.example",
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
def hosts_are_names() -> Messages:
    for host in settings.ALLOWED_HOSTS:
        if "/" in host:
            yield error(
                10,
                f"ALLOWED_HOSTS contains {host!r}: a host is a name without scheme.",
                "ALLOWED_HOSTS=shop.example",
            )


@check
def broker_is_an_address() -> Messages:
    url = settings.REDIS_URL
    if url and not url.startswith(("redis://", "rediss://", "unix://")):
        yield error(
            11,
            f"REDIS_URL is {url!r}, which is no address of a Redis server.",
            "REDIS_URL=redis://127.0.0.1:6379/0",
        )


@check
def media_folder_is_absolute() -> Messages:
    if not Path(settings.MEDIA_ROOT).is_absolute():
        yield error(
            12,
            f"MEDIA_ROOT is {str(settings.MEDIA_ROOT)!r}: a relative folder is another "
            "one for each process.",
            "MEDIA_ROOT=/srv/kloter/media",
        )


@check
def sender_is_an_address() -> Messages:
    if "@" not in settings.DEFAULT_FROM_EMAIL:
        yield error(
            13,
            f"DEFAULT_FROM_EMAIL is {settings.DEFAULT_FROM_EMAIL!r}, no address.",
            "DEFAULT_FROM_EMAIL=toko@shop.example",
        )


@check
def a_real_shop_is_complete() -> Messages:
    """What works on one machine for a try, and fails real buyers."""
    if not settings.DEBUG:
        yield from _weak_key()
        yield from _mails_nobody_gets()
        yield from _links_that_fail()


def _weak_key() -> Messages:
    if len(settings.SECRET_KEY) < SECRET_KEY_LENGTH:
        yield warning(
            1,
            f"SECRET_KEY has fewer than {SECRET_KEY_LENGTH} characters.",
            "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'",
        )


def _mails_nobody_gets() -> Messages:
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        yield warning(
            2,
            "EMAIL_URL is not set: mails become files, and no buyer gets one.",
            "EMAIL_URL=smtp+tls://user:password@mail.example:587",
        )


def _links_that_fail() -> Messages:
    host = urlsplit(settings.BASE_URL).hostname or ""
    if not validate_host(host, settings.ALLOWED_HOSTS):
        yield warning(
            3,
            f"BASE_URL leads to {host!r}, which ALLOWED_HOSTS does not name: "
            "links in mails would fail.",
            "BASE_URL=https://shop.example ALLOWED_HOSTS=shop.example",
        )
