"""What somebody might try on announcements, questions and news, and does not get."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.factories import make_confirmed_order, make_shop
from tests.orders import delaying

pytestmark = pytest.mark.django_db


def signed_in(order, role):
    """Somebody of the order's seller."""
    user = User.objects.create_user(role, is_staff=True)
    order.batch.campaign.seller.membership_set.create(user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def delayed_order(**columns):
    order = make_confirmed_order(batch=make_shop(**columns))
    delaying.delay(order.batch)
    return order


@pytest.mark.parametrize(("role", "is_linked"), [("packer", False), ("manager", True)])
def test_who_packs_is_not_shown_the_buyer_s_own_link(role, is_linked):
    order = delayed_order()

    page = signed_in(order, role).get(f"/admin/orders/order/{order.pk}/change/")

    text = page.content.decode()
    assert "delay-heading" in text
    assert (order.token in text) is is_linked
