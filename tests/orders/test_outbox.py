"""At least once, never zero: leases, repeats, and answers of the mail server."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import call_command
from django.db import connection

from campaigns.clock import database_now
from orders import emails
from orders.mail import claims as mail_claims
from orders.mail import marks as mail_marks
from orders.mail import outbox
from orders.mail.claims import BACKOFF, LEASE
from orders.models import Message
from tests.drafts import make_offer, place_order
from tests.moments import is_since
from tests.orders.mailbox import make_message

pytestmark = pytest.mark.django_db

BUSY = smtplib.SMTPRecipientsRefused({"ani@example.com": (451, b"try later")})
UNKNOWN_USER = smtplib.SMTPRecipientsRefused(
    {"ani@example.com": (550, b"no such user")}
)
TOO_BIG = smtplib.SMTPDataError(552, b"too big")


class Mailer(BaseEmailBackend):
    """A mail server that answers as told, in turn, and then accepts everything."""

    answers: list[Exception] = []

    def send_messages(self, messages):
        if self.answers:
            raise self.answers.pop(0)
        mail.outbox.extend(messages)
        return len(messages)


@pytest.fixture(autouse=True)
def mailer(settings):
    settings.EMAIL_BACKEND = f"{__name__}.Mailer"
    Mailer.answers = []
    return Mailer


def make_due():
    Message.objects.update(next_attempt_at=database_now())


def state_of(message):
    message.refresh_from_db()
    return message.state, message.attempts, message.smtp_answer


def test_a_mail_is_sent_once():
    began, message = database_now(), make_message()

    assert [outbox.deliver_due(), outbox.deliver_due()] == [1, 0]

    assert len(mail.outbox) == 1
    assert state_of(message) == ("sent", 1, "ok")
    assert message.leased_until is None
    assert is_since(began, message.sent_at)


def test_a_mail_says_who_writes_and_to_which_thread_it_belongs():
    order = place_order(make_offer())

    outbox.deliver_due()

    sent, seller = mail.outbox[0], order.batch.campaign.seller
    assert sent.from_email == f"{seller.name} <toko@example.com>"
    assert (sent.to, sent.reply_to) == ([order.email], [seller.email])
    assert sent.extra_headers == {
        "Message-ID": f"<order_placed.{order.number}@127.0.0.1>",
        "Auto-Submitted": "auto-generated",
        "References": f"<order.{order.pk}@127.0.0.1>",
        "In-Reply-To": f"<order.{order.pk}@127.0.0.1>",
        "Content-Language": "id",
    }
    assert sent.cc == sent.bcc == []


def test_the_html_says_what_the_text_says_and_nothing_is_markup():
    make_message()

    outbox.deliver_due()

    sent = mail.outbox[0]
    html, kind = sent.alternatives[0]
    assert kind == "text/html"
    assert sent.body == "Halo Ani,\n\nhttp://127.0.0.1:8000/o/x/\n\n<b>&\n"
    assert 'href="http://127.0.0.1:8000/o/x/"' in html
    assert "&lt;b&gt;&amp;" in html


def test_urgent_mail_overtakes_what_waits():
    make_message(subject="bulk", priority=Message.Priority.BULK)
    make_message(subject="notice", priority=Message.Priority.NOTICE)
    make_message(subject="answer", priority=Message.Priority.BUYER_ACTION)

    outbox.deliver_due()

    assert [sent.subject for sent in mail.outbox] == ["answer", "notice", "bulk"]


def test_a_round_sends_no_more_than_its_limit():
    for _n in range(3):
        make_message()

    assert [outbox.deliver_due(limit=2), outbox.deliver_due(limit=2)] == [2, 1]


@pytest.mark.parametrize("state", ["sent", "failed", "aborted"])
def test_what_is_over_is_not_sent_again(state):
    make_message(state=state)

    assert outbox.deliver_due() == 0
    assert mail.outbox == []


def test_a_turn_ends_with_its_time_and_leaves_the_rest_untried():
    for _n in range(3):
        make_message()

    assert outbox.deliver_due(seconds=1e-9) == 0

    assert set(Message.objects.values_list("state", "attempts")) == {("queued", 0)}


def test_mail_that_comes_meanwhile_overtakes_after_the_handful(monkeypatch, mailer):
    monkeypatch.setattr(outbox, "FIRST_HANDFUL", 2)
    for n in range(4):
        make_message(subject=f"bulk {n}", priority=Message.Priority.BULK)
    sender = outbox.Sender(limit=None, seconds=None)
    due = sender._due()

    for _n in range(2):
        sender._deliver(next(due))
    make_message(subject="answer")
    for message in due:
        sender._deliver(message)

    subjects = [sent.subject for sent in mail.outbox]
    assert subjects == ["bulk 0", "bulk 1", "answer", "bulk 2", "bulk 3"]


def test_nothing_is_sent_before_its_time():
    make_message(next_attempt_at=database_now() + timedelta(seconds=30))

    assert outbox.deliver_due() == 0


def test_two_senders_do_not_take_one_mail():
    make_message()
    began = database_now()

    assert [len(mail_claims.claim(5)), len(mail_claims.claim(5))] == [1, 0]

    message = Message.objects.get()
    assert (message.state, message.attempts) == ("sending", 1)
    assert is_since(began, message.leased_until - LEASE)


def test_what_was_claimed_and_not_tried_costs_no_attempt():
    message = make_message()

    mail_claims.put_back(mail_claims.claim(5))

    assert state_of(message) == ("queued", 0, "")
    assert outbox.withdraw(message.dedupe_key)


def test_a_mail_that_killed_its_senders_each_time_is_given_up():
    message = make_message(state="sending", leased_until=database_now(), attempts=9)

    assert outbox.deliver_due() == 0

    assert state_of(message) == ("failed", 9, "given up")


def test_a_mail_being_sent_is_left_to_its_sender():
    make_message(state="sending", leased_until=database_now() + timedelta(seconds=30))

    assert outbox.deliver_due() == 0


def test_a_dead_senders_mail_goes_out_again_as_the_same_mail():
    message = make_message(state="sending", leased_until=database_now(), attempts=1)

    assert outbox.deliver_due() == 1

    assert mail.outbox[0].extra_headers["Message-ID"] == message.message_id
    assert state_of(message) == ("sent", 2, "ok")


def test_a_sender_slower_than_its_lease_marks_nothing():
    message = make_message()
    (slow,) = mail_claims.claim(1)
    Message.objects.update(leased_until=database_now())
    mail_claims.recover()
    (other,) = mail_claims.claim(1)

    mail_claims.mark_failed(slow, "no such user")

    assert state_of(message) == ("sending", 2, "")
    mail_marks.mark_sent(other)
    assert state_of(message) == ("sent", 2, "ok")


def test_the_same_news_is_one_mail():
    order = place_order(make_offer())

    for _n in range(3):
        emails.order_canceled(order)

    assert Message.objects.filter(kind="order_canceled").count() == 1


def test_a_mail_without_an_address_is_not_written():
    order = place_order(make_offer())
    order.email = ""

    emails.order_canceled(order)

    assert Message.objects.count() == 1


def test_a_mail_refused_for_now_is_tried_again_later_as_the_same_mail(mailer):
    message = make_message()
    mailer.answers = [BUSY]

    assert outbox.deliver_due() == 0

    state, attempts, answer = state_of(message)
    assert (state, attempts) == ("queued", 1)
    assert "try later" in answer
    assert outbox.deliver_due() == 0
    make_due()
    assert outbox.deliver_due() == 1
    assert mail.outbox[0].extra_headers["Message-ID"] == message.message_id
    assert state_of(message) == ("sent", 2, "ok")


@pytest.mark.parametrize(("tried", "pause"), [*enumerate(BACKOFF)])
def test_pauses_grow(mailer, tried, pause):
    message = make_message(attempts=tried)
    mailer.answers = [BUSY]
    began = database_now()

    outbox.deliver_due()

    message.refresh_from_db()
    assert is_since(began, message.next_attempt_at - pause)


def test_after_the_last_pause_it_is_given_up(mailer):
    message = make_message(attempts=len(BACKOFF))
    mailer.answers = [BUSY]

    outbox.deliver_due()

    assert state_of(message)[:2] == ("failed", 9)


@pytest.mark.parametrize("answer", [UNKNOWN_USER, TOO_BIG])
def test_a_final_no_is_not_asked_again(mailer, answer):
    message = make_message()
    mailer.answers = [answer]

    outbox.deliver_due()

    assert state_of(message)[:2] == ("failed", 1)
    make_due()
    assert outbox.deliver_due() == 0


@pytest.mark.parametrize(
    "answer",
    [
        smtplib.SMTPAuthenticationError(535, b"wrong password"),
        smtplib.SMTPSenderRefused(530, b"log in first", "toko@example.com"),
        smtplib.SMTPConnectError(554, b"not from there"),
        smtplib.SMTPServerDisconnected("gone"),
        ConnectionRefusedError(111, "refused"),
        TimeoutError("slow"),
        RuntimeError("a mailer of another make"),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_no_mail_is_lost_for_what_the_operator_can_mend(mailer, answer):
    message = make_message()
    mailer.answers = [answer]

    outbox.deliver_due()

    assert state_of(message)[:2] == ("queued", 1)


@pytest.mark.parametrize(
    "bad",
    [
        {"subject": "Halo\nBcc: all@example.com"},
        {"sender_name": "Nila\r\nBcc: all@example.com"},
        {"to": "ani@example.com\nBcc: all@example.com"},
        {"reply_to": "nila@example.com\nBcc: all@example.com"},
    ],
    ids=lambda bad: next(iter(bad)),
)
def test_a_bad_header_fails_alone_and_poisons_no_queue(settings, bad):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    poisoned, other = make_message(**bad), make_message()

    assert outbox.deliver_due() == 1

    assert state_of(poisoned)[:2] == ("failed", 1)
    assert state_of(other) == ("sent", 1, "ok")
    assert len(mail.outbox) == 1


def test_the_command_tells_how_many(capsys):
    make_message()

    call_command("deliver_messages")

    assert capsys.readouterr().out == "1 mails sent\n"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a plan of SQLite")
def test_a_claim_reads_what_waits_in_its_order_and_not_the_whole_log():
    waiting = Message.objects.sendable().order_by("priority", "next_attempt_at")

    plan = waiting[:10].explain()

    assert "USING INDEX message_outbox" in plan
    assert "TEMP B-TREE" not in plan
