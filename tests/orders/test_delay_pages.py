"""The secret page of a delay: two equal ways out, and what was decided ever after."""

import re

import pytest
from django.utils import timezone

from campaigns.models import Batch
from orders.delays import schedule_news
from orders.models import Decision, Order
from tests.drafts import make_offer, place_order, place_paid, rows_of_orders
from tests.fulfillment.goods import in_production
from tests.orders.delaying import (
    CANCEL,
    WAIT,
    announce,
    answer,
    answer_by_passes,
    delay,
    question_of,
)
from tests.orders.test_pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

YEAR = timezone.now().year + 1
DATES = {"ships_from": f"{YEAR}-01-04", "ships_until": f"{YEAR}-01-08"}


@pytest.fixture
def order():
    batch = make_offer()
    Batch.objects.update(production_starts_on=None, production_ends_on=None, **DATES)
    order = place_paid(batch)
    Order.objects.update(locale="en")
    delay(batch)
    return Order.objects.get(pk=order.pk)


def address(order, decision=None):
    return f"/o/{order.token}/decision/{(decision or question_of(order)).pk}/"


def everything():
    return rows_of_orders() | {"Decision": list(Decision.objects.values())}


def page(client, order, decision=None):
    return text_of(client.get(address(order, decision)))


def buttons(response):
    html = response.content.decode().split("<main")[1].split("</main")[0]
    return re.findall(r'name="answer" value="(\w+)" class="([^"]+)"[^>]*>([^<]+)', html)


def test_two_equal_buttons_say_what_each_of_them_does(client, order):
    response = client.get(address(order))

    assert buttons(response) == [
        ("wait", "btn btn-2", "Wait until 22 Jan"),
        ("cancel", "btn btn-2", "Cancel, Rp\xa0168.000 back"),
    ]
    text = text_of(response)
    assert f"4–8 January {YEAR}" in text
    assert f"18–22 January {YEAR}" in text
    assert "The dye house is late." in text
    assert "Without an answer your order waits." in text


def test_reading_it_answers_nothing(client, order):
    before = everything()

    client.get(address(order))
    client.head(address(order))

    assert everything() == before


def test_the_order_page_leads_to_it(client, order):
    response = client.get(f"/o/{order.token}/")

    assert address(order) in response.content.decode()
    assert "Without an answer your order waits." in text_of(response)


def test_a_date_that_is_not_known_says_so_and_what_silence_does(client):
    batch, [order] = in_production([1])
    Order.objects.update(locale="en")
    delay(batch, None)

    response = client.get(address(order))

    assert buttons(response)[0][2] == "Wait without a date"
    text = text_of(response)
    assert "not known yet" in text
    assert "Without an answer your order is canceled and everything comes back." in text


def test_who_has_paid_nothing_reads_of_no_money(client):
    batch = make_offer()
    order = place_order(batch)
    Order.objects.update(locale="en")
    delay(batch)

    assert buttons(client.get(address(order)))[1][2] == "Cancel, nothing to pay"


def test_waiting_is_noted_and_may_be_changed_until_the_hour(client, order):
    posted = client.post(address(order), {"answer": "wait"})

    response = client.get(posted["Location"])
    assert (posted.status_code, posted["Location"]) == (303, address(order))
    assert "You decided to wait." in text_of(response)
    assert [name for name, _class, _words in buttons(response)] == ["cancel"]
    answer_by_passes(question_of(order))
    assert not buttons(client.get(address(order)))


def test_canceling_is_done_at_once_and_told(client, order):
    client.post(address(order), {"answer": "cancel"})

    response = client.get(address(order))
    assert "You decided to cancel; it is final." in text_of(response)
    assert not buttons(response)
    history = text_of(client.get(f"/o/{order.token}/"))
    assert "You did not want to wait longer, so the order was canceled." in history


@pytest.mark.parametrize("choice", ["", "move", "stay", "WAIT", "wait\x00"])
def test_no_known_answer_decides_nothing(client, order, choice):
    before = everything()

    response = client.post(address(order), {"answer": choice})

    assert response.status_code == 422
    assert everything() == before


def test_a_dead_question_leads_to_the_newest(client, order):
    dead = question_of(order)
    announce(order.batch, 5)
    refused = client.post(address(order), {"answer": "wait"})
    schedule_news.tell_all()

    response = client.get(address(order, dead))

    assert refused.status_code == 409
    assert "The shipping date has changed again" in text_of(refused)
    assert not buttons(response)
    assert f'href="{address(order)}"' in response.content.decode()
    assert question_of(order) != dead


def test_an_answer_after_another_says_so_and_changes_nothing(client, order):
    answer(order, CANCEL)
    before = everything()

    response = client.post(address(order), {"answer": "wait"})

    assert response.status_code == 409
    assert "This was decided before" in text_of(response)
    assert everything() == before


def test_another_orders_question_is_unknown(client, order):
    other = place_paid(make_offer())

    found = client.get(f"/o/{other.token}/decision/{question_of(order).pk}/")

    assert found.status_code == 404


def test_who_waits_for_no_date_finds_the_way_out_in_production(client):
    batch, [order] = in_production([1])
    delay(batch, None)
    answer_by_passes(answer(order, WAIT))

    response = client.get(f"/o/{order.token}/")

    assert f"/o/{order.token}/cancellation/" in response.content.decode()
