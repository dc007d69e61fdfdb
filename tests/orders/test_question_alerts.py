"""A seller hears of questions that wait: once a day, and only of new ones."""

from datetime import timedelta

import pytest

from campaigns.clock import Clock, database_now
from campaigns.models import Question, Seller
from orders import daily_alerts
from orders.models import Message
from orders.questions import alerts as question_alerts
from tests.factories import make_campaign, make_seller

pytestmark = [pytest.mark.django_db, pytest.mark.once]

DAY = timedelta(days=1)


@pytest.fixture
def campaign():
    return make_campaign(title="Kaos", lang="en", seller=make_seller(name="Nila"))


def ask(campaign, n=1, **columns):
    values = {"text": "Is it cotton?", "email": "ani@example.com", "state": "waiting"}
    at = {} if columns.get("state") == "unconfirmed" else {"confirmed_at": Clock()}
    for _question in range(n):
        Question.objects.create(campaign=campaign, **values | at | columns)


def a_day_passes(seller):
    """The last mail becomes yesterday's, and what was asked is as old."""
    now = database_now()
    yesterday = now.astimezone(seller.zone).date() - DAY
    key = daily_alerts.key_of_day(question_alerts.WORDS, seller, yesterday)
    Message.objects.update(dedupe_key=key, created_at=now - DAY)
    Question.objects.update(confirmed_at=now - DAY - timedelta(hours=1))


def test_one_mail_counts_what_waits_in_each_campaign(campaign):
    other = make_campaign(title="Celana", seller=campaign.seller)
    ask(campaign, 2)
    ask(other)

    assert [question_alerts.tell_sellers(), question_alerts.tell_sellers()] == [1, 0]

    told = Message.objects.get()
    assert (told.kind, told.to) == ("seller_alert", campaign.seller.email)
    assert told.subject == "3 questions wait for your answer"
    assert "- Kaos: 2\n- Celana: 1\n" in told.text
    assert "/admin/campaigns/question/?state__exact=waiting" in told.text
    assert "cotton" not in told.text
    assert "ani@" not in told.text


def test_each_seller_hears_of_their_own(campaign):
    ask(campaign)
    ask(make_campaign(title="Tas", lang="id"))

    assert question_alerts.tell_sellers() == 2

    assert set(Message.objects.values_list("to", "locale")) == {
        (campaign.seller.email, "en"),
        (Seller.objects.latest("pk").email, "id"),
    }


def test_later_on_the_same_day_nothing_more_is_mailed(campaign):
    ask(campaign)
    question_alerts.tell_sellers()

    ask(campaign)

    assert question_alerts.tell_sellers() == 0


def test_the_next_day_only_new_ones_are_worth_a_mail(campaign):
    ask(campaign)
    question_alerts.tell_sellers()
    a_day_passes(campaign.seller)
    assert question_alerts.tell_sellers() == 0

    ask(campaign)

    assert question_alerts.tell_sellers() == 1
    assert Message.objects.latest("pk").subject == "2 questions wait for your answer"


def test_what_came_after_the_mail_is_told_even_after_days_without_a_round(campaign):
    ask(campaign)
    question_alerts.tell_sellers()
    a_day_passes(campaign.seller)
    ask(campaign)
    five_days = timedelta(days=5)
    for question in Question.objects.all():
        moved = question.confirmed_at - five_days
        Question.objects.filter(pk=question.pk).update(confirmed_at=moved)
    Message.objects.update(created_at=database_now() - five_days - DAY)

    assert question_alerts.tell_sellers() == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"state": "unconfirmed"},
        {"state": "answered", "answer": "Yes.", "settled_at": Clock()},
        {"state": "declined", "settled_at": Clock()},
    ],
    ids=lambda columns: columns["state"],
)
def test_what_nobody_confirmed_and_what_is_settled_is_told_to_nobody(campaign, columns):
    ask(campaign, **columns)

    assert question_alerts.tell_sellers() == 0

    assert not Message.objects.exists()


def test_a_seller_without_an_address_is_left_alone(campaign):
    Seller.objects.update(email="")
    ask(campaign)

    assert question_alerts.tell_sellers() == 0


def test_any_number_costs_the_same(campaign, django_assert_num_queries):
    ask(campaign, 3)
    question_alerts.tell_sellers()
    ask(campaign, 40)

    with django_assert_num_queries(4):
        question_alerts.tell_sellers()
