"""One whole purchase: a served shop, a Stripe beside it, and HTTP between the two."""

import sys

import pytest

from orders.models import Order
from payments import inbox
from payments.models import GatewayEvent
from tests.concurrency.racing import assert_invariants
from tests.doubles.stripe_double import KEY, SECRET
from tests.drafts import TOTAL, ledger_of, mails_of, make_offer, sums_of
from tests.web import Browser, gunicorn

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.once,
]


def test_a_buyer_pays_by_card_from_the_checkout_to_the_confirmed_order(stripe):
    batch = make_offer()
    shop = {"DJANGO_SETTINGS_MODULE": "tests.stripe_settings", "DOUBLE_URL": stripe.url}

    with gunicorn(DOUBLE_KEY=KEY, DOUBLE_SECRET=SECRET, **shop) as port:
        stripe.notify_at(f"http://127.0.0.1:{port}/webhooks/stripe/")
        buyer = Browser(port)
        placed = buyer.checkout(batch, payment="stripe")
        order = Order.objects.get()
        payment = order.payments.get()
        pay_page = buyer.get(placed.location)

        assert placed.status == 303
        assert f'href="{payment.redirect_url}"' in pay_page.body

        assert stripe.pay(payment.gateway_reference) == 200
        told = stripe.notifications()
        stored = GatewayEvent.objects.order_by("pk").values_list("type", flat=True)
        assert list(stored) == [notification["type"] for notification in told]
        assert sums_of(order) == ("pending", 0, 0, 0)

        assert inbox.process_due() == 2
        status_page = buyer.get(f"/o/{order.token}/")

    assert status_page.status == 200
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert ledger_of(order) == [("payment", TOTAL)]
    assert mails_of(order) == ["order_placed", "order_confirmed"]
    assert_invariants()


def test_the_double_stays_out_of_the_process_of_the_tests(stripe):
    assert "localstripe" not in sys.modules
    assert "tests.doubles.stripe.server" not in sys.modules
