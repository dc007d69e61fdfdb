"""A mail that did not arrive is told to the seller in words, with another way."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import translation

from campaigns.actors import SYSTEM
from orders.corrections import correct_contact
from orders.mail import failures as mail_failures
from orders.models import Message
from tests.drafts import make_offer, place_order

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ANSWER = "550 5.1.1 no such user"
LIST = "admin:orders_message_changelist"


@pytest.fixture
def staff(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(User.objects.create_superuser("admin"))
    return client


def a_failed_mail():
    order = place_order(make_offer())
    Message.objects.update(state="failed", attempts=1, smtp_answer=ANSWER)
    return order, Message.objects.latest("pk")


def page_of(client, row):
    url = reverse(f"admin:orders_{row._meta.model_name}_change", args=[row.pk])
    return client.get(url).content.decode()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (ANSWER, "does not exist"),
        ("552 5.2.2 quota", "mailbox is full"),
        ("554 5.7.1 spam", "by its rules"),
        ("550 5.7.26 unauthenticated", "by its rules"),
        ("451 later", "put it off"),
        ("bounced: smtp; 550 5.1.1 gone", "does not exist"),
        ("bounced: blocked", "came back"),
        ("ValueError: bad header", "cannot be written"),
        ("given up", "several times"),
        ("", "several times"),
    ],
)
def test_the_servers_words_are_told_in_plain_ones(answer, words):
    with translation.override("en"):
        assert words in mail_failures.reason(answer)


def test_the_order_shows_what_failed_and_what_to_do(staff):
    order, mail = a_failed_mail()

    page = page_of(staff, order)

    assert ANSWER in page
    assert "does not exist" in page
    assert reverse("admin:orders_message_send-again", args=[mail.pk]) in page
    assert f"https://wa.me/{order.phone.lstrip('+')}?text=" in page


def test_the_messages_show_it_too_at_the_same_cost(staff, django_assert_num_queries):
    a_failed_mail()
    staff.get(reverse(LIST))

    with django_assert_num_queries(8):
        page = staff.get(reverse(LIST)).content.decode()
    a_failed_mail()
    with django_assert_num_queries(8):
        staff.get(reverse(LIST))

    assert "does not exist" in page
    assert "https://wa.me/" in page


def test_whatsapp_is_filled_with_the_news_in_short(staff):
    order, mail = a_failed_mail()
    mail.text = f"Halo Ani,\n\n{'kata ' * 200}\n\nhttp://127.0.0.1:8000/o/x/\n"

    text = parse_qs(urlsplit(mail_failures.chat_url(mail)).query)["text"][0]

    assert text.startswith("Halo Ani,")
    assert text.endswith("http://127.0.0.1:8000/o/x/")
    assert len(text) < 600


def test_without_a_phone_or_an_order_there_is_no_chat():
    order, mail = a_failed_mail()
    mail.order.phone = ""
    assert mail_failures.chat_url(mail) == ""
    mail.order = None
    assert mail_failures.chat_url(mail) == ""


def test_what_arrived_has_no_trouble(staff):
    order = place_order(make_offer())

    page = page_of(staff, order)

    assert mail_failures.trouble_of(Message.objects.get()) is None
    assert "send-again" not in page


def test_a_corrected_address_gets_the_failed_mail(mailoutbox):
    order, mail = a_failed_mail()

    correct_contact(order.pk, email="ani@baru.example", phone=order.phone, actor=SYSTEM)

    mail.refresh_from_db()
    assert (mail.state, mail.to, mail.attempts) == ("queued", "ani@baru.example", 0)
