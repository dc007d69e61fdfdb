"""Sends mails and says how long it took: … mail_process bare|sender PORT LIMIT.

It says `ready`, waits for a line, works, and prints a line of JSON.
"""

import json
import resource
import sys
import time
from typing import Any

import django

django.setup()

# ruff: noqa: E402  Django is set up before its models are imported
from django.conf import settings
from django.core.mail import get_connection

from orders import outbox
from orders.mail_envelope import as_mail
from orders.models import Message
from tests.benchmarks.refund_batch import Watch, watched

LOOPBACK = "127.0.0.1"


def bare(limit: int) -> int:
    """The least that sends these mails: no claim, no lease, no mark."""
    connection = get_connection()
    connection.open()
    waiting = Message.objects.filter(state="queued").order_by("pk")[:limit]
    for message in waiting.iterator():
        connection.send_messages([as_mail(message)])
    connection.close()
    return limit


def sender(limit: int) -> int:
    return outbox.deliver_due(limit=limit)


def main(name: str, port: str, limit: str) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = LOOPBACK, int(port)
    work = {"bare": bare, "sender": sender}[name]
    Message.objects.exists()
    _say("ready")
    sys.stdin.readline()
    watch = Watch(expected=int(limit))
    began, cpu = time.monotonic(), time.process_time()
    with watched(watch):
        sent = work(int(limit))
    cpu = time.process_time() - cpu
    done: dict[str, Any] = {"sent": sent, "began": began, "ended": time.monotonic()}
    done["cpu_seconds"] = cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _say(json.dumps(done | {"peak_mib": peak, "longest_ms": watch.longest_ms}))


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
