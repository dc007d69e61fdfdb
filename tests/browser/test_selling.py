"""The seller's road: from an empty admin to a completed batch, unseen by another."""

import pytest
from playwright.sync_api import expect

from campaigns.models import Batch
from fulfillment.models import Carrier, ProductionSheet
from orders.models import Message, Order
from tests.browser import desk, journeys
from tests.browser.conftest import DESKTOP
from tests.concurrency.racing import assert_invariants
from tests.factories import make_seller, make_shipping_option

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_seller_goes_from_an_empty_admin_to_a_completed_batch(visitor, tmp_path):
    nila = make_seller(slug="nila", name="Nila Studio")
    make_shipping_option(seller=nila, base_price=18_000)
    desk.make_owner(nila)
    desk.make_owner(make_seller(slug="kunyit", name="Dapur Kunyit"))
    staff = desk.sign_in(visitor(viewport=DESKTOP).new_page(), "nila")

    campaign = desk.new_campaign(staff, tmp_path)
    batch = f"campaigns/batch/{desk.add_batch(staff, campaign).pk}"
    desk.take_step(staff, batch, "open")
    desk.take_step(staff, f"campaigns/campaign/{campaign.pk}", "publish")
    buyer = visitor().new_page()
    order = journeys.order(buyer, campaign.variants.all()[0])
    journeys.pay(buyer)
    desk.take_step(staff, batch, "close")
    desk.take_step(staff, batch, "production")
    # The rows a migration made are gone after a test that empties the tables.
    jne, _is_new = Carrier.objects.get_or_create(name="JNE")
    row = f"orders/order/{order.pk}"
    desk.take_step(staff, row, "ship", carrier=str(jne.pk), tracking_number="JP123456")
    desk.take_step(staff, batch, "complete")

    order.refresh_from_db()
    assert order.status == Order.Status.FULFILLED
    assert Batch.objects.get().stage == Batch.Stage.COMPLETED
    assert ProductionSheet.objects.get().lines.get(ordered=1)
    buyer.goto(f"/o/{order.token}/")
    expect(buyer.locator("main")).to_contain_text("JP123456")
    assert Message.objects.filter(kind="order_shipped").count() == 1
    assert_invariants()
    stranger_sees_nothing(visitor(viewport=DESKTOP).new_page(), order, batch)


def stranger_sees_nothing(page, order, batch):
    desk.sign_in(page, "kunyit")
    for address in ("", "orders/order/", "campaigns/batch/", "campaigns/campaign/"):
        page.goto(f"/admin/{address}")
        for secret in ("Tas Lurik", order.number, "Ani Wijaya", "Nila Studio"):
            expect(page.locator("body")).not_to_contain_text(secret)
    for address in (batch, f"orders/order/{order.pk}"):
        answer = page.goto(f"/admin/{address}/change/")
        assert answer.status == 404
        expect(page.locator("body")).not_to_contain_text("Tas Lurik")
