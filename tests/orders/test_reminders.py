"""Reminders come on rungs, once each, until it is settled or they are stopped."""

from datetime import UTC, datetime, timedelta

import pytest

from campaigns.clock import database_now
from orders import lifecycle
from orders.mail import outbox
from orders.models import Message, Order, OrderEvent
from orders.reminders import ladders
from orders.reminders import payment as payment_reminders
from orders.reminders.ladders import Kind, due_rung
from tests.concurrency.racing import assert_invariants
from tests.drafts import finish, mails_of, make_offer, place_order, rows_of_orders
from tests.orders.test_pages import text_of

pytestmark = pytest.mark.django_db

ASKED_AT = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def waiting(*, placed_days, left_days=10.0):
    """An unpaid order placed so long ago, whose hold lasts so much longer."""
    order = place_order(make_offer())
    set_times(placed_days=placed_days, left_days=left_days)
    return Order.objects.get(pk=order.pk)


def set_times(*, placed_days, left_days=10.0):
    now = database_now()
    Order.objects.update(
        placed_at=now - placed_days * DAY, expires_at=now + left_days * DAY
    )
    Message.objects.update(created_at=now - 2 * DAY)


def rungs_of(order):
    mails = order.messages.filter(kind="payment_reminder").order_by("pk")
    return [key.split(":", 2)[2] for key in mails.values_list("dedupe_key", flat=True)]


# --- the ladder


@pytest.mark.once
@pytest.mark.parametrize(
    ("after", "rung"),
    [
        (DAY - SECOND, None),
        (DAY, 1),
        (3 * DAY - SECOND, 1),
        (3 * DAY, 3),
        (5 * DAY, 5),
        (7 * DAY - SECOND, 5),
        (7 * DAY, 7),
        (14 * DAY - SECOND, 7),
        (14 * DAY, 14),
        (100 * DAY, 98),
        (-DAY, None),
    ],
)
def test_rungs_are_days_one_three_five_seven_then_weeks(after, rung):
    assert due_rung(ASKED_AT, ASKED_AT + after) == rung


def test_each_rung_is_told_once():
    order = waiting(placed_days=1.1)

    told = []
    for days in (1.1, 1.5, 3.1, 5.1, 7.1, 13.9, 14.1):
        set_times(placed_days=days)
        told.append(
            (payment_reminders.remind_daily(), payment_reminders.remind_daily())
        )

    assert told == [(1, 0), (0, 0), (1, 0), (1, 0), (1, 0), (0, 0), (1, 0)]
    assert rungs_of(order) == ["day-1", "day-3", "day-5", "day-7", "day-14"]
    assert_invariants()


def test_a_late_round_tells_the_latest_rung_alone():
    order = waiting(placed_days=6.9)

    assert payment_reminders.remind_daily() == 1
    Order.objects.update(placed_at=database_now() - 7.1 * DAY)
    assert payment_reminders.remind_daily() == 0

    assert rungs_of(order) == ["day-5"]


def test_a_reminder_says_how_to_stop_and_the_last_one_that_it_is_the_last():
    order = waiting(placed_days=1.1)
    Order.objects.update(locale="en")

    payment_reminders.remind_daily()
    set_times(placed_days=3.1, left_days=0.2)
    assert payment_reminders.remind_of_payment() == 1

    rung, last = order.messages.filter(kind="payment_reminder").order_by("pk")
    assert f"/o/{order.token}/reminders/" in rung.text
    assert rung.text.startswith("Your order is still unpaid.\n")
    assert last.text.startswith(
        "Your order is still unpaid. This is the last reminder."
    )
    assert "/reminders/" not in last.text
    assert (rung.priority, last.priority) == (5, 5)


@pytest.mark.parametrize(
    ("placed_days", "left_days"),
    [(0.9, 10), (1.1, 0.49), (0.5, 0.5), (1.1, -0.1)],
    ids=["not a day", "the last notice is near", "short hold", "over"],
)
def test_others_wait_in_peace(placed_days, left_days):
    waiting(placed_days=placed_days, left_days=left_days)
    before = rows_of_orders()

    assert payment_reminders.remind_daily() == 0

    assert rows_of_orders() == before


@pytest.mark.parametrize("status", ["confirmed", "expired", "canceled", "fulfilled"])
def test_only_an_unpaid_order_is_reminded(status):
    waiting(placed_days=1.1)
    Order.objects.update(status=status)

    assert payment_reminders.remind_daily() == 0


