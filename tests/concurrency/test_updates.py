"""Mails of an update while others write them too, or somebody stops them."""

import threading

import pytest
from django.db import connections

from campaigns.models import Update
from orders.mail import rows as mail_rows
from orders.models import Message
from orders.subscriptions import unsubscribing
from orders.subscriptions.unsubscribing import Kind, Subject
from orders.updates import writing as update_writing
from orders.updates.emails import update_mail
from orders.updates.recipients import identity_of
from tests.concurrency.racing import assert_invariants, race
from tests.factories import make_confirmed_order, make_shop
from tests.orders.posts import make_update, publish, written_to

pytestmark = pytest.mark.django_db(transaction=True)
BUYERS = 9
# How long somebody who has to wait is watched while waiting.
BLOCKED_SECONDS = 0.5


@pytest.fixture
def update(monkeypatch) -> Update:
    """Published, with its mails still to be written, two a chunk."""
    monkeypatch.setattr(update_writing, "CHUNK", 2)
    batch = make_shop()
    for _n in range(BUYERS):
        make_confirmed_order(batch=batch)
    update = make_update(campaign=batch.campaign)
    publish(update)
    return update


def test_writers_at_once_write_each_mail_once(update):
    outcomes = race([update_writing.write_due] * 4)

    # One that lost a turn may end its round early: the next round finishes.
    update_writing.write_due()
    update.refresh_from_db()
    assert outcomes == {"ok": 4}
    assert len(written_to(update)) == BUYERS
    assert update.written_at
    assert_invariants()


def test_control_without_cursor_and_key_everybody_gets_it_twice(update):
    both_have_read = threading.Barrier(2, timeout=30)

    def naive(nth):
        people = update_writing._next_buyers(Update.objects.get())
        both_have_read.wait()
        for person in people:
            mail = update_mail(
                Update.objects.get(), person, key=f"{person.email}-{nth}"
            )
            mail_rows.queue(mail)

    race([lambda: naive(1), lambda: naive(2)])

    assert len(written_to(update)) == 2 * 2


def stop_in_between(update, monkeypatch) -> Message:
    """Somebody stops the mails after their stop was looked for, before they are stored.

    The mail, once both are done.
    """
    order = update.campaign.batches.get().orders.order_by("pk").first()
    subject = Subject(
        kind=Kind.UPDATES,
        identity=identity_of(order.email),
        seller=update.campaign.seller,
        campaign=update.campaign,
        email=order.email,
        locale="id",
    )
    look = update_writing._stopped
    threads: list[threading.Thread] = []

    def stop():
        unsubscribing.stop(subject)
        connections.close_all()

    def looked(*args):
        found = look(*args)
        if not threads:
            threads.append(threading.Thread(target=stop))
            threads[0].start()
            threads[0].join(BLOCKED_SECONDS)
        return found

    monkeypatch.setattr(update_writing, "_stopped", looked)
    update_writing.write_due()
    threads[0].join()
    return Message.objects.get(update_of=update, order=order)


def test_who_stops_while_a_chunk_is_written_gets_nothing(update, monkeypatch):
    mail = stop_in_between(update, monkeypatch)

    assert mail.state == "aborted"
    assert_invariants()


@pytest.mark.postgres
def test_control_without_waiting_for_the_writer_the_mail_goes_out(update, monkeypatch):
    monkeypatch.setattr(unsubscribing, "_wait_for_writers", lambda seller: None)

    mail = stop_in_between(update, monkeypatch)

    assert mail.state == "queued"
