"""From a product file to a followed order: import, publish, open, buy."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from playwright.sync_api import expect

from campaigns.models import Campaign
from config import sweep
from orders.models import Message, Order
from tests.browser import desk, journeys
from tests.browser.conftest import DESKTOP
from tests.concurrency.racing import assert_invariants
from tests.factories import make_seller, make_shipping_option

pytestmark = pytest.mark.django_db(transaction=True)

PRODUCTS = Path(__file__).parents[1] / "campaigns" / "data" / "batik.csv"


def test_an_imported_product_is_published_ordered_paid_and_followed(visitor, tmp_path):
    make_shipping_option(seller=make_seller(slug="nila"), base_price=18_000)
    call_command("import_products", str(PRODUCTS), seller="nila")
    campaign = Campaign.objects.get(slug="kaos-batik")
    User.objects.create_superuser("admin", password=desk.PASSWORD)
    staff = desk.sign_in(visitor(viewport=DESKTOP).new_page(), "admin")

    desk.complete(staff, campaign, tmp_path)
    batch = desk.add_batch(staff, campaign)
    desk.take_step(staff, f"campaigns/batch/{batch.pk}", "open")
    desk.take_step(staff, f"campaigns/campaign/{campaign.pk}", "publish")
    buyer = visitor().new_page()
    order = journeys.order(buyer, campaign.variants.filter(active=True)[0])
    journeys.pay(buyer)
    sweep.run()

    order.refresh_from_db()
    assert order.status == Order.Status.CONFIRMED
    expect(buyer.locator("main")).to_contain_text(order.number)
    staff.goto(f"/admin/orders/order/{order.pk}/change/")
    expect(staff.locator("#content")).to_contain_text("Ani Wijaya")
    assert set(Message.objects.values_list("kind", "state")) == {
        ("order_placed", "sent"),
        ("order_confirmed", "sent"),
    }
    assert_invariants()
