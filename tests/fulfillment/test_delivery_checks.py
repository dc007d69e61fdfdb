"""Ten days after the last parcel the buyer is asked, once, whether it arrived."""

from datetime import timedelta

import pytest

from campaigns.clock import database_now
from config import sweep
from fulfillment import delivery_checks
from fulfillment.models import Shipment
from orders.models import Message, Order
from tests.fulfillment.goods import in_production, make_carrier, ship

pytestmark = pytest.mark.django_db


def sent(*, days, units=1):
    _batch, [order] = in_production([units])
    ship(order)
    let_pass(days)
    return order


def let_pass(days):
    past = database_now() - timedelta(days=days)
    Shipment.objects.update(shipped_at=past)


def test_it_is_asked_once_after_ten_days():
    order = sent(days=9.9)
    assert delivery_checks.ask() == 0

    let_pass(10)

    assert [delivery_checks.ask(), delivery_checks.ask()] == [1, 0]
    mail = order.messages.get(kind="delivery_check")
    assert mail.dedupe_key == f"delivery_check:{order.number}"
    assert mail.priority == Message.Priority.BULK


def test_the_mail_leads_to_the_order_and_to_the_sellers_chat():
    order = sent(days=10)
    seller = order.batch.campaign.seller
    seller.whatsapp = "+6281200001111"
    seller.save()
    Order.objects.update(locale="en")

    delivery_checks.ask()

    text = order.messages.get(kind="delivery_check").text
    assert text.startswith("Did your order arrive?\n\nIt was handed to the courier on ")
    assert f"\n\nhttp://127.0.0.1:8000/o/{order.token}/\n\n" in text
    words = f"Hello%2C%20this%20is%20about%20my%20order%20{order.number}."
    assert f"https://wa.me/6281200001111?text={words}\n" in text


def test_of_several_parcels_the_last_one_counts():
    _batch, [order] = in_production([2])
    line = order.lines.get()
    carrier = make_carrier()
    ship(order, "KK 001", carrier=carrier, lines={line.pk: 1})
    let_pass(30)
    assert delivery_checks.ask() == 0

    ship(order, "KK 002", carrier=carrier)

    assert delivery_checks.ask() == 0
    let_pass(10)
    assert delivery_checks.ask() == 1


@pytest.mark.parametrize("status", ["canceled", "confirmed"])
def test_what_was_canceled_or_came_back_is_not_asked_about(status):
    sent(days=10)
    Order.objects.update(status=status)

    assert delivery_checks.ask() == 0


def test_a_shop_that_stood_still_for_months_asks_nobody():
    sent(days=61)

    assert delivery_checks.ask() == 0


def test_the_round_asks():
    order = sent(days=10)

    assert sweep.run()["asked whether it arrived"] == 1
    assert order.messages.filter(kind="delivery_check", state="sent").exists()
