"""What is not paid in full is not shipped, unless the seller says so."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from fulfillment import dispatch
from fulfillment.errors import NotPaidInFull
from orders.models import Order
from payments import balances
from tests.concurrency.racing import assert_invariants
from tests.drafts import finish
from tests.fulfillment.goods import make_carrier, rows_of_goods, ship
from tests.payments.deposits import (
    BALANCE,
    deposit_paid,
    let_last_notice_pass,
    open_balance,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("admin"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def ship_url(order):
    return reverse("admin:orders_order_ship", args=[order.pk])


@pytest.mark.parametrize("unpaid", ["hold", "forfeit"])
def test_an_order_whose_balance_is_due_is_not_shipped(unpaid):
    order = deposit_paid(unpaid)
    make_carrier()
    before = rows_of_goods()

    with pytest.raises(NotPaidInFull) as refusal:
        ship(order)

    assert refusal.value.due == BALANCE
    assert rows_of_goods() == before


def test_it_ships_once_the_balance_is_paid():
    order = deposit_paid()
    open_balance(order)
    finish(order, "pay")

    ship(order)

    assert order.status == Order.Status.FULFILLED
    assert_invariants()


def test_the_seller_may_ship_it_all_the_same_and_the_balance_stays_due():
    order = deposit_paid()

    ship(order, known=dispatch.Known(is_unpaid=True))

    assert order.status == Order.Status.FULFILLED
    assert order.still_due == BALANCE


def test_a_rupiah_short_is_short():
    order = deposit_paid()
    Order.objects.filter(pk=order.pk).update(amount_paid=order.total - Decimal(1))

    with pytest.raises(NotPaidInFull):
        ship(order)


def test_the_page_asks_for_a_word_before_it_ships_unpaid(staff):
    order = deposit_paid()
    make_carrier()
    before = rows_of_goods()

    page = staff.get(ship_url(order))
    refused = staff.post(ship_url(order), {})
    assert "no, a part is still due" in page.content.decode()
    assert "It is not paid in full." in refused.content.decode()
    assert rows_of_goods() == before

    staff.post(ship_url(order), {"though_unpaid": "on"})
    order.refresh_from_db()
    assert order.status == Order.Status.FULFILLED


def test_a_paid_order_is_not_asked_about(staff):
    order = deposit_paid()
    open_balance(order)
    finish(order, "pay")

    assert "though_unpaid" not in staff.get(ship_url(order)).content.decode()


def test_an_order_that_ends_in_production_is_a_withdrawal_from_the_sheet():
    order = deposit_paid("forfeit")
    let_last_notice_pass(order)

    balances.end_unpaid()

    sheet = order.batch.sheets.get()
    assert sum(line.ordered for line in sheet.lines.all()) == 1
    assert_invariants()
