"""A receipt says what was paid for, to the rupiah, on the page and in the file."""

import io

import pytest
from pypdf import PdfReader

from campaigns.models import Seller
from orders.models import Order, OrderLine
from payments.receipts import pdf as receipt_pdf
from payments.receipts.receipt import NothingReceived, Receipt
from tests.drafts import (
    TOTAL,
    finish,
    make_offer,
    place_order,
    place_paid,
    send_refunds,
)
from tests.payments.deposits import deposit_paid, open_balance
from tests.payments.test_money_views import cancel_batch

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# The order with its lines; payments with refunds, and the clock.
QUERIES = 5


def page_of(client, order):
    return client.get(f"/o/{order.token}/receipt/")


def file_of(client, order):
    return client.get(f"/o/{order.token}/receipt.pdf")


def words_of(response):
    """Of all its pages, with one space between words."""
    pages = PdfReader(io.BytesIO(response.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def text_of(response):
    return " ".join(response.content.decode().replace("\xa0", " ").split())


def in_english(order):
    Order.objects.filter(pk=order.pk).update(locale="en")
    return order


def test_page_and_file_tell_the_same_amounts(client):
    order = in_english(place_paid(make_offer(), units=[2]))

    page, file = text_of(page_of(client, order)), words_of(file_of(client, order))

    for words in (
        f"Receipt {order.number}",
        "not a tax invoice",
        order.batch.campaign.seller.name,
        order.name,
        "2 × Rp 150.000",
        "Rp 300.000",
        "Rp 18.000",
        "Rp 318.000",
        "Paid, refunds taken off",
    ):
        assert words in page
        assert words in file
    assert "Still to pay" not in file


def test_a_deposit_is_told_with_what_is_still_to_pay(client):
    order = in_english(deposit_paid())

    before = words_of(file_of(client, order))
    open_balance(order)
    finish(order, "pay")
    after = words_of(file_of(client, order))

    assert "Still to pay Rp 118.000" in before
    assert "The balance is due by" in before
    assert "Still to pay" not in after
    assert after.count("Received") == 2
    assert "Rp 50.000" in after
    assert "Paid, refunds taken off Rp 168.000" in after


def test_a_refund_is_told_as_coming_and_then_as_paid_back(client):
    order = in_english(place_paid(make_offer()))
    cancel_batch(order.batch)

    coming = words_of(file_of(client, order))
    send_refunds()
    back = words_of(file_of(client, order))

    assert "Coming back to you −Rp 168.000" in coming
    assert "Paid back" in back
    assert "Paid, refunds taken off Rp 0" in back


def test_it_speaks_the_language_of_its_order(client):
    order = place_paid(make_offer())

    response = file_of(client, order)

    assert response["Content-Language"] == "id"
    assert PdfReader(io.BytesIO(response.content)).trailer["/Root"]["/Lang"] == "id"


@pytest.mark.parametrize("page", ["receipt/", "receipt.pdf"])
def test_there_is_none_before_anything_was_received(client, page):
    order = place_order(make_offer())

    assert client.get(f"/o/{order.token}/{page}").status_code == 404
    with pytest.raises(NothingReceived):
        Receipt.read(order)


@pytest.mark.parametrize("page", ["receipt/", "receipt.pdf"])
def test_it_is_private_and_only_read(client, page):
    order = place_paid(make_offer())
    url = f"/o/{order.token}/{page}"

    response = client.get(url)

    assert response.status_code == client.head(url).status_code == 200
    assert client.post(url).status_code == 405
    assert "private" in response["Cache-Control"]
    assert "no-cache" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.parametrize("page", ["receipt/", "receipt.pdf"])
def test_another_orders_link_does_not_open_it(client, page):
    order = place_paid(make_offer())

    assert client.get(f"/o/{order.number}/{page}").status_code == 404
    assert client.get(f"/o/{order.token[:-1]}/{page}").status_code == 404


def test_typed_words_stay_words(client):
    order = in_english(place_paid(make_offer()))
    Order.objects.update(name='<b>Sri</b> & "co"', address="Jalan 1\nRT <img/>")
    OrderLine.objects.update(name="<para>Kaos</para>")

    words = words_of(file_of(client, order))

    assert '<b>Sri</b> & "co"' in words
    assert "RT <img/>" in words
    assert "<para>Kaos</para>" in words


def test_letters_the_file_lacks_are_told_of(client):
    order = in_english(place_paid(make_offer()))
    Order.objects.update(name="Nguyễn 王 سري")
    Seller.objects.update(name="Ćevapi")

    words = words_of(file_of(client, order))

    assert "Nguyen ? ???" in words
    assert "Ćevapi" in words
    assert "This file lacks some letters" in words
    assert "Nguyễn 王 سري" in text_of(page_of(client, order))


def test_words_of_the_shop_itself_can_all_be_printed():
    words = "− – · × … “ ” ’ € Rp\xa01.000 é ü ñ"

    assert receipt_pdf.printable(words) == words


def test_a_long_order_goes_over_several_pages(client):
    order = in_english(place_paid(make_offer()))
    line = order.lines.get()
    for _n in range(60):
        line.pk = None
        line.save(force_insert=True)

    pages = PdfReader(io.BytesIO(file_of(client, order).content)).pages

    assert len(pages) >= 2


def test_the_page_costs_a_fixed_number_of_queries(client, django_assert_num_queries):
    order = place_paid(make_offer())
    page_of(client, order)

    with django_assert_num_queries(QUERIES):
        page_of(client, order)


def test_the_order_page_leads_to_it_once_something_was_received(client):
    unpaid, paid = place_order(make_offer()), place_paid(make_offer())

    assert "/receipt/" not in text_of(client.get(f"/o/{unpaid.token}/"))
    assert f"/o/{paid.token}/receipt/" in text_of(client.get(f"/o/{paid.token}/"))


def test_the_total_paid_is_what_the_order_says(client):
    order = place_paid(make_offer())

    assert Receipt.read(order).balance.net == order.amount_paid == TOTAL
