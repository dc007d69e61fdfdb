"""Examines an installation: what works, what does not, and what to do about it."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.core import checks
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import get_connection
from django.db import connection
from django.db.models import Min, QuerySet

from campaigns.clock import database_now
from campaigns.models import Batch
from config.gateway_accounts import configured_accounts
from config.health import readiness_problems
from orders.mail import trouble as mail_trouble
from orders.models import Message, Order
from payments import gateways
from payments.models import Payment

BROKER_TIMEOUT_SECONDS = 2
# The sweep comes every minute at the latest; this late, it does not come at all.
PATIENCE = timedelta(minutes=10)
MENDS = {
    "away": "The mail server cannot be reached; they leave by themselves once it can.",
    "hangs": "The mail server does not answer in time.",
    "locked_out": "Put the password in EMAIL_URL or DEFAULT_FROM_EMAIL right.",
}
NO_SWEEP = "is anything running `manage.py sweep --loop`, or Celery's beat and worker?"


class Fault(Exception):
    """What is wrong, in words that say what to do."""


def configuration() -> str:
    found = checks.run_checks(include_deployment_checks=not settings.DEBUG)
    if faults := [message for message in found if message.is_serious()]:
        raise Fault("; ".join(f"{fault.msg} {fault.hint or ''}" for fault in faults))
    return "demo profile, DEBUG is on" if settings.DEBUG else "DEBUG is off"


def database() -> str:
    if problems := readiness_problems():
        raise Fault(f"{', '.join(problems)}; run `manage.py migrate`")
    return f"{connection.display_name}, every migration applied"


def locking() -> str:
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            cursor.execute("SHOW lock_timeout")
            return f"a lock is awaited for at most {cursor.fetchone()[0]}"
        cursor.execute("PRAGMA journal_mode")
        mode = cursor.fetchone()[0]
    if mode != "wal":
        raise Fault(f"SQLite's journal is {mode}, not wal: is it on a network drive?")
    return "SQLite with WAL, for one machine"


def broker() -> str:
    if not settings.REDIS_URL:
        return "none; everything is done by `manage.py sweep --loop`"
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=BROKER_TIMEOUT_SECONDS,
        socket_connect_timeout=BROKER_TIMEOUT_SECONDS,
    )
    try:
        client.ping()
    except redis.RedisError as reason:
        raise Fault(f"REDIS_URL does not answer: {reason}") from reason
    return "Redis answers"


def mail() -> str:
    backend = get_connection()
    if folder := getattr(backend, "file_path", ""):
        if not os.access(folder, os.W_OK):
            raise Fault(f"{folder} cannot be written to")
        return f"written to {folder}, not sent"
    try:
        backend.open()
        backend.close()
    except OSError as reason:
        raise Fault(f"the mail server of EMAIL_URL refuses: {reason}") from reason
    return f"{settings.EMAIL_BACKEND.split('.')[-2]} opens"


def media() -> str:
    try:
        name = default_storage.save("doctor.txt", ContentFile(b"may be deleted"))
        default_storage.delete(name)
    except OSError as reason:
        raise Fault(f"pictures cannot be stored: {reason}") from reason
    return "pictures can be stored"


def payment() -> str:
    offered = gateways.configured()
    if not offered:
        raise Fault("buyers cannot pay; set PAYMENT_GATEWAYS")
    modes = {account.name: account.mode for account in configured_accounts()}
    if not settings.DEBUG:
        modes["sandbox"] = "takes no real money"
    return ", ".join(_gateway(name, modes.get(name, "")) for name in offered)


def _gateway(name: str, mode: str) -> str:
    try:
        gateways.get(name)
    except ImportError as reason:
        raise Fault(f"{name} cannot be loaded: {reason}") from reason
    return f"{name} ({mode})" if mode else name


def mails_leave() -> str:
    if trouble := mail_trouble.current():
        minutes = (database_now() - trouble.since) // timedelta(minutes=1)
        raise Fault(
            f"no mail has left for {minutes} minutes; all wait. {MENDS[trouble.kind]} "
            f"The server's last words: {trouble.words}"
        )
    return _punctual("mail", Message.objects.due(), "next_attempt_at")


def holds_end() -> str:
    asked = Payment.objects.waiting_for_gateway()
    overlooked = Order.objects.overdue().exclude(payments__in=asked)
    return _punctual("expired hold", overlooked, "expires_at")


def batches_close() -> str:
    return _punctual("past cut-off", Batch.objects.past_cut_off(), "closes_at")


def _punctual(what: str, waiting: QuerySet[Any], due_at: str) -> str:
    oldest = waiting.aggregate(due_at=Min(due_at))["due_at"]
    late = database_now() - oldest if oldest else timedelta(0)
    if late > PATIENCE:
        minutes = late // timedelta(minutes=1)
        raise Fault(f"the oldest {what} has waited for {minutes} minutes; {NO_SWEEP}")
    return f"no {what} has waited for long"


EXAMINATIONS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("configuration", configuration),
    ("database", database),
    ("locking", locking),
    ("broker", broker),
    ("mail", mail),
    ("media", media),
    ("payment", payment),
    ("outbox", mails_leave),
    ("holds", holds_end),
    ("cut-offs", batches_close),
)
