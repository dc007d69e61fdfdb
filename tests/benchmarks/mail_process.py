"""Enqueues or sends mails and says what it took: … mail_process WORK PORT LIMIT.

WORK is tell, bare, bare_words or sender. It says `ready`, waits for a
line, works, and prints a line of JSON.
"""

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

import django

django.setup()

# ruff: noqa: E402  Django is set up before its models are imported
from django.conf import settings
from django.core.mail import get_connection
from django.db.models import QuerySet

from campaigns.models import ScheduleChange
from orders.decisions.mails import SCHEDULE_CHANGE
from orders.delays import emails as delay_emails
from orders.delays import schedule_news
from orders.delays.terms import DelayTerms
from orders.mail import outbox
from orders.mail.envelope import as_mail
from orders.models import Decision, Message
from tests.benchmarks.watch import Watch, peak_mib, tenths, watched

LOOPBACK = "127.0.0.1"
# Read at once by who renders: with their orders, lines and questions.
CHUNK = 100


def tell(_limit: int, watch: Watch) -> int:
    """The fan-out of the newest announcement, as a sweep does it."""
    tell_chunk = schedule_news.tell

    def counted(batch_id: int, keys: Sequence[int]) -> int:
        told = tell_chunk(batch_id, keys)
        watch.told(told)
        return told

    schedule_news.tell = counted
    return schedule_news.tell_batch(ScheduleChange.objects.latest("pk").batch_id)


def bare(limit: int, _watch: Watch) -> int:
    """The least that sends these mails: no claim, no lease, no mark."""
    connection = get_connection()
    connection.open()
    for message in news()[:limit].iterator():
        connection.send_messages([as_mail(message)])
    connection.close()
    return limit


def bare_words(limit: int, _watch: Watch) -> int:
    """The same, and renders the words of each, which a sender finds in the outbox."""
    connection = get_connection()
    connection.open()
    rows = news().select_related("order__batch__campaign__seller")
    rows = rows.prefetch_related("order__lines", "order__decisions__schedule_change")
    for message in rows[:limit].iterator(CHUNK):
        message.subject, message.text = _words_of(message)
        connection.send_messages([as_mail(message)])
    connection.close()
    return limit


def _words_of(message: Message) -> tuple[str, str]:
    order = message.order
    assert order  # noqa: S101
    decision: Decision = order.decisions.all()[0]
    change, terms = decision.schedule_change, DelayTerms.of(order, [])
    assert change  # noqa: S101
    mail = delay_emails.schedule_change(order, change, terms, key="", decision=decision)
    return mail.subject, mail.text


def sender(limit: int, _watch: Watch) -> int:
    return outbox.deliver_due(limit=limit)


def news() -> "QuerySet[Message]":
    return Message.objects.filter(kind=SCHEDULE_CHANGE).order_by("pk")


WORKS = {work.__name__: work for work in (tell, bare, bare_words, sender)}


def main(name: str, port: str, limit: str) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = LOOPBACK, int(port)
    Message.objects.exists()
    _say("ready")
    sys.stdin.readline()
    watch = Watch(expected=int(limit))
    began, cpu = time.monotonic(), time.process_time()
    with watched(watch):
        mails = WORKS[name](int(limit), watch)
    cpu = time.process_time() - cpu
    done = {"mails": mails, "began": began, "ended": time.monotonic()}
    _say(json.dumps(done | {"cpu_seconds": cpu} | _noted(watch)))


def _noted(watch: Watch) -> dict[str, Any]:
    return {
        "early_mib": watch.early_mib,
        "peak_mib": peak_mib(),
        "longest_ms": watch.longest_ms,
        "longest_at": watch.longest_at,
        "most_statements": watch.most_statements,
        "longest_statement_ms": watch.longest_statement_ms,
        "steps_ms": tenths(watch.steps_ms()),
        "claims_ms": tenths(watch.claims_ms),
    }


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
