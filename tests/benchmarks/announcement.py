"""Tells and mails all buyers of one batch: … tests.benchmarks.announcement BUYERS.

Real orders, each with an address of its own; a real announcement; the fan-out in a
process, and then a sender in another. What has to stay small, however many there are:
the memory of both, the longest transaction, the time of a chunk at the end.
"""

import sys
from datetime import timedelta

import django

django.setup()

# ruff: noqa: E402  Django is set up before its models are imported
from django.core.management import call_command
from django.db import connection
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from campaigns import schedule
from campaigns.actors import SYSTEM
from campaigns.models import Batch
from campaigns.schedule import Window
from orders.delays import schedule_news
from orders.models import Message, Order
from tests.benchmarks.history import TEMPLATES, History
from tests.benchmarks.mailing import Done, mail_server, run
from tests.benchmarks.measure import database_name, prepare, say

# Of ten orders of the history one expired.
WAITING_OF_TEN = 9
DELAY = timedelta(days=14)


def main(buyers: int) -> None:
    prepare()
    announced(buyers)
    say(f"{buyers:,} buyers are told")
    telling = figures_of_telling(run("tell", buyers))
    say(str(telling))
    say("and mailed")
    with mail_server() as port:
        sending = figures_of_sending(run("sender", buyers, port=port))
    say(str(sending))
    call_command("check_invariants", quiet=True)
    print(table(telling | sending))


def announced(buyers: int) -> Batch:
    """A batch with so many orders at least that are to be told of another window."""
    say(f"{buyers:,} orders are made")
    past = History()
    past.grow_to(TEMPLATES * -(-buyers // WAITING_OF_TEN), are_new=True)
    _address_each()
    batch = Batch.objects.get(pk=past.batch.pk)
    assert batch.ships_from  # noqa: S101
    assert batch.ships_until  # noqa: S101
    window = Window(batch.ships_from + DELAY, batch.ships_until + DELAY)
    schedule.announce(batch, window=window, reason="The dye is late.", actor=SYSTEM)
    return batch


def _address_each() -> None:
    """What was mailed before has left."""
    address = Concat(Value("pembeli-"), Cast("pk", CharField()), Value("@example.com"))
    Order.objects.update(email=address)
    of_order = Concat(
        Value("pembeli-"), Cast("order", CharField()), Value("@example.com")
    )
    Message.objects.update(to=of_order, state="sent", sent_at=F("created_at"))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM" if connection.vendor == "sqlite" else "VACUUM ANALYZE")


def figures_of_telling(told: Done) -> dict[str, str]:
    first, last = told.steps_ms
    return {
        "buyers told, each with a mail enqueued": f"{told.mails:,}",
        "enqueued a second": f"{told.per_second:.0f}",
        "CPU of who enqueues, ms a mail": f"{told.cpu_ms:.2f}",
        **_memory("who enqueues", told),
        "longest transaction of who enqueues, ms": f"{told.longest_ms:.0f}",
        "it came after so many mails": f"{told.longest_at:,}",
        "most statements in a transaction": f"{told.most_statements}",
        f"{schedule_news.CHUNK} mails in the first tenth, ms": f"{first:.0f}",
        f"{schedule_news.CHUNK} mails in the last tenth, ms": f"{last:.0f}",
    }


def figures_of_sending(sent: Done) -> dict[str, str]:
    claim_first, claim_last = sent.claims_ms
    first, last = sent.steps_ms
    return {
        "mails sent by one sender": f"{sent.mails:,}",
        "sent a second": f"{sent.per_second:.0f}",
        "CPU of the sender, ms a mail": f"{sent.cpu_ms:.2f}",
        **_memory("the sender", sent),
        "longest transaction of the sender, ms": f"{sent.longest_ms:.0f}",
        "longest statement of the sender, ms": f"{sent.longest_statement_ms:.0f}",
        "a mail in the first tenth, ms": f"{first:.1f}",
        "a mail in the last tenth, ms": f"{last:.1f}",
        "a claim in the first tenth, ms": f"{claim_first:.1f}",
        "a claim in the last tenth, ms": f"{claim_last:.1f}",
    }


def _memory(whose: str, done: Done) -> dict[str, str]:
    return {
        f"memory of {whose} at a tenth, MiB": f"{done.early_mib:.0f}",
        f"memory of {whose} at its peak, MiB": f"{done.peak_mib:.0f}",
    }


def table(rows: dict[str, str]) -> str:
    lines = [f"## {database_name()}", "", "| what | measured |", "| --- | ---: |"]
    return "\n".join(
        [*lines, *(f"| {name} | {value} |" for name, value in rows.items())]
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
