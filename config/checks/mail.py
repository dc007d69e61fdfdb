"""Refuses mailers that cannot work, and tells of limits that make no sense."""

from importlib.util import find_spec

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection

from config import mailers
from config.checks.refusing import Messages, check, error, warning

SERVER = "smtp+tls://user:password@mail.example:587"
EXAMPLE = "ANYMAIL_WEBHOOK_SECRET=<name>:<at least 20 random characters>"
SHORTEST_SECRET = 16


@check
def mailer_loads() -> Messages:
    if settings.ANYMAIL_BACKEND:
        return _anymail(settings.ANYMAIL_BACKEND)
    return _backend("EMAIL_URL", SERVER)


def _backend(variable: str, example: str) -> Messages:
    try:
        get_connection()
    # Whatever a mailer's settings lack, it says so in an error of its own.
    except (ImportError, ImproperlyConfigured, OSError, TypeError) as reason:
        yield error(8, f"{variable} cannot be used: {reason}.", f"{variable}={example}")


def _anymail(name: str) -> Messages:
    if not mailers.is_installed():
        yield error(
            30,
            f"ANYMAIL_BACKEND names {name!r}, and django-anymail is not installed.",
            "pip install --require-hashes -r requirements/anymail.txt",
        )
    elif not name.isidentifier() or not find_spec(f"anymail.backends.{name}"):
        yield error(
            31,
            f"ANYMAIL_BACKEND names {name!r}, which django-anymail does not know.",
            "ANYMAIL_BACKEND=mailgun",
        )
    else:
        yield from _backend(
            "ANYMAIL_BACKEND", f"{name} ANYMAIL_{name.upper()}_API_KEY=…"
        )
        yield from _webhook_secret()


def _webhook_secret() -> Messages:
    secrets = settings.ANYMAIL.get("WEBHOOK_SECRET", [])
    if not secrets:
        yield warning(
            6,
            "ANYMAIL_WEBHOOK_SECRET is empty: the shop hears of no bounce, and "
            "/anymail/ does not exist.",
            EXAMPLE,
        )
    if any(":" not in word or len(word) < SHORTEST_SECRET for word in secrets):
        yield error(
            32,
            "ANYMAIL_WEBHOOK_SECRET is too short to keep forged bounces out, or not "
            "of the form name:word.",
            EXAMPLE,
        )


@check
def buyers_get_mails() -> Messages:
    is_sent = settings.ANYMAIL_BACKEND or "smtp" in settings.EMAIL_BACKEND
    if settings.DEBUG or is_sent or settings.ENVIRONMENT.is_misused("EMAIL_URL"):
        return
    is_set = settings.ENVIRONMENT.is_set("EMAIL_URL")
    found = "names no mail server" if is_set else "is not set"
    yield warning(
        2,
        f"EMAIL_URL {found}: mails are kept in files, printed or dropped, and no "
        "buyer gets one.",
        f"EMAIL_URL={SERVER}",
    )


@check
def rates_make_sense() -> Messages:
    total, domain = settings.MAIL_RATE, settings.MAIL_DOMAIN_RATE
    if total and domain > total:
        yield warning(
            7,
            f"MAIL_DOMAIN_RATE is {domain}, more than MAIL_RATE lets leave at all.",
            f"MAIL_DOMAIN_RATE={max(1, total // 2)}",
        )
