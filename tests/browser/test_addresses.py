"""A buyer changes and confirms the address on a phone, with script and without."""

import pytest
from playwright.sync_api import expect

from orders.models import Message, Order, OrderEvent
from tests.browser.conftest import DESKTOP, PHONE
from tests.concurrency.racing import assert_invariants
from tests.drafts import make_offer, place_paid

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"viewport": DESKTOP}, id="desktop"),
        pytest.param({"viewport": PHONE, "java_script_enabled": False}, id="no-script"),
    ],
)
def test_the_order_page_leads_to_the_address_which_is_changed(visitor, options):
    order = place_paid(make_offer())
    page = visitor(**options).new_page()

    page.goto(f"/o/{order.token}/")
    page.locator("a[href$='/address/']").click()
    page.locator("[name=postal_code]").fill("4051")
    page.locator("main form:has([name=postal_code]) button[type=submit]").click()
    expect(page.locator("#errors")).to_be_visible()
    page.locator("[name=postal_code]").fill("40513")
    page.locator("[name=city]").select_option("Kota Cimahi")
    page.locator("main form:has([name=postal_code]) button[type=submit]").click()

    expect(page).to_have_url(f"{page.url.split('/o/')[0]}/o/{order.token}/#address")
    expect(page.locator("main")).to_contain_text("Kota Cimahi 40513")
    assert Order.objects.get().city == "Kota Cimahi"
    assert OrderEvent.objects.filter(kind="address_changed").count() == 1
    assert Message.objects.filter(kind="order_changed").count() == 1
    assert_invariants()


def test_without_script_one_press_confirms_and_one_stops_reminders(visitor):
    order = place_paid(make_offer())
    page = visitor(viewport=PHONE, java_script_enabled=False).new_page()

    page.goto(f"/o/{order.token}/address/")
    page.locator("form[action$='/confirmation/'] button").click()
    page.goto(f"/o/{order.token}/reminders/")
    page.locator("section:has(input[value=address]) button[value=stop]").click()

    expect(page.locator("button[value=resume]")).to_have_count(1)
    kinds = OrderEvent.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds)[-2:] == ["address_confirmed", "reminders_stopped"]
