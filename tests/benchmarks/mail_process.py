"""Sends mails and says how long it took: … mail_process WORK PORT LIMIT.

WORK is enqueue, bare, bare_words or sender. It says `ready`, waits for a
line, works, and prints a line of JSON.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

# ruff: noqa: E402  Django is set up before its models are imported
from django.conf import settings
from django.core.mail import get_connection

from orders.delays import schedule_news
from orders.mail import outbox
from orders.mail import rows as mail_rows
from orders.mail.envelope import as_mail
from orders.models import Message, Order
from tests.benchmarks.refund_batch import Watch, watched

LOOPBACK = "127.0.0.1"
# Part of the key of each mail of the benchmark.
MARKED = ":bench-"
KIND = "order_confirmed"


def enqueue(count: int) -> int:
    """As a fan-out does: rendered one by one, stored by the chunk."""
    order = Order.objects.select_related("batch__campaign__seller").earliest("pk")
    for start in range(0, count, schedule_news.CHUNK):
        numbers = range(start, min(start + schedule_news.CHUNK, count))
        mail_rows.store(_mail(order, number) for number in numbers)
    return count


def _mail(order: Order, number: int) -> Message:
    key, priority = f"bench-{number}", Message.Priority.BULK
    return mail_rows.of_order(order, KIND, key=key, priority=priority)


def bare(limit: int) -> int:
    """The least that sends these mails: no claim, no lease, no mark."""
    return _sent(limit, renders=False)


def bare_words(limit: int) -> int:
    """The same, and renders the words of each, which a sender finds in the outbox."""
    return _sent(limit, renders=True)


def _sent(limit: int, *, renders: bool) -> int:
    connection = get_connection()
    connection.open()
    order = Order.objects.select_related("batch__campaign__seller").earliest("pk")
    waiting = Message.objects.filter(dedupe_key__contains=MARKED).order_by("pk")
    for message in waiting[:limit].iterator():
        if renders:
            message.subject, message.text = mail_rows.render(KIND, order)
        connection.send_messages([as_mail(message)])
    connection.close()
    return limit


def sender(limit: int) -> int:
    return outbox.deliver_due(limit=limit)


WORKS = {work.__name__: work for work in (enqueue, bare, bare_words, sender)}


def main(name: str, port: str, limit: str) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = LOOPBACK, int(port)
    work = WORKS[name]
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
    _say(json.dumps(done | {"peak_mib": peak_mib(), "longest_ms": watch.longest_ms}))


def peak_mib() -> float:
    """Since this program began: `ru_maxrss` would count the one that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
