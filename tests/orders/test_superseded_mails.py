"""A date that was replaced is not mailed any more, and never comes after the new."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from email.header import decode_header, make_header
from pathlib import Path

import pytest
from django.template.loader import get_template
from django.utils import translation

from campaigns.clock import database_now
from campaigns.dates import window, window_short
from campaigns.models import Batch
from campaigns.schedule import Window
from orders.mail import claims as mail_claims
from orders.mail import marks as mail_marks
from orders.mail import outbox
from orders.mail import overtaken as mail_overtaken
from orders.models import Message, Order
from tests.doubles.smtp import Smtp
from tests.drafts import make_offer, place_order
from tests.orders.delaying import delay
from tests.orders.mailbox import (
    connect,
    make_all_due,
    make_message,
    make_messages,
    states,
)

pytestmark = pytest.mark.django_db

MANY = 60
BULK = Message.Priority.BULK


@pytest.fixture
def server(settings) -> Iterator[Smtp]:
    with Smtp().running() as running:
        connect(settings, running)
        yield running


def make_order():
    order = place_order(make_offer())
    Message.objects.all().delete()
    return order


def announce(order, *, to="ani@example.com"):
    """The batch promises another date, and a mail says so; returns it."""
    batch = Batch.objects.get(pk=order.batch_id)
    version = batch.schedule_version + 1
    Batch.objects.filter(pk=batch.pk).update(schedule_version=version)
    return make_message(order=order, schedule_version=version, priority=BULK, to=to)


def test_only_the_newest_date_is_mailed(server):
    order = make_order()
    old, new = announce(order), announce(order)

    assert outbox.deliver_due() == 1

    assert server.copies() == {new.message_id: 1}
    assert mail_claims.abort_superseded() == 1
    old.refresh_from_db()
    assert (old.state, old.attempts) == ("aborted", 0)
    assert [mail_claims.abort_superseded(), outbox.deliver_due()] == [0, 0]


def test_mails_without_a_date_are_never_old(server):
    order = make_order()
    announce(order)
    plain = make_message(order=order)
    announce(order)

    assert mail_claims.abort_superseded() == 1
    outbox.deliver_due()

    assert plain.message_id in server.copies()


def test_a_newer_date_does_not_wait_for_an_older_mail_that_is_tried_again(server):
    order = make_order()
    paid = make_message(order=order, kind="order_confirmed")
    tried = {"attempts": 1, "next_attempt_at": database_now() + timedelta(hours=1)}
    Message.objects.update(**tried)
    new = announce(order)

    assert outbox.deliver_due() == 1

    assert server.copies() == {new.message_id: 1}
    assert states() == {"queued": 1, "sent": 1}
    assert paid.order_id == order.pk


def make_overtaken(order):
    """The buyer was told of another window; a mail that names the first one waits."""
    with translation.override("en"):
        first = window_short(order.batch.ships_from, order.batch.ships_until)
    subject, text = f"Paid, ships {first} – {order.number}", "It ships as promised.\n"
    columns = {"kind": "order_confirmed", "subject": subject, "text": text}
    paid = make_message(order=order, locale="en", to=order.email, **columns)
    delay(order.batch)
    put_off(paid)
    return paid


def test_a_window_that_ends_as_an_older_one_is_replaced_as_a_whole(server):
    """1–25 is no part of 21–25, though its letters are."""
    order = make_order()
    year = database_now().year + 2
    first, second, third = (
        Window(date(year, 12, begins), date(year, 12, ends))
        for begins, ends in ((1, 25), (21, 25), (28, 31))
    )
    Batch.objects.update(**first._asdict())
    delay(order.batch, window=second)
    columns = {"kind": "order_confirmed", "text": "Paid.\n", "to": order.email}
    subject = f"Paid, ships 21–25 Dec {year} – {order.number}"
    paid = make_message(order=order, locale="en", subject=subject, **columns)
    delay(order.batch, window=third)
    put_off(paid)

    make_all_due()
    outbox.deliver_due()

    paid.refresh_from_db()
    assert paid.subject == f"Paid, ships 28–31 Dec {year} – {order.number}"


def put_off(message):
    later = database_now() + timedelta(hours=12)
    Message.objects.filter(pk=message.pk).update(
        state="queued", attempts=7, next_attempt_at=later
    )


def test_an_older_mail_that_leaves_after_the_newer_date_begins_with_it(server):
    order = make_order()
    paid = make_overtaken(order)

    make_all_due()
    assert outbox.deliver_due() == 1

    batch = Batch.objects.get(pk=order.batch_id)
    paid.refresh_from_db()
    with translation.override(paid.locale):
        told = window(batch.ships_from, batch.ships_until)
        short = window_short(batch.ships_from, batch.ships_until)
    first, *rest = paid.text.split("\n\n")
    assert first.startswith("Newer than what follows, announced ")
    assert first.endswith(f": your order ships {told} (estimated).")
    assert rest == ["It ships as promised.\n"]
    assert paid.subject == f"Paid, ships {short} – {order.number}"
    (arrived,) = server.arrived
    assert str(make_header(decode_header(arrived.mail["Subject"]))) == paid.subject
    assert paid.state == "sent"


def test_a_second_newer_date_comes_first_and_a_retry_says_each_once(server):
    order = make_order()
    paid = make_overtaken(order)
    server.script[order.email] = ["450 later", "450 later"]

    for _n in range(2):
        make_all_due()
        outbox.deliver_due()
    Batch.objects.update(stage="closed")
    delay(order.batch, None)
    put_off(paid)
    make_all_due()
    outbox.deliver_due()

    paid.refresh_from_db()
    newest, newer, *rest = paid.text.split("\n\n")
    assert newest.endswith(": no shipping date can be given for now.")
    assert newer.endswith("(estimated).")
    assert rest == ["It ships as promised.\n"]


@pytest.mark.parametrize("status", ["canceled", "expired"])
def test_a_mail_of_an_order_that_ended_is_left_as_it_was(server, status):
    order = make_order()
    paid = make_overtaken(order)
    Order.objects.filter(pk=order.pk).update(status=status)

    make_all_due()
    outbox.deliver_due()

    paid.refresh_from_db()
    assert (paid.state, paid.text) == ("sent", "It ships as promised.\n")


def test_control_without_the_correction_the_older_date_is_read_last(
    server, monkeypatch
):
    order = make_order()
    paid = make_overtaken(order)
    monkeypatch.setattr(mail_overtaken, "correct", lambda claimed: None)

    make_all_due()
    outbox.deliver_due()

    paid.refresh_from_db()
    assert (paid.state, paid.text) == ("sent", "It ships as promised.\n")


def test_a_newer_date_claimed_with_a_mail_of_the_old_one_waits_for_it(server):
    order = make_order()
    paid, new = make_message(order=order, kind="order_confirmed"), announce(order)

    assert [mail.pk for mail in mail_claims.claim(2)] == [paid.pk]

    new.refresh_from_db()
    assert (new.state, new.attempts) == ("queued", 0)


def test_a_mail_that_is_given_up_holds_no_date_back(server):
    order = make_order()
    make_message(order=order, kind="order_confirmed", state="failed", attempts=9)
    new = announce(order)

    outbox.deliver_due()

    assert server.copies() == {new.message_id: 1}


def test_every_mail_that_names_the_window_is_known_to_do_so():
    """Its own news, or beside it; who has no order is told elsewhere."""
    folder = Path(get_template("orders/emails/ships.txt").origin.name).parent
    named = {
        path.name.removesuffix(".txt").removesuffix(".subject")
        for path in folder.glob("*.txt")
        if re.search(r"ships\.txt|% window", path.read_text())
    }

    elsewhere = {"opening", "opening_reminder", "waitlist_ended", "waitlist_joined"}
    of_order = named - elsewhere - {"ships", "overtaken"}
    dated = {"schedule_change", "delay_reminder", "delay_choices", "production_started"}
    assert of_order - dated == set(Message.BESIDE_THEIR_NEWS)


def test_a_newer_date_waits_while_the_older_is_at_the_mail_server(server):
    order = make_order()
    announce(order)
    (older,) = mail_claims.claim(1)
    new = announce(order)

    assert outbox.deliver_due() == 0
    mail_marks.mark_sent(older)
    assert outbox.deliver_due() == 1

    assert server.copies() == {new.message_id: 1}


def test_a_newer_date_does_not_wait_for_a_sender_that_died(server):
    order = make_order()
    old = announce(order)
    mail_claims.claim(1)
    new = announce(order)
    Message.objects.filter(pk=old.pk).update(leased_until=database_now())

    assert outbox.deliver_due() == 1

    assert server.copies() == {new.message_id: 1}
    assert mail_claims.abort_superseded() == 1


def test_two_claims_of_one_moment_are_looked_at_again(monkeypatch):
    """As if each claim had been decided before the other was seen."""
    order = make_order()
    old, new = announce(order), announce(order)
    sendable = type(Message.objects.all()).sendable
    monkeypatch.setattr(
        type(Message.objects.all()),
        "sendable",
        lambda rows: rows.filter(state="queued"),
    )

    claimed = mail_claims.claim(5)

    monkeypatch.setattr(type(Message.objects.all()), "sendable", sendable)
    assert claimed == []
    assert states() == {"queued": 2}
    assert [row.pk for row in mail_claims.claim(5)] == [new.pk]
    assert old.pk != new.pk


def test_a_new_date_amid_a_long_queue_and_an_answer_overtake_it(server):
    """Of a slow server: the date changes when half of the buyers were told the old."""
    orders = [make_order() for _n in range(4)]
    for n in range(MANY):
        announce(orders[n % 4], to=f"buyer{n}@example.com")
        Batch.objects.update(schedule_version=1)
    Message.objects.update(schedule_version=1)
    told = outbox.deliver_due(limit=MANY // 2)

    Batch.objects.update(schedule_version=2)
    for n in range(MANY):
        columns = {"schedule_version": 2, "priority": BULK, "subject": "new"}
        make_message(order=orders[n % 4], to=f"buyer{n}@example.com", **columns)
    make_messages(1, to="payer@example.com")
    mail_claims.abort_superseded()
    outbox.deliver_due()

    assert told == MANY // 2
    assert server.recipients()[told] == "payer@example.com"
    last = {arrived.to: arrived.mail["Subject"] for arrived in server.arrived}
    del last["payer@example.com"]
    assert set(last.values()) == {"new"}
    assert len(last) == MANY
    assert states() == {"sent": told + 1 + MANY, "aborted": MANY - told}


def test_control_without_the_rule_the_older_date_arrives_last(server, monkeypatch):
    order = make_order()
    old = announce(order)
    (claimed,) = mail_claims.claim(1)
    new = announce(order)
    monkeypatch.setattr(
        type(Message.objects.all()),
        "sendable",
        lambda rows: rows.filter(state="queued", next_attempt_at__lte=database_now()),
    )
    monkeypatch.setattr(mail_claims, "_without_untimely", lambda rows: rows)

    outbox.deliver_due()
    mail_claims.put_back([claimed])
    outbox.deliver_due()

    arrived = [mail.message_id for mail in server.arrived]
    assert arrived == [new.message_id, old.message_id]
