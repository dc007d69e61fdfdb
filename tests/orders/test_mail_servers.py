"""The shop against a real mail server on loopback that misbehaves on purpose."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from campaigns.clock import database_now
from orders.mail import claims as mail_claims
from orders.mail import outbox
from orders.mail import trouble as mail_trouble
from orders.models import MailTrouble, Message
from tests.doubles.smtp import Smtp
from tests.orders.mailbox import (
    connect,
    make_all_due,
    make_message,
    make_messages,
    states,
)
from tests.web import free_port

pytestmark = pytest.mark.django_db

ANI, BUDI = "ani@example.com", "budi@example.com"


@pytest.fixture
def server(settings) -> Iterator[Smtp]:
    with Smtp().running() as running:
        connect(settings, running)
        yield running


def test_many_mails_leave_over_one_connection(server):
    make_messages(45)

    assert outbox.deliver_due() == 45

    assert server.sessions == 1
    assert states() == {"sent": 45}
    assert set(server.copies().values()) == {1}


def test_a_server_that_hangs_up_now_and_then_gets_each_mail_once(server):
    server.mails_per_session = 2
    make_messages(7)

    assert outbox.deliver_due() == 7

    assert server.sessions == 4
    assert set(server.copies().values()) == {1}
    assert set(Message.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_the_mail_carries_its_headers(server):
    url = "http://127.0.0.1:8000/unsubscribe/x/"
    message = make_message(unsubscribe_url=url)
    make_message(to=BUDI)

    outbox.deliver_due()

    news, order = (arrived.mail for arrived in server.arrived)
    assert news["Message-ID"] == message.message_id
    assert news["Auto-Submitted"] == "auto-generated"
    assert news["List-Unsubscribe"] == f"<{url}>"
    assert news["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert order["List-Unsubscribe"] is order["List-Unsubscribe-Post"] is None


def test_one_address_refused_for_ever_stops_no_other(server):
    server.script[ANI] = ["!550 5.1.1 no such user"]
    bad = make_message(to=ANI)
    make_message(to=BUDI)

    assert outbox.deliver_due() == 1

    bad.refresh_from_db()
    assert (bad.state, bad.attempts) == ("failed", 1)
    assert "550" in bad.smtp_answer
    assert "no such user" in bad.smtp_answer
    assert server.recipients() == [BUDI]
    assert server.sessions == 1


def test_a_greylisted_address_is_tried_again_as_the_same_mail(server):
    server.script[ANI] = ["450 greylisted"]
    message = make_message(to=ANI)

    assert outbox.deliver_due() == 0
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("queued", 1)
    assert message.next_attempt_at > database_now() + timedelta(seconds=50)
    make_all_due()
    assert outbox.deliver_due() == 1

    assert server.copies() == {message.message_id: 1}


@pytest.mark.parametrize(
    ("answer", "state"), [("452 full for now", "queued"), ("552 too big", "failed")]
)
def test_a_mail_refused_after_its_data_stops_no_other(server, answer, state):
    server.data_script = [answer]
    make_messages(2)

    assert outbox.deliver_due() == 1

    assert states() == {state: 1, "sent": 1}


@pytest.mark.parametrize("fault", ["421", "drop before data", "drop before answer"])
def test_after_a_fault_the_line_is_opened_again_and_nothing_is_lost(server, fault):
    server.faults = [fault]
    make_messages(3)

    assert outbox.deliver_due() == 2
    make_all_due()
    assert outbox.deliver_due() == 1

    assert states() == {"sent": 3}
    assert sorted(server.copies().values()) == [1, 1, 1]
    assert not MailTrouble.objects.exists()


def test_a_mail_taken_without_an_answer_comes_again_as_the_same_mail(server):
    server.faults = ["drop after answer lost"]
    message = make_message()

    assert outbox.deliver_due() == 0
    make_all_due()
    assert outbox.deliver_due() == 1

    assert server.copies() == {message.message_id: 2}


def test_a_server_that_is_away_ends_the_round_after_a_few(settings, caplog):
    connect(settings, Smtp(port=free_port()))
    make_messages(50)

    assert [outbox.deliver_due(), outbox.deliver_due()] == [0, 0]

    tried = Message.objects.filter(attempts=1)
    assert (tried.count(), states()) == (4, {"queued": 50})
    assert MailTrouble.objects.get().kind == "away"
    alerts = [r for r in caplog.records if r.levelname == "ERROR"]
    assert [r.name for r in alerts] == ["orders.mail.trouble"]


def test_when_the_server_is_back_nothing_waits_for_its_pause(settings):
    connect(settings, Smtp(port=free_port()))
    make_messages(6)
    outbox.deliver_due()
    outbox.deliver_due()

    with Smtp().running() as server:
        connect(settings, server)
        assert outbox.deliver_due() == 6

    assert states() == {"sent": 6}
    assert not MailTrouble.objects.exists()


def test_a_server_that_stays_away_costs_no_mail_its_last_attempt(settings):
    connect(settings, Smtp(port=free_port()))
    message = make_message()

    for _n in range(mail_claims.MOST_ATTEMPTS + 3):
        outbox.deliver_due()
        make_all_due()

    message.refresh_from_db()
    assert (message.state, message.attempts) == ("queued", len(mail_claims.BACKOFF))


def test_a_wrong_password_makes_all_wait_and_tells_once(server, settings, caplog):
    server.password = "another"
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "toko", "wrong"
    make_messages(30)

    assert [outbox.deliver_due() for _n in range(3)] == [0, 0, 0]

    assert states() == {"queued": 30}
    assert Message.objects.filter(attempts__gt=0).count() == 3
    trouble = MailTrouble.objects.get()
    assert (trouble.kind, "wrong password" in trouble.words) == ("locked_out", True)
    assert len([r for r in caplog.records if r.levelname == "ERROR"]) == 1


def test_a_refused_sender_makes_all_wait(server):
    server.refused_sender = "553 not your address"
    make_messages(30)

    assert outbox.deliver_due() == 0

    assert states() == {"queued": 30}
    assert MailTrouble.objects.get().kind == "locked_out"
    assert [outbox.take_a_turn(), server.sessions] == [0, 1]


def test_a_server_that_hangs_costs_one_timeout_and_then_a_rest(server, settings):
    settings.EMAIL_TIMEOUT = 0.2
    server.faults = ["hang"]
    make_messages(5)

    assert [outbox.take_a_turn(), outbox.take_a_turn()] == [0, 0]

    assert MailTrouble.objects.get().kind == "hangs"
    assert server.sessions == 1
    MailTrouble.objects.update(seen_at=database_now() - mail_trouble.REST)
    assert outbox.take_a_turn() == 5


def test_a_line_that_hangs_amid_a_mail_is_given_up(server, settings):
    settings.EMAIL_TIMEOUT = 0.2
    server.faults = ["hang in data"]
    make_messages(3)

    assert outbox.deliver_due() == 2

    assert states() == {"queued": 1, "sent": 2}


def test_the_doctor_names_what_keeps_mail_from_leaving(server, settings, capsys):
    settings.DEBUG = True
    server.refused_sender = "553 not your address"
    make_message()
    outbox.deliver_due()

    with pytest.raises(CommandError):
        call_command("doctor")

    assert "553 not your address" in capsys.readouterr().out
