"""A mail that did not arrive is told to the seller in words, with another way."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import translation

from campaigns.actors import SYSTEM
from orders.corrections import correct_contact
from orders.delays import schedule_news
from orders.mail import failures as mail_failures
from orders.models import Message
from tests.drafts import make_offer, place_order, place_paid
from tests.orders import delaying

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


# Old dates


def a_failed_mail_of_old_dates():
    """The confirmation failed; then its order was told of other days, and that too."""
    order = place_paid(make_offer())
    Message.objects.filter(order=order).update(state="failed", attempts=1)
    delaying.announce(order.batch, 14)
    schedule_news.tell_all()
    old = Message.objects.get(order=order, kind="order_confirmed")
    return order, old, Message.objects.get(order=order, kind="schedule_change")


def url_again(mail):
    return reverse("admin:orders_message_send-again", args=[mail.pk])


def test_a_mail_of_days_that_moved_is_not_sent_again_and_leads_to_the_newest(staff):
    _order, old, newest = a_failed_mail_of_old_dates()
    before = list(Message.objects.values())

    shown, refused = staff.get(url_again(old)), staff.post(url_again(old))

    assert list(Message.objects.values()) == before
    assert (shown.status_code, refused.status_code) == (200, 409)
    link = reverse("admin:orders_message_change", args=[newest.pk])
    for page in (shown.content.decode(), refused.content.decode()):
        assert "It tells days that the order is not promised any more." in page
        assert f'<a href="{link}">The newest mail of the order</a>' in page
        assert 'value="Send again"' not in page


def test_the_newest_mail_may_be_sent_again(staff):
    _order, _old, newest = a_failed_mail_of_old_dates()
    Message.objects.filter(pk=newest.pk).update(state="failed", attempts=1)

    staff.post(url_again(newest))

    assert Message.objects.get(pk=newest.pk).state == "queued"


def test_without_a_newer_mail_the_order_is_what_to_look_at(staff):
    order, old, newest = a_failed_mail_of_old_dates()
    Message.objects.exclude(pk=old.pk).delete()

    page = staff.post(url_again(old)).content.decode()

    link = reverse("admin:orders_order_change", args=[order.pk])
    assert f'<a href="{link}">{order.number}</a></li>' in page
    assert Message.objects.get(pk=old.pk).state == "failed"


def test_a_mail_that_tells_no_days_is_sent_again_whatever_moved(staff):
    _order, old, _newest = a_failed_mail_of_old_dates()
    Message.objects.filter(pk=old.pk).update(kind="refund_sent")

    staff.post(url_again(old))

    assert Message.objects.get(pk=old.pk).state == "queued"


def test_a_mail_of_the_batch_left_is_not_sent_again(staff):
    batch = make_offer()
    order = place_paid(batch)
    Message.objects.filter(order=order).update(state="failed", attempts=1)
    old = Message.objects.get(order=order, kind="order_confirmed")
    order.record("moved", actor=SYSTEM)

    assert staff.post(url_again(old)).status_code == 409

    assert Message.objects.get(pk=old.pk).state == "failed"


def correct_address(order):
    correct_contact(order.pk, email="ani@baru.example", phone=order.phone, actor=SYSTEM)


@pytest.mark.parametrize("kind", ["batch_confirmed", "order_link"])
def test_a_corrected_address_gets_no_failed_mail_of_old_days(kind):
    order, old, newest = a_failed_mail_of_old_dates()
    Message.objects.filter(pk=old.pk).update(kind=kind)
    Message.objects.filter(pk=newest.pk).update(state="failed", attempts=1)

    correct_address(order)

    assert Message.objects.get(pk=old.pk).state == "aborted"
    assert Message.objects.get(pk=newest.pk).state == "queued"
    assert order.messages.filter(kind="order_link", state="queued").count() == 1


@pytest.mark.parametrize(("state", "after"), [("failed", "aborted"), ("sent", "sent")])
def test_nor_the_latest_while_other_days_are_about_to_be_told(state, after):
    order = place_paid(make_offer())
    Message.objects.filter(order=order).update(state=state, attempts=1)
    delaying.announce(order.batch, 14)

    correct_address(order)

    placed = order.messages.filter(kind="order_confirmed")
    assert list(placed.values_list("state", flat=True)) == [after]
    schedule_news.tell_all()
    told = order.messages.filter(to="ani@baru.example", state="queued")
    assert list(told.order_by("pk").values_list("kind", flat=True)) == [
        "order_link",
        "schedule_change",
    ]


def test_whatsapp_brings_no_old_days_either(staff):
    order, _old, newest = a_failed_mail_of_old_dates()

    assert "wa.me" not in page_of(staff, Message.objects.get(kind="order_confirmed"))

    Message.objects.filter(pk=newest.pk).update(state="failed", attempts=1)
    assert "wa.me" in page_of(staff, newest)
