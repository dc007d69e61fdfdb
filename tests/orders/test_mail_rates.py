"""No minute holds more mails than the provider allows, whoever sends them."""

from datetime import timedelta

import pytest
from django.core import mail

from campaigns.clock import database_now
from orders.mail import outbox
from orders.mail import rates as mail_rates
from orders.models import MailPace, Message
from tests.orders.mailbox import make_message, make_messages, states

pytestmark = pytest.mark.django_db

BULK = Message.Priority.BULK


def a_minute_passes():
    second = str(int((database_now() - timedelta(seconds=61)).timestamp()))
    for pace in MailPace.objects.all():
        MailPace.objects.filter(pk=pace.pk).update(
            seconds={second: sum(pace.seconds.values())}
        )


def test_without_a_limit_nothing_is_counted():
    make_messages(3)

    assert outbox.deliver_due() == 3

    assert not MailPace.objects.exists()


def test_a_minute_holds_no_more_than_the_rate(settings):
    settings.MAIL_RATE = 5
    make_messages(12)

    sent = [outbox.deliver_due(), outbox.deliver_due()]
    a_minute_passes()
    sent += [outbox.deliver_due()]

    assert sent == [5, 0, 5]
    assert set(Message.objects.values_list("state", "attempts")) == {
        ("sent", 1),
        ("queued", 0),
    }


def test_a_tenth_is_kept_for_answers_to_buyers(settings):
    settings.MAIL_RATE = 20
    make_messages(30, priority=BULK)

    first = outbox.deliver_due()
    make_messages(3, to="payer@example.com")
    second = outbox.deliver_due()

    assert [first, second] == [18, 2]
    assert [sent.to for sent in mail.outbox[18:]] == [["payer@example.com"]] * 2


def test_a_full_domain_holds_up_no_other(settings):
    settings.MAIL_DOMAIN_RATE = 2
    make_messages(5, to="ani@Mail.example")
    make_messages(2, to="budi@example.com")

    assert outbox.deliver_due() == 4

    assert [sent.to[0] for sent in mail.outbox] == [
        *["ani@Mail.example"] * 2,
        *["budi@example.com"] * 2,
    ]
    assert states() == {"sent": 4, "queued": 3}


def test_both_limits_hold_and_what_one_refuses_is_not_counted_by_the_other(settings):
    settings.MAIL_RATE, settings.MAIL_DOMAIN_RATE = 3, 2
    make_messages(4, to="ani@mail.example")
    make_messages(4, to="budi@example.com")

    assert outbox.deliver_due() == 3

    counted = {pace.scope: pace.used(database_now()) for pace in MailPace.objects.all()}
    assert counted == {"*": 3, "mail.example": 2, "example.com": 1}


def test_only_the_last_minute_counts(settings):
    settings.MAIL_RATE = 2
    message = make_message()
    now = int(database_now().timestamp())
    seconds = {str(now - 61): 5, str(now - 30): 1}
    MailPace.objects.create(scope="*", seconds=seconds)

    assert [mail_rates.full_for(message), mail_rates.full_for(message)] == ["", "*"]

    assert str(now - 61) not in MailPace.objects.get().seconds