def test_who_sent_a_proof_waits_for_the_seller():
    order = waiting(placed_days=1.1)
    order.record("proof_sent", actor=lifecycle.SYSTEM)
    assert payment_reminders.remind_daily() == 0

    order.record("proof_rejected", actor=lifecycle.SYSTEM)

    assert payment_reminders.remind_daily() == 1


def test_more_time_begins_the_ladder_anew():
    order = waiting(placed_days=1.1)
    payment_reminders.remind_daily()
    set_times(placed_days=5)

    Order.objects.update(extended_at=database_now() - 1.1 * DAY)

    assert payment_reminders.remind_daily() == 1
    assert rungs_of(order) == ["day-1", "extended-day-1"]


# --- settled


def test_a_payment_takes_back_what_nobody_began_to_send():
    order = waiting(placed_days=1.1)
    payment_reminders.remind_daily()

    finish(order, "pay")

    mail = order.messages.get(kind="payment_reminder")
    assert mail.state == Message.State.ABORTED
    assert "order_confirmed" in mails_of(order)
    assert payment_reminders.remind_daily() == 0


def test_what_is_being_sent_is_left_alone():
    order = waiting(placed_days=1.1)
    payment_reminders.remind_daily()
    outbox.deliver_due()

    finish(order, "pay")

    assert order.messages.get(kind="payment_reminder").state == Message.State.SENT


def test_an_order_paid_since_it_was_found_is_not_reminded(monkeypatch):
    order = waiting(placed_days=1.1)
    [found] = ladders._untold(payment_reminders.LADDER, database_now())
    finish(order, "pay")

    assert not ladders._remind(payment_reminders.LADDER, found)

    assert rungs_of(order) == []


# --- stopped


def test_stopping_is_recorded_and_ends_them_until_resumed():
    order = waiting(placed_days=1.1)

    for _twice in range(2):
        ladders.turn(order.pk, Kind.PAYMENT, stop=True)

    assert payment_reminders.remind_daily() == 0
    [event] = OrderEvent.objects.filter(kind="reminders_stopped")
    assert (event.actor, event.data) == ("buyer", {"reminders": "payment"})
    assert ladders.reminders_stopped(order, Kind.PAYMENT)
    assert not ladders.reminders_stopped(order, Kind.BALANCE)

    ladders.turn(order.pk, Kind.PAYMENT, stop=False)

    assert payment_reminders.remind_daily() == 1


def test_stopping_takes_back_what_waits_but_never_the_last_notice():
    order = waiting(placed_days=1.1)
    payment_reminders.remind_daily()
    set_times(placed_days=3.1, left_days=0.2)
    payment_reminders.remind_of_payment()

    ladders.turn(order.pk, Kind.PAYMENT, stop=True)

    states = order.messages.filter(kind="payment_reminder").order_by("pk")
    assert list(states.values_list("state", flat=True)) == ["aborted", "queued"]


def test_the_last_notice_goes_to_who_stopped_the_others():
    order = waiting(placed_days=1.1, left_days=0.2)
    ladders.turn(order.pk, Kind.PAYMENT, stop=True)

    assert payment_reminders.remind_of_payment() == 1


# --- the page


def address(order):
    return f"/o/{order.token}/reminders/"


def test_the_page_stops_and_resumes_each_kind(client):
    order = waiting(placed_days=0)
    Order.objects.update(locale="en")

    shown = text_of(client.get(address(order)))
    stopped = client.post(address(order), {"kind": "address", "turn": "stop"})
    after = text_of(client.get(address(order)))

    assert (stopped.status_code, stopped["Location"]) == (303, address(order))
    assert shown.count("Stop these reminders") == 3
    assert "To pay the balance" not in shown
    assert after.count("Stop these reminders") == 2
    assert after.count("Stopped: you get no reminders of this.") == 1
    assert "The last notice before your place is given back." in after
    client.post(address(order), {"kind": "address", "turn": "resume"})
    assert not ladders.reminders_stopped(order, Kind.ADDRESS)


def test_looking_at_the_page_stops_nothing(client):
    order = waiting(placed_days=0)
    before = rows_of_orders()

    client.get(address(order), {"kind": "payment", "turn": "stop"})

    assert rows_of_orders() == before


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"kind": "payment"},
        {"kind": "everything", "turn": "stop"},
        {"kind": "payment", "turn": "STOP"},
        {"kind": "payment\x00", "turn": "stop"},
    ],
)
def test_what_is_no_kind_stops_nothing(client, fields):
    order = waiting(placed_days=0)
    before = rows_of_orders()

    answer = client.post(address(order), fields)

    assert answer.status_code == 422
    assert rows_of_orders() == before
