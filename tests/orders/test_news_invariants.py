"""Each check on questions and asked news finds the row that breaks it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Question
from orders.models import Message, OrderEvent
from orders.news.invariants import INVARIANTS
from orders.questions import lifecycle as question_lifecycle
from tests import invariants
from tests.drafts import make_offer, place_order
from tests.factories import make_campaign

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def broken():
    lines = [line for each in INVARIANTS for line in each.violations()]
    assert len(invariants.broken(INVARIANTS)) == len(lines)
    return lines


def make_question(**columns):
    values = {"campaign": make_campaign(), "email": "a@x.id", "text": "Is it blue?"}
    return Question.objects.create(**values | columns)


def make_waiting(**columns):
    return make_question(state="waiting", confirmed_at=timezone.now(), **columns)


def test_a_shop_at_work_breaks_none():
    make_question(origin="x")
    question_lifecycle.answer(make_waiting(), text="Yes.", user=None)
    question_lifecycle.decline(make_waiting(), user=None)
    order = place_order(make_offer())
    for since in ("2027-01-01", "2027-03-01"):
        OrderEvent.objects.create(
            order=order, kind="news_asked", actor="buyer", data={"since": since}
        )

    assert broken() == []


def test_a_question_nobody_confirmed_is_found():
    old = timezone.now() - timedelta(days=8, minutes=1)
    question = make_question(asked_at=old)

    assert broken() == [f"question {question.pk}: never confirmed, asked {old}"]


def test_an_address_that_is_still_known_is_found():
    question = make_waiting(network="digest")

    said = f"question {question.pk}: confirmed, and its address is still known"
    assert broken() == [said]


def test_an_asker_nobody_answered_is_found():
    question = make_waiting()
    question_lifecycle.decline(question, user=None)
    Message.objects.all().delete()

    assert broken() == [f"question {question.pk}: declined, its asker was not told"]


def test_news_asked_twice_in_one_silence_is_found():
    order = place_order(make_offer())
    for _n in range(2):
        OrderEvent.objects.create(
            order=order, kind="news_asked", actor="buyer", data={"since": "then"}
        )

    assert broken() == [f"order {order.pk}: asked 2 times for news since then"]
