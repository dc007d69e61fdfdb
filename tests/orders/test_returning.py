"""Late money brings an order back: no later window is taken without a question."""

from datetime import timedelta

import pytest
from django.db.models import QuerySet

from campaigns.clock import database_now
from campaigns.models import Allotment, Batch, ScheduleChange
from orders.decisions import settling
from orders.delays import answers as delay_answers
from orders.delays import schedule_news
from orders.models import Decision, Order
from tests.concurrency.racing import assert_invariants
from tests.drafts import end_hold, finish, make_offer, place_order, sums_of
from tests.orders.delaying import (
    CANCEL,
    WAIT,
    announce,
    answer,
    answer_by_passes,
    delay,
    question_of,
    send,
)

pytestmark = pytest.mark.django_db

State = Decision.State
WEEK = timedelta(days=7)


def asked_and_expired(days=14):
    """Not paid, asked about a delay, and over before its buyer answered."""
    batch = make_offer()
    order = place_order(batch)
    delay(batch, days)
    end_hold(order)
    return order


def too_late(order):
    """Its time to answer passes, and the question is taken back."""
    answer_by_passes(question_of(order))
    moved = Order.objects.get(pk=order.pk).expired_at - timedelta(days=8)
    Order.objects.filter(pk=order.pk).update(expired_at=moved)
    assert settling.withdraw_pointless() == 1


def questions_of(order):
    mails = order.messages.filter(kind="schedule_change").order_by("pk")
    return list(mails.values_list("state", flat=True))


def time_left(decision):
    return decision.answer_by - database_now()


def test_who_pays_after_the_hour_is_asked_anew_with_a_week_to_answer():
    order = asked_and_expired()
    too_late(order)

    finish(order, "pay_late")

    decision = question_of(order)
    assert (order.status, decision.state) == ("confirmed", State.OPEN)
    assert (decision.silence, decision.settled_at) == (WAIT, None)
    assert WEEK - timedelta(minutes=5) < time_left(decision) <= WEEK
    assert questions_of(order) == ["sent", "queued"]
    assert f"/decision/{decision.pk}/" in order.messages.latest("pk").text
    assert_invariants()


def test_silence_about_it_counts_only_after_the_new_hour():
    order = asked_and_expired(days=40)
    too_late(order)
    finish(order, "pay_late")
    send()

    assert delay_answers.lapse_due() == 0

    answer_by_passes(question_of(order))
    assert delay_answers.lapse_due() == 1
    assert sums_of(order)[0] == "canceled"
    assert sums_of(order)[3] == 0


def test_with_hours_left_there_is_a_week_again():
    order = asked_and_expired()
    soon = database_now() + timedelta(hours=3)
    Decision.objects.update(answer_by=soon)

    finish(order, "pay_late")

    assert question_of(order).is_open
    assert time_left(question_of(order)) > timedelta(days=6)
    assert questions_of(order) == ["sent", "queued"]


def test_with_days_left_the_question_stays_as_it_was_asked():
    order = asked_and_expired()
    before = question_of(order).answer_by

    finish(order, "pay_late")

    assert (question_of(order).state, question_of(order).answer_by) == (
        State.OPEN,
        before,
    )
    assert questions_of(order) == ["sent"]


def test_what_was_announced_meanwhile_is_told_and_asked_at_once():
    batch = make_offer()
    order = place_order(batch)
    end_hold(order)
    change = announce(batch, 14)
    soon = database_now() + timedelta(hours=3)
    QuerySet(ScheduleChange).filter(pk=change.pk).update(answer_by=soon)
    assert schedule_news.tell_all() == 0

    finish(order, "pay_late")

    decision = question_of(order)
    assert (order.schedule_version, decision.schedule_version) == (2, 2)
    assert (decision.state, decision.silence) == (State.OPEN, WAIT)
    assert time_left(decision) > timedelta(days=6)
    assert questions_of(order) == ["queued"]
    assert schedule_news.tell_all() == 0
    assert_invariants()


def test_a_window_moved_twice_asks_about_the_last_one_only():
    batch = make_offer()
    order = place_order(batch)
    delay(batch, 7)
    end_hold(order)
    announce(batch, 7)

    finish(order, "pay_late")

    asked = Decision.objects.filter(order=order).order_by("pk")
    assert [(d.schedule_version, d.state) for d in asked] == [
        (2, State.WITHDRAWN),
        (3, State.OPEN),
    ]
    # The first question reached its buyer: this is a second delay.
    assert asked[1].silence == CANCEL
    assert_invariants()


def test_who_agreed_to_wait_is_not_asked_again():
    batch = make_offer()
    order = place_order(batch)
    delay(batch)
    answer(order, WAIT)
    end_hold(order)
    answer_by_passes(question_of(order))

    finish(order, "pay_late")

    assert (order.status, question_of(order).state) == ("confirmed", State.ANSWERED)
    assert questions_of(order) == ["sent"]


@pytest.mark.parametrize("has_news", [True, False])
def test_without_room_nobody_is_asked_and_nothing_told(has_news):
    order = asked_and_expired()
    too_late(order)
    if has_news:
        announce(order.batch, 7)
    Batch.objects.update(capacity=0)
    before = (list(Decision.objects.values()), questions_of(order))

    finish(order, "pay_late")

    assert (order.status, order.schedule_version) == ("expired", 2)
    assert (list(Decision.objects.values()), questions_of(order)) == before
    assert not order.events.filter(kind="delay_asked_again").exists()
    assert Allotment.objects.get().taken == 0


def test_money_that_is_seen_twice_asks_once():
    order = asked_and_expired()
    too_late(order)
    finish(order, "pay_late")
    before = list(Decision.objects.values())

    finish(order, "resend")

    assert list(Decision.objects.values()) == before
    assert questions_of(order) == ["sent", "queued"]
