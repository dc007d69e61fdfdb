"""Mails: complete as text, in the buyer's language and zone, safe as HTML."""

import re

import pytest
from django.db import transaction
from django.utils import timezone, translation

from campaigns.actors import BUYER
from orders import cancellation, emails
from orders.mail import outbox
from orders.mail import rows as mail_rows
from orders.mail.html import html_of
from orders.models import Message, Order
from payments.expiry import expire
from payments.models import Refund
from tests.factories import make_confirmed_order, make_order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

KINDS = [
    "order_placed",
    "payment_reminder",
    "order_confirmed",
    "order_expired",
    "order_canceled",
    "late_payment",
    "refund_sent",
    "order_link",
]
AMOUNT = {"amount": 1_234_567_890, "comes_back": 1_234_567_890}


def blocks(text):
    return text.strip().split("\n\n")


def mail(kind):
    return Message.objects.get(kind=kind)


@pytest.mark.parametrize("locale", ["en", "id"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_subject_is_one_line_of_at_most_sixty_characters(kind, locale):
    now = timezone.now()
    order = make_order(
        locale=locale,
        time_zone="Asia/Makassar",
        expires_at="2026-12-31T13:59:00Z",
        canceled_at=now,
    )
    order.batch.ships_from = now.date().replace(2026, 12, 28)
    order.batch.ships_until = now.date().replace(2027, 1, 10)

    subject, _text = mail_rows.render(kind, order, **AMOUNT)

    assert len(subject) <= 60, subject
    assert order.number in subject
    assert "\n" not in subject


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_is_whole_as_text(kind):
    order = make_order(canceled_at=timezone.now())

    _subject, text = mail_rows.render(kind, order, **AMOUNT)

    seller = order.batch.campaign.seller
    assert f"http://127.0.0.1:8000/o/{order.token}/" in text
    assert f"{seller.email}\n" in text
    assert "https://wa.me/6281200001111" in text
    assert "\n\n\n" not in text
    assert not re.search(r"[{}]|%\(|&[a-z]+;|<", text)


def test_a_placed_order_tells_state_then_date_then_link():
    order = make_order()

    message = mail("order_placed")
    text = message.text.replace("\xa0", " ")

    state, date, link, items = blocks(text)[:4]
    assert state == "Your order is placed and waits for your payment of Rp 203.000."
    assert re.fullmatch(
        r"Pay before \w+, \d+ \w+ \d{4} at \d\d:\d\d WIB\."
        r" Your place is held until then\.",
        date,
    )
    assert link == f"http://127.0.0.1:8000/o/{order.token}/pay/"
    assert items.splitlines()[1:] == [
        "1 × L: Rp 185.000",
        "Shipping (JNE REG): Rp 18.000",
        "Total: Rp 203.000",
    ]
    assert re.match(r"Pay before \d+ \w{3} \d{4} \d\d:\d\d WIB – ", message.subject)


def test_a_deadline_is_told_in_the_zone_of_the_order():
    order = make_order(time_zone="Asia/Makassar", expires_at="2026-12-01T14:00:00Z")
    order = Order.objects.for_page().get(pk=order.pk)

    subject, text = mail_rows.render("order_placed", order)

    assert subject == f"Pay before 1 Dec 2026 22:00 WITA – {order.number}"
    assert "Tuesday, 1 December 2026 at 22:00 WITA" in text


def test_a_mail_is_written_in_the_language_of_the_order_not_of_the_visitor():
    order = make_order(locale="id", expires_at="2026-12-01T14:00:00Z")
    order = Order.objects.for_page().get(pk=order.pk)

    with translation.override("en"):
        subject, text = mail_rows.render("order_placed", order)

    assert "1 Des 2026 21.00 WIB" in subject
    assert "Selasa, 1 Desember 2026 pukul 21.00 WIB" in text


def test_names_stay_as_they_were_typed_in_text_and_are_escaped_in_html():
    order = make_order(name="Ayu & <b>Budi</b>")

    message = _message(order)

    assert "Ayu & <b>Budi</b>" in message.text
    assert "Ayu &amp; &lt;b&gt;Budi&lt;/b&gt;" in html_of(message)


def test_a_name_of_several_lines_makes_neither_a_header_nor_a_button():
    order = make_order(name="Ayu\nBcc: x@example.com\n\nhttp://evil.example\n\n")
    order.number = "A\nBcc: x"

    subject, text = mail_rows.render("order_placed", order)

    assert "\n" not in subject
    assert "Ayu Bcc: x@example.com http: //evil.example" in text


def test_a_link_alone_becomes_the_button():
    order = make_order()

    html = html_of(_message(order))

    assert html.count('class="button"') == 1
    assert f'class="button" href="http://127.0.0.1:8000/o/{order.token}/pay/"' in html
    assert "Pay now</a>" in html


def test_the_html_is_small_and_fetches_nothing():
    order = make_order(locale="id")

    html = html_of(_message(order))

    assert len(html.encode()) < 20_000
    assert '<html lang="id">' in html
    assert '<meta name="color-scheme" content="light dark">' in html
    assert not re.search(r"<img|<link|<script|url\(", html)


def test_the_html_speaks_the_language_of_its_mail():
    message = _message(make_order())

    with translation.override("id"):
        assert "Pay now</a>" in html_of(message)


def test_paying_is_told_with_the_window():
    order = make_confirmed_order()

    text = mail("order_confirmed").text.replace("\xa0", " ")

    assert blocks(text)[0] == "Your payment arrived; your place in the batch is sure."
    assert blocks(text)[1].startswith("Batch 1 ships ")
    assert blocks(text)[2] == f"http://127.0.0.1:8000/o/{order.token}/"
    assert "Received: Rp 203.000" in text


def test_an_expired_order_owes_nothing():
    order = make_order(expires_at="2020-01-01T00:00:00Z")

    expire(order.pk)

    assert "You owe nothing." in mail("order_expired").text
    assert mail("order_expired").subject == f"Not paid in time – {order.number}"


def test_a_cancellation_names_what_comes_back():
    order = make_confirmed_order()

    cancellation.cancel_as_shown(order.pk, shown=order.total)

    message = mail("order_canceled")
    assert message.subject == f"Canceled, Rp 203.000 comes back – {order.number}"
    assert "Rp\xa0203.000 comes back to you the way you paid." in message.text


def test_a_cancellation_of_an_unpaid_order_names_no_money():
    order = make_order()

    with transaction.atomic():
        cancellation.cancel(order, kept=order.amount_kept, actor=BUYER)

    assert mail("order_canceled").subject == f"Canceled – {order.number}"
    assert "nothing is to be paid or returned" in mail("order_canceled").text


def test_a_refund_is_told_with_its_amount_once():
    order = make_order()

    for _turn in range(2):
        emails.refund_sent(order, refund_key="R1", amount=order.total)

    assert mail("refund_sent").subject == f"Refund of Rp 203.000 sent – {order.number}"
    assert Refund.objects.count() == 0


def test_a_delivered_mail_has_both_parts_and_the_headers_of_a_machine(mailoutbox):
    order = make_order()

    outbox.deliver_due()

    sent = mailoutbox[0]
    assert sent.to == [order.email]
    assert sent.alternatives[0].mimetype == "text/html"
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"
    assert sent.extra_headers["Content-Language"] == "en"
    assert sent.reply_to == [order.batch.campaign.seller.email]


def _message(order):
    subject, text = mail_rows.render("order_placed", order)
    return Message(kind="order_placed", locale=order.locale, subject=subject, text=text)
