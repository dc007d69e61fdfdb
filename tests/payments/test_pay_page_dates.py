"""What the pay page says about the date when it moved before the money came."""

from datetime import date

import pytest
from django.urls import reverse

from tests.announced import announce
from tests.drafts import place_order
from tests.factories import make_shop

pytestmark = [pytest.mark.django_db, pytest.mark.once]
OTHER_WINDOW = (date(2031, 2, 10), date(2031, 2, 14))


def pay_page(client, order):
    return client.get(reverse("payment:pay", args=[order.token])).content.decode()


def test_announced_window_stands_beside_the_promised_one(client):
    batch = make_shop()
    order = place_order(batch)
    promised = order.promised_from.strftime("%Y")
    announce(batch, OTHER_WINDOW)

    page = pay_page(client, order)

    assert "2031" in page
    assert promised in page
    assert f'<a href="{order.get_absolute_url()}">Lihat artinya untukmu' in page


def test_nothing_is_said_of_a_window_that_did_not_move(client):
    order = place_order(make_shop())

    page = pay_page(client, order)

    assert "Lihat artinya untukmu" not in page
