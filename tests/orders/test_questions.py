"""Questions: asked by anyone, confirmed by mail, answered once and in public."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from campaigns.clock import database_now
from campaigns.errors import InvalidTransition
from campaigns.models import Question
from orders import sweep
from orders.mail import html as mail_html
from orders.models import Message
from orders.questions import lifecycle as question_lifecycle
from tests.factories import make_campaign, make_seller, make_variant

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ATTACK = "<script>alert(1)</script> [x](javascript:y) https://evil.example \u202eabc"


@pytest.fixture
def campaign():
    cache.clear()
    seller = make_seller(name="Nila", time_zone="Asia/Jayapura")
    made = make_campaign(slug="kaos", title="Kaos; Kawung", seller=seller, lang="id")
    make_variant(campaign=made)
    return made


@pytest.fixture
def staff():
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


def ask(client, language="en", **changed):
    asked = {"text": "Is it cotton?", "email": "ani@example.com"}
    return client.post(f"/{language}/c/kaos/questions/", asked | changed)


def link_of(question):
    text = Message.objects.filter(kind="question_confirm").latest("pk").text
    found = re.search(r"https?://[^\s/]+(/\S+)", text)
    assert found
    assert question.token in found.group(1)
    return found.group(1)


def make_question(campaign, **columns):
    """Waiting, unless told otherwise."""
    values = {
        "campaign": campaign,
        "text": "Is it cotton?",
        "email": "ani@example.com",
        "locale": "en",
        "state": "waiting",
        "confirmed_at": timezone.now(),
    }
    return Question.objects.create(**values | columns)


def rows():
    return list(Question.objects.values()), list(Message.objects.values())


# Asking


def test_a_question_is_confirmed_by_the_link_and_answered_for_everybody(
    client, staff, campaign
):
    asked = ask(client, "id")
    question = Question.objects.get()
    assert (asked.status_code, question.state) == (200, "unconfirmed")
    assert question.token not in asked.content.decode()
    link = link_of(question)

    looked = client.get(link)
    question.refresh_from_db()
    assert (looked.status_code, question.state) == (200, "unconfirmed")
    assert looked["X-Robots-Tag"] == "noindex, nofollow"
    assert "private" in looked["Cache-Control"]

    assert client.post(link)["Location"] == link
    assert client.post(link).status_code == 303
    question.refresh_from_db()
    assert (question.state, question.origin, question.network) == ("waiting", "", "")
    assert link.startswith("/id/c/kaos/questions/")

    page = f"/admin/campaigns/question/{question.pk}/answer/"
    assert staff.post(page, {"answer": "Yes.\r\nAll of it."}).status_code == 302
    public = Client().get("/en/c/kaos/").content.decode()
    assert "Is it cotton?" in public
    assert "Yes.<br>All of it." in public
    assert "ani@example.com" not in public
    told = Message.objects.get(kind="question_answered")
    assert (told.to, told.locale) == ("ani@example.com", "id")
    assert "Yes. All of it." in told.text
    assert "/id/c/kaos/questions/" in told.text


def test_the_first_mail_repeats_no_word_of_a_stranger(client, campaign):
    ask(client, text="Buy at https://evil.example")

    mail = Message.objects.get()
    assert "evil" not in mail.text
    assert "Is it" not in mail.text
    assert mail.subject == "Confirm your question – Kaos; Kawung"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"text": " \u202e\n "}, "Write your question."),
        ({"text": "x" * 1001}, "At most 1000 letters."),
        ({"email": ""}, "Write an e-mail address."),
        ({"email": "ani@"}, "Write an e-mail address like"),
        ({"email": '"a\x00b"@example.com'}, "Write an e-mail address like"),
        ({"email": "a@x.id\nBcc: b@x.id"}, "Write an e-mail address like"),
    ],
)
def test_bad_input_is_said_and_nothing_is_stored(client, campaign, changed, words):
    response = ask(client, **changed)

    html = response.content.decode()
    assert response.status_code == 422
    assert words in html
    assert "<title>Error: " in html
    assert rows() == ([], [])


def test_length_is_counted_as_it_is_seen(client, campaign):
    response = ask(client, text="é" * 499 + "\r\n" + "x" * 500)

    assert response.status_code == 200
    assert len(Question.objects.get().text) == 1000


def test_the_same_words_again_are_one_question(client, campaign):
    first = ask(client)
    second = ask(client, email="ANI+shop@example.com")

    assert first.content == second.content
    assert (Question.objects.count(), Message.objects.count()) == (1, 1)


def test_a_mailbox_that_asked_enough_gets_the_same_answer_and_no_mail(client, campaign):
    answers = [ask(client, text=f"Question {n}?").content for n in range(5)]

    assert len(set(answers)) == 1
    assert Question.objects.count() == question_lifecycle.PER_MAILBOX
    assert Message.objects.count() == question_lifecycle.PER_MAILBOX


@pytest.mark.parametrize(
    ("limit", "address"), [("PER_ADDRESS", "10.0.0.1"), ("PER_NETWORK", "10.0.0.9")]
)
def test_a_flood_is_refused_by_address_and_network(
    client, campaign, monkeypatch, settings, limit, address
):
    settings.RATE_LIMITS = True
    monkeypatch.setattr(question_lifecycle, limit, 2)
    for n in range(2):
        ask(client, email=f"a{n}@example.com")
    Question.objects.update(origin="", network="")
    for n in range(2):
        there = {"REMOTE_ADDR": address if limit == "PER_ADDRESS" else f"10.0.0.{n}"}
        client.post(
            "/en/c/kaos/questions/", {"text": "x", "email": f"b{n}@x.id"}, **there
        )
    before = rows()

    refused = client.post(
        "/en/c/kaos/questions/", {"text": "x", "email": "c@x.id"}, REMOTE_ADDR=address
    )

    assert (refused.status_code, refused["Retry-After"]) == (429, "600")
    assert rows() == before
    assert ask(client, email="elsewhere@example.com").status_code == 200


def test_a_flood_is_refused_by_campaign(client, campaign, monkeypatch):
    monkeypatch.setattr(question_lifecycle, "PER_CAMPAIGN", 1)
    ask(client)

    assert ask(client, email="b@example.com").status_code == 429
    Question.objects.update(asked_at=database_now() - timedelta(days=1, minutes=1))
    assert ask(client, email="b@example.com").status_code == 200


def test_unknown_campaigns_and_links_do_not_exist(client, campaign):
    make_campaign(slug="hidden", published_at=None)
    question = make_question(campaign)

    for path in (
        "/en/c/hidden/questions/",
        "/en/c/none/questions/",
        f"/en/c/hidden/questions/{question.token}/",
        "/en/c/kaos/questions/nonsense/",
        "/en/c/kaos/questions/%00/",
    ):
        assert client.get(path).status_code == 404, path
        assert client.post(path).status_code == 404, path


def test_what_nobody_confirmed_is_gone_after_a_week(campaign):
    week = database_now() - Question.TIME_TO_CONFIRM
    old = {"state": "unconfirmed", "confirmed_at": None}
    make_question(campaign, **old, asked_at=week - timedelta(minutes=1))
    young = make_question(campaign, **old, asked_at=week + timedelta(minutes=1))
    waiting = make_question(campaign, asked_at=week - timedelta(days=30))

    steps = dict(sweep.STEPS)
    assert steps["questions nobody confirmed"]() == 1
    assert set(Question.objects.all()) == {young, waiting}


# Answering


def test_an_answer_is_final(staff, campaign):
    question = make_question(campaign)
    stale = Question.objects.get()
    question_lifecycle.answer(question, text="Yes.", user=None)

    before = rows()
    with pytest.raises(InvalidTransition):
        question_lifecycle.answer(stale, text="No.", user=None)
    with pytest.raises(InvalidTransition):
        question_lifecycle.decline(stale, user=None)
    page = f"/admin/campaigns/question/{question.pk}/"
    assert staff.post(f"{page}answer/", {"answer": "No."}).status_code == 302
    assert staff.post(f"{page}decline/").status_code == 302
    assert rows() == before


def test_a_declined_question_is_not_shown_and_its_asker_is_told(
    client, staff, campaign
):
    question = make_question(campaign, text="Where is my order 12?")

    staff.post(f"/admin/campaigns/question/{question.pk}/decline/")

    assert "Where is my order" not in client.get("/en/c/kaos/").content.decode()
    mail = Message.objects.get()
    assert mail.subject == "Your question is not published – Kaos; Kawung"
    assert "does not answer it in public" in mail.text


def test_the_admin_does_not_show_what_nobody_confirmed(staff, campaign):
    question = make_question(campaign, state="unconfirmed", confirmed_at=None)
    page = f"/admin/campaigns/question/{question.pk}/"

    assert staff.get(f"{page}answer/").status_code == 404
    assert (
        "Is it cotton?" not in staff.get("/admin/campaigns/question/").content.decode()
    )


def test_an_empty_or_long_answer_is_refused(staff, campaign):
    question = make_question(campaign)
    before = rows()

    for answer in ("", " \u200e ", "x" * 2001):
        page = f"/admin/campaigns/question/{question.pk}/answer/"
        assert staff.post(page, {"answer": answer}).status_code == 409
    assert rows() == before


def test_scripts_links_and_hidden_letters_stay_letters(client, campaign):
    ask(client, text=ATTACK)
    question = Question.objects.get()
    question.confirm()
    question_lifecycle.answer(question, text=question.text, user=None)

    pages = [
        client.get(f"/en/c/kaos/{page}").content.decode() for page in ("", "questions/")
    ]
    mail = mail_html.html_of(Message.objects.get(kind="question_answered"))
    for html in (*pages, mail):
        assert "&lt;script&gt;alert(1)" in html
        assert 'href="https://evil' not in html
        assert 'href="javascript' not in html
        assert "\u202e" not in html


def test_newest_answers_come_first_and_older_ones_on_further_pages(client, campaign):
    for n in range(23):
        make_question(
            campaign,
            text=f"Number {n:02}?",
            state="answered",
            answer="Yes.",
            settled_at=timezone.now() + timedelta(minutes=n),
        )

    def shown(path):
        return re.findall(r"Number (\d\d)", client.get(path).content.decode())

    assert shown("/en/c/kaos/") == ["22", "21", "20"]
    assert shown("/en/c/kaos/questions/")[:2] == ["22", "21"]
    assert shown("/en/c/kaos/questions/?page=2") == ["02", "01", "00"]
    assert shown("/en/c/kaos/questions/?page=x")[0] == "22"


def test_the_day_of_an_answer_is_the_sellers(client, campaign):
    late = timezone.now().replace(year=2028, month=2, day=28, hour=15, minute=30)
    make_question(campaign, state="answered", answer="Yes.", settled_at=late)

    assert "29 Februari 2028</time>" in client.get("/id/c/kaos/").content.decode()


def test_what_waits_stands_on_the_desk(staff, campaign):
    make_question(campaign)
    make_question(campaign, state="unconfirmed", confirmed_at=None)

    html = staff.get("/admin/", headers={"accept-language": "en"}).content.decode()
    url = "/admin/campaigns/question/?state__exact=waiting"
    assert f'<a href="{url}"><strong>1</strong> Question waiting</a>' in html


def test_the_page_takes_a_fixed_number_of_queries(
    client, campaign, django_assert_num_queries
):
    for _n in range(5):
        make_question(campaign, state="answered", answer="A", settled_at=timezone.now())

    with django_assert_num_queries(3):
        client.get("/en/c/kaos/questions/")
