"""Whatever people call themselves and their goods, the mail's headers stay whole."""

import pytest
from django.core import mail

from orders import emails
from orders.mail import outbox
from orders.mail import rows as mail_rows
from orders.models import Message, Order
from tests.drafts import make_offer, place_order

pytestmark = [pytest.mark.django_db, pytest.mark.once]

BIDI = "\u202eevil\u2066\u200f"


@pytest.mark.parametrize(
    "nasty",
    [
        "Nila\r\nBcc: all@example.com",
        "Nila\nX: y\x0b\x0c\x1c\x1d\x85\u2028\u2029end",
        f"Nila {BIDI} Batik",
        "Nila \ud83d half",
        "\x00\x01\x7f",
        "x" * 10_000,
        '"Nila" <toko@evil.example>, other',
        "=?utf-8?q?Nila?=",
        "Níla 織物 👩\u200d👩\u200d👧",
    ],
)
def test_no_name_or_title_breaks_a_header(nasty):
    order = place_order(make_offer())
    Message.objects.all().delete()
    campaign = order.batch.campaign
    campaign.title = campaign.seller.name = order.name = nasty

    emails.order_canceled(order)

    stored = Message.objects.get()
    assert len(stored.subject) <= 200
    assert len(stored.sender_name) <= 80
    for text in (stored.subject, stored.sender_name):
        assert len((text or "x").splitlines()) == 1
        assert not set(text) & set(BIDI) - set("evil")
    assert outbox.deliver_due() == 1
    raw = mail.outbox[0].message().as_bytes()
    heads = raw.partition(b"\n\n")[0].decode()
    assert heads.count("\nTo:") == 1
    assert "\nBcc" not in heads
    assert "\nX:" not in heads


def test_an_address_with_a_line_break_is_refused_alone():
    order = place_order(make_offer())
    Message.objects.all().delete()
    order.email = "ani@example.com\nBcc: all@example.com"
    emails.order_canceled(order)
    emails.order_canceled(place_order(make_offer()))

    outbox.deliver_due()

    assert sorted(Message.objects.values_list("kind", "state")) == [
        ("order_canceled", "failed"),
        ("order_canceled", "sent"),
        ("order_placed", "sent"),
    ]


def test_a_message_id_is_stable_plain_and_fits(settings):
    settings.BASE_URL = f"https://{'long.' * 40}example"
    keys = ["update:7:" + "a" * 100, "opening:ani+x@example.com:3", "order_placed:ABC"]

    ids = [mail_rows._keyed(key).message_id for key in keys]

    assert ids == [mail_rows._keyed(key).message_id for key in keys]
    assert len(set(ids)) == 3
    assert all(len(message_id) <= 120 for message_id in ids)
    assert "ani" not in ids[1]


def test_orders_keep_one_thread_however_often_they_are_written_to():
    order = place_order(make_offer())
    emails.order_canceled(Order.objects.get(pk=order.pk))

    outbox.deliver_due()

    threads = {
        (sent.extra_headers["References"], sent.extra_headers["In-Reply-To"])
        for sent in mail.outbox
    }
    assert threads == {(f"<order.{order.pk}@127.0.0.1>",) * 2}
