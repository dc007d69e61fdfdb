"""Two of the staff answer one question at once; a buyer asks for news many times."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from campaigns.models import Batch, Question
from orders.models import Message, Order, OrderEvent
from orders.news import asking as asking_for_news
from orders.news.asking import Silence
from orders.questions import lifecycle as question_lifecycle
from tests.concurrency.racing import assert_invariants, race
from tests.drafts import make_offer, place_paid
from tests.factories import make_campaign

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = 8


def make_waiting():
    return Question.objects.create(
        campaign=make_campaign(),
        email="ani@example.com",
        text="Is it cotton?",
        state="waiting",
        confirmed_at=timezone.now(),
    )


def answer(question_id, text):
    """As a page that was opened before anybody answered."""
    question = Question.objects.get(pk=question_id)
    question.state = "waiting"
    question_lifecycle.answer(question, text=text, user=None)


def test_one_answer_wins_and_is_the_one_that_was_mailed():
    pk = make_waiting().pk

    outcomes = race([partial(answer, pk, f"Answer {n}.") for n in range(STAFF)])

    assert outcomes == {"ok": 1, "InvalidTransition": STAFF - 1}
    [mail] = Message.objects.all()
    assert Question.objects.get().answer in mail.text
    assert_invariants()


def test_control_without_compare_and_set_the_public_reads_another_answer(monkeypatch):
    def overwrite(self, target, **columns):
        Question.objects.filter(pk=self.pk).update(state=target, **columns)
        self.refresh_from_db()

    monkeypatch.setattr(Question, "_move_to", overwrite)
    pk = make_waiting().pk

    outcomes = race([partial(answer, pk, f"Answer {n}.") for n in range(STAFF)])

    assert outcomes == {"ok": STAFF}
    [mail] = Message.objects.all()
    assert Question.objects.get().answer not in mail.text


def silent_order():
    order = place_paid(make_offer())
    long_ago = timezone.now() - timedelta(days=40)
    before = long_ago - timedelta(days=1)
    closed = {"opens_at": before, "closes_at": long_ago, "closed_at": long_ago}
    Batch.objects.update(stage="closed", **closed)
    Order.objects.update(confirmed_at=long_ago, placed_at=before)
    return order


def test_a_buyer_who_presses_many_times_asks_once():
    order = silent_order()

    outcomes = race([partial(asking_for_news.ask, order.pk)] * STAFF)

    assert outcomes == {"ok": STAFF}
    assert OrderEvent.objects.filter(kind="news_asked").count() == 1


def test_control_without_the_second_look_each_press_asks(monkeypatch):
    order = silent_order()
    seen = Silence.of(Order.objects.select_related("batch").get(), timezone.now())
    monkeypatch.setattr(Silence, "of", lambda *_order: seen)

    race([partial(asking_for_news.ask, order.pk)] * STAFF)

    assert OrderEvent.objects.filter(kind="news_asked").count() == STAFF
