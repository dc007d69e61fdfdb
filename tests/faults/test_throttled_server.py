"""A slow mail server and a date that changes while thousands wait for their turn.

The server takes one mail at a time, so its pace is the clock of these tests.
"""

import pytest
from django.db import transaction

from campaigns.models import Batch
from orders.mail import claims as mail_claims
from orders.models import Message
from tests.concurrency.racing import assert_invariants
from tests.doubles.smtp import Smtp
from tests.drafts import make_offer, place_order
from tests.faults.sending import kill, start, wait_until_arrived
from tests.orders.mailbox import make_message, states

pytestmark = pytest.mark.django_db(transaction=True)

BULK = Message.Priority.BULK
ORDERS, BUYERS = 50, 5000
OLD, NEW = "date 1", "date 2"
# One is at the server, and a sender holds others for two seconds.
TOLD_BEFORE_THE_CHANGE_IS_NOTICED = 4


def make_orders():
    batch = make_offer(capacity=10_000)
    orders = [place_order(batch) for _n in range(ORDERS)]
    Message.objects.update(state="sent")
    return orders


def make_dated(orders, *, version, buyers=BUYERS):
    mails = (
        Message(
            dedupe_key=f"date:{version}:{n}",
            message_id=f"<date.{version}.{n}@127.0.0.1>",
            order=orders[n % len(orders)],
            kind="schedule_change",
            to=f"buyer{n}@example.com",
            locale="id",
            subject=f"date {version}",
            text="Tanggal baru.\n",
            priority=BULK,
            schedule_version=version,
        )
        for n in range(buyers)
    )
    # PostgreSQL takes 65,535 values in a statement.
    Message.objects.bulk_create(mails, batch_size=500)


def change_the_date(orders, *, buyers=BUYERS):
    """At once: a sender that found nothing to send would end."""
    with transaction.atomic():
        Batch.objects.update(schedule_version=2)
        make_dated(orders, version=2, buyers=buyers)


def subjects(mails):
    return [arrived.mail["Subject"] for arrived in mails]


@pytest.mark.long
def test_at_one_mail_a_second_the_next_few_mails_tell_only_the_newer_date():
    orders = make_orders()
    make_dated(orders, version=1)

    with Smtp(seconds_per_mail=1).running() as server:
        sender = start(server)
        wait_until_arrived(server, sender, 3)
        change_the_date(orders)
        old = len(server.arrived)
        aborted = mail_claims.abort_superseded()
        wait_until_arrived(server, sender, old + 10)
        after = subjects(server.arrived[old:])
        server.seconds_per_mail = 0
        sender.wait(timeout=600)

    told = after.index(NEW)
    assert told <= TOLD_BEFORE_THE_CHANGE_IS_NOTICED
    assert after == [OLD] * told + [NEW] * (len(after) - told)
    assert subjects(server.arrived) == [OLD] * (old + told) + [NEW] * BUYERS
    assert set(server.copies().values()) == {1}
    assert len({mail.to for mail in server.arrived[old + told :]}) == BUYERS
    # What was in the sender's hands came back to the outbox, and is aborted now.
    aborted += mail_claims.abort_superseded()
    assert aborted == BUYERS - old - told
    assert states() == {"sent": ORDERS + old + told + BUYERS, "aborted": aborted}
    assert_invariants()


def test_control_without_superseding_the_older_date_goes_on_being_told():
    orders = make_orders()
    make_dated(orders, version=1, buyers=100)

    with Smtp(seconds_per_mail=0.2).running() as server:
        sender = start(server, "old-dates-too")
        wait_until_arrived(server, sender, 3)
        change_the_date(orders, buyers=100)
        old = len(server.arrived)
        wait_until_arrived(server, sender, old + 10)
        kill(sender)

    assert subjects(server.arrived[old : old + 10]) == [OLD] * 10


@pytest.mark.long
def test_five_thousand_at_a_throttled_server_and_a_new_date_in_the_middle():
    """Nobody is left with the older date, and a buyer's own mail overtakes both."""
    orders = make_orders()
    make_dated(orders, version=1)

    with Smtp(seconds_per_mail=0.02).running() as server:
        sender = start(server)
        wait_until_arrived(server, sender, 1500)
        change_the_date(orders)
        before = len(server.arrived)
        make_message(to="payer@example.com", subject="paid")
        mail_claims.abort_superseded()
        sender.wait(timeout=600)
        start(server).wait(timeout=600)

    overtook = server.recipients().index("payer@example.com") - before
    # A handful is held for two seconds, a hundred of these mails at most.
    assert overtook <= 100
    last = {mail.to: mail.mail["Subject"] for mail in server.arrived}
    del last["payer@example.com"]
    assert set(last.values()) == {NEW}
    assert len(last) == BUYERS
    assert states()["sent"] == len(server.arrived) + ORDERS
    assert_invariants()
