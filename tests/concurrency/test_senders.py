"""Several senders at once: no mail twice, no limit overrun; controls without."""

import threading
from functools import partial

import pytest

from campaigns.clock import database_now
from campaigns.models import Batch
from orders.mail import claims as mail_claims
from orders.mail import outbox
from orders.mail import senders as mail_senders
from orders.models import MailPace, Message
from tests.concurrency.racing import assert_invariants, race
from tests.doubles.smtp import Smtp
from tests.drafts import make_offer, place_order
from tests.orders.mailbox import connect, make_message, make_messages, states

pytestmark = pytest.mark.django_db(transaction=True)

MAILS, SENDERS = 120, 4


@pytest.fixture
def server(settings):
    with Smtp().running() as running:
        connect(settings, running)
        settings.EMAIL_TIMEOUT = 20
        yield running


def test_senders_at_once_send_each_mail_once(server):
    make_messages(MAILS)

    outcomes = race([outbox.deliver_due] * SENDERS)

    assert outcomes == {"ok": SENDERS}
    assert states() == {"sent": MAILS}
    assert len(server.arrived) == len(server.copies()) == MAILS
    assert_invariants()


def test_control_without_the_lease_mails_go_out_twice(server, monkeypatch):
    """Each takes what it sees: nobody is told that it is taken."""
    make_messages(MAILS)
    met = threading.Barrier(2, timeout=30)

    def look(count, **_which):
        rows = list(Message.objects.filter(state="queued").order_by("pk")[:count])
        if len(rows) == count and rows[0].pk == Message.objects.earliest("pk").pk:
            met.wait()
        for row in rows:
            row.attempts += 1
        return rows

    def mark(message, **_columns):
        Message.objects.filter(pk=message.pk).update(state="sent")

    monkeypatch.setattr(mail_claims, "claim", look)
    monkeypatch.setattr(outbox, "mark_sent", mark)
    race([outbox.deliver_due] * 2)

    assert len(server.arrived) > len(server.copies()) == MAILS


def test_senders_at_once_keep_one_limit(server, settings):
    settings.MAIL_RATE, settings.MAIL_DOMAIN_RATE = 40, 25
    make_messages(MAILS // 2, to="ani@mail.example")
    make_messages(MAILS // 2, to="budi@example.com")

    race([outbox.deliver_due] * SENDERS)

    recipients = server.recipients()
    assert len(recipients) == 40
    assert max(map(recipients.count, set(recipients))) <= 25
    counted = {pace.scope: pace.used(database_now()) for pace in MailPace.objects.all()}
    assert counted["*"] == 40


def test_only_as_many_senders_work_as_there_are_places(settings):
    settings.MAIL_SENDERS = 2
    inside, most = [], []
    lock = threading.Lock()
    all_asked = threading.Barrier(SENDERS, timeout=30)

    def work():
        with mail_senders.place() as number:
            with lock:
                inside.append(number)
            all_asked.wait()
        with lock:
            most.append(number)

    race([work] * SENDERS)

    assert sorted(inside) == [0, 0, 1, 2]
    with mail_senders.place() as number:
        assert number == 1


def test_a_date_that_changes_under_two_senders_never_arrives_after_the_new_one(server):
    orders = [place_order(make_offer()) for _n in range(SENDERS)]
    Message.objects.all().delete()
    for order in orders:
        make_message(order=order, schedule_version=1, subject="old", to=order.email)

    def change(order):
        Batch.objects.filter(pk=order.batch_id).update(schedule_version=2)
        make_new(order)

    def send():
        for _n in range(20):
            outbox.deliver_due()

    race([send, send, *(partial(change, order) for order in orders)])
    outbox.deliver_due()

    last = {arrived.to: arrived.mail["Subject"] for arrived in server.arrived}
    assert set(last.values()) == {"new"}
    assert len(last) == SENDERS


def make_new(order):
    key = f"new:{order.pk}"
    columns = {"dedupe_key": key, "message_id": f"<{key}@127.0.0.1>", "subject": "new"}
    make_message(order=order, schedule_version=2, to=order.email, **columns)
