"""Reminders of a balance can be stopped; asking for it and the last notice cannot."""

import pytest

from orders.models import Message
from orders.reminders import ladders
from orders.reminders.ladders import Kind
from payments import balances
from tests.drafts import finish
from tests.payments.deposits import deposit_paid, open_balance, reminders_of, set_due

pytestmark = pytest.mark.django_db


def stopped():
    order = deposit_paid()
    ladders.turn(order.pk, Kind.BALANCE, stop=True)
    return order


def test_who_stopped_them_is_asked_once_and_hears_the_last_notice():
    order = stopped()

    told = [balances.remind_due()]
    for days in (3, 0, -2):
        set_due(order, in_days=days)
        told.append(balances.remind_due())

    assert told == [1, 0, 0, 1]
    assert reminders_of(order) == ["first", "last"]


def test_who_resumes_them_is_reminded_again():
    order = stopped()
    set_due(order, in_days=0)
    assert balances.remind_due() == 0

    ladders.turn(order.pk, Kind.BALANCE, stop=False)

    assert balances.remind_due() == 1
    # Before the morning of the last day it is still the one before.
    assert reminders_of(order) in (["today"], ["soon"])


def test_a_stop_that_comes_between_finding_and_telling_counts():
    order = deposit_paid()
    set_due(order, in_days=0)

    ladders.turn(order.pk, Kind.BALANCE, stop=True)

    assert not balances._tell(order.pk)


def test_only_reminders_say_how_to_stop_them():
    order = deposit_paid()
    for days in (7, 2, -2):
        set_due(order, in_days=days)
        balances.remind_due()

    mails = order.messages.filter(kind="balance_due").order_by("pk")
    assert reminders_of(order) == ["first", "soon", "last"]
    assert ["/reminders/" in mail.text for mail in mails] == [False, True, False]


def test_stopping_takes_back_the_reminder_but_not_the_asking():
    order = deposit_paid()
    balances.remind_due()
    set_due(order, in_days=2)
    balances.remind_due()

    ladders.turn(order.pk, Kind.BALANCE, stop=True)

    mails = order.messages.filter(kind="balance_due").order_by("pk")
    assert list(mails.values_list("state", flat=True)) == ["sent", "aborted"]


def test_paying_the_balance_takes_back_what_asks_for_it():
    order = deposit_paid()
    balances.remind_due()
    open_balance(order)

    finish(order, "pay")

    assert order.messages.get(kind="balance_due").state == Message.State.ABORTED
