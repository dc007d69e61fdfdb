"""A mailer with an API: its answers mean what a mail server's mean, bounces are heard.

The API is a double on loopback, in the shapes of Postmark's documentation.
"""

import base64
import json
from dataclasses import dataclass, field

import pytest
from anymail.signals import tracking

from config import bounces
from orders.mail import outbox
from orders.models import MailTrouble, Message, Order
from tests.config.test_checks import check, told_of
from tests.doubles.server import Answer, Call, Double
from tests.drafts import make_offer, place_order
from tests.orders.mailbox import make_all_due, make_message, make_messages, states

pytestmark = [pytest.mark.django_db, pytest.mark.once]

SECRET = "kloter:a-long-and-secret-word"
WEBHOOK = "/anymail/postmark/tracking/"
REAL = {
    "DEBUG": "0",
    "SECRET_KEY": "k" * 60,
    "ALLOWED_HOSTS": "shop.example",
    "BASE_URL": "https://shop.example",
    "PAYMENT_GATEWAYS": "sandbox",
    "ANYMAIL_BACKEND": "postmark",
    "ANYMAIL_POSTMARK_SERVER_TOKEN": "token",
    "ANYMAIL_WEBHOOK_SECRET": SECRET,
    "TRUSTED_PROXIES": "1",
}


@dataclass
class Postmark(Double):
    answers: list[Answer] = field(default_factory=list)

    def name_of(self, call: Call) -> str:
        return call.path

    def serve(self, call: Call) -> Answer:
        if self.answers:
            return self.answers.pop(0)
        accepted = {"ErrorCode": 0, "Message": "OK", "To": call.body["To"]}
        return Answer(200, accepted | {"MessageID": f"pm-{len(self.calls)}"})


@pytest.fixture
def api(settings):
    with Postmark().running() as double:
        settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
        settings.ANYMAIL = {
            "POSTMARK_SERVER_TOKEN": "token",
            "POSTMARK_API_URL": f"{double.base}/",
            "WEBHOOK_SECRET": [SECRET],
            "REQUESTS_TIMEOUT": 1,
        }
        settings.ROOT_URLCONF = "tests.config.mailer_urls"
        bounces.listen()
        yield double
        tracking.disconnect(dispatch_uid="config.bounces")


def tell(client, *, secret=SECRET, **changes):
    event = {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "TypeCode": 1,
        "MessageID": "pm-1",
        "Email": "ani@example.com",
        "Details": "smtp;550 5.1.1 no such user",
        "BouncedAt": "2026-11-26T10:00:00Z",
    }
    word = base64.b64encode(secret.encode()).decode()
    return client.post(
        WEBHOOK,
        json.dumps(event | changes),
        content_type="application/json",
        headers={"Authorization": f"Basic {word}"},
    ).status_code


def refusal(status, code, words):
    return Answer(status, {"ErrorCode": code, "Message": words})


def test_a_mail_leaves_by_the_api_with_its_headers(api):
    message = make_message(unsubscribe_url="http://127.0.0.1:8000/unsubscribe/x/")

    assert outbox.deliver_due() == 1

    message.refresh_from_db()
    assert (message.state, message.provider_id) == ("sent", "pm-1")
    headers = {head["Name"]: head["Value"] for head in api.calls[0].body["Headers"]}
    assert headers["Message-ID"] == message.message_id
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_an_address_the_provider_refuses_fails_alone(api):
    inactive = "Found inactive addresses: ani@example.com. Inactive recipients bounced."
    api.answers = [refusal(422, 406, inactive)]
    make_messages(2)

    assert outbox.deliver_due() == 1

    assert states() == {"failed": 1, "sent": 1}
    assert "rejected" in Message.objects.get(state="failed").smtp_answer


@pytest.mark.parametrize(("status", "kind"), [(401, "locked_out"), (503, "away")])
def test_what_concerns_all_makes_all_wait(api, status, kind):
    api.answers = [refusal(status, 10, "no")] * 3
    make_messages(9)

    assert outbox.deliver_due() == 0

    assert states() == {"queued": 9}
    assert MailTrouble.objects.get().kind == kind
    api.answers = []
    make_all_due()
    assert outbox.deliver_due() == 9


def test_an_api_that_hangs_is_a_server_that_hangs(api, settings):
    settings.ANYMAIL |= {"REQUESTS_TIMEOUT": 0.2}
    api.fail("/email", "hang", "hang", "hang")
    make_messages(5)

    assert outbox.deliver_due() == 0

    assert MailTrouble.objects.get().kind == "hangs"


def test_a_bounce_fails_its_mail_and_touches_nothing_else(api, client):
    order = place_order(make_offer())
    mail = Message.objects.get()
    Message.objects.update(to="ani@example.com")
    other = make_message()
    outbox.deliver_due()
    before = Order.objects.values().get()

    assert [tell(client), tell(client)] == [200, 200]

    mail.refresh_from_db()
    other.refresh_from_db()
    assert mail.state == "failed"
    assert mail.smtp_answer == "bounced: smtp;550 5.1.1 no such user"
    assert other.state == "sent"
    assert Order.objects.values().get(pk=order.pk) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"MessageID": "another"},
        {"MessageID": ""},
        {"Email": "budi@example.com"},
        {"RecordType": "Open"},
        {"Type": "SpamComplaint", "RecordType": "SpamComplaint"},
    ],
    ids=str,
)
def test_other_notices_change_nothing(api, client, changes):
    make_message()
    outbox.deliver_due()

    assert tell(client, **changes) == 200

    assert states() == {"sent": 1}


def test_a_forged_bounce_is_refused(api, client):
    make_message()
    outbox.deliver_due()

    assert tell(client, secret="kloter:guessed-by-somebody") == 400

    assert states() == {"sent": 1}


def test_without_a_mailer_there_is_no_such_address(client):
    assert client.post(WEBHOOK, {}).status_code == 404


def test_a_complete_mailer_is_accepted_in_silence(tmp_path):
    outcome = check(tmp_path, **REAL)

    assert outcome.returncode == 0, outcome.stderr
    assert "kloter." not in outcome.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        {
            "ANYMAIL_BACKEND": "pigeon",
            "MAIL_RATE": "0",
            "MAIL_DOMAIN_RATE": "many",
            "MAIL_SENDERS": "0",
            "EMAIL_TIMEOUT": "900",
        },
        {"ANYMAIL_POSTMARK_SERVER_TOKEN": "", "ANYMAIL_WEBHOOK_SECRET": "short"},
    ],
    ids=["pigeon", "keys"],
)
def test_what_cannot_work_is_refused_at_start(tmp_path, wrong):
    outcome = check(tmp_path, **REAL | wrong)

    assert outcome.returncode == 1
    named = {"ANYMAIL_BACKEND", *wrong} - {"ANYMAIL_POSTMARK_SERVER_TOKEN"}
    assert set(told_of(outcome, "E")) == named


def test_limits_that_make_no_sense_are_warned_of(tmp_path):
    rates = {"MAIL_RATE": "10", "MAIL_DOMAIN_RATE": "20"}

    outcome = check(tmp_path, **REAL | rates | {"ANYMAIL_WEBHOOK_SECRET": ""})

    assert outcome.returncode == 0
    assert sorted(told_of(outcome, "W")) == [
        "ANYMAIL_WEBHOOK_SECRET",
        "MAIL_DOMAIN_RATE",
    ]
