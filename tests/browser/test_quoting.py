"""The amounts of the checkout follow what is chosen, and are those of the order."""

import pytest
from playwright.sync_api import expect

from orders.models import Order
from tests.browser import journeys
from tests.concurrency.racing import assert_invariants
from tests.factories import make_shipping_option

pytestmark = pytest.mark.django_db(transaction=True)


def rupiah(digits):
    return f"Rp\xa0{digits}"


@pytest.fixture
def campaign():
    """Two couriers, 40 % now, a name on each unit."""
    campaign = journeys.open_campaign(
        plan="deposit",
        deposit_percent=40,
        balance_due_days=7,
        unpaid_balance="refund_less_deposit",
        personalization_label="Nama",
    )
    make_shipping_option(
        seller=campaign.seller, service="Kilat", base_price=42_500, position=1
    )
    return campaign


def test_every_amount_follows_the_courier_and_the_quantity(visitor, campaign):
    page = visitor().new_page()
    journeys.choose(page, campaign.variants.first())
    sums = page.locator("#quoted-sums")
    expect(sums).to_contain_text("belum ongkir")
    expect(sums.locator("strong")).to_have_count(0)

    journeys.fill_in(page)
    page.locator("label.choice", has_text="Kilat").click()

    expect(sums).to_contain_text(rupiah("227.500"))
    expect(sums.locator("strong")).to_have_text(rupiah("91.000"))

    page.locator("[name$='-1'][name^=personalization]").fill("Ani")
    page.locator("[data-step='1']").click()

    expect(page.locator("summary").first).to_contain_text(rupiah("370.000"))
    expect(page.locator("[name^=personalization]")).to_have_count(2)
    expect(page.locator("[name^=personalization]").first).to_have_value("Ani")
    expect(sums.locator("strong")).to_have_text(rupiah("165.000"))

    journeys.send_order(page)
    page.wait_for_url("**/pay/")

    order = Order.objects.get()
    assert (order.total, order.deposit) == (412_500, 165_000)
    expect(page.locator("h1")).to_contain_text(rupiah("165.000"))
    assert_invariants()


def press_while_they_are_asked_for(page):
    page.evaluate(
        """() => {
            document.querySelector("[data-step='1']").click();
            document.querySelector("form.form button.btn-wide").click();
        }"""
    )


def test_a_press_while_the_amounts_are_asked_for_orders_at_none_that_was_not_seen(
    visitor, campaign
):
    page = visitor().new_page()
    journeys.choose(page, campaign.variants.first())
    journeys.fill_in(page)
    expect(page.locator("#quoted-sums strong")).to_have_text(rupiah("81.000"))

    with page.expect_navigation() as arrival:
        press_while_they_are_asked_for(page)

    assert arrival.value.status == 422
    expect(page.locator("[role=alert]")).to_contain_text(rupiah("155.000"))
    assert Order.objects.count() == 0
    journeys.send_order(page)
    page.wait_for_url("**/pay/")

    assert Order.objects.get().deposit == 155_000


def test_a_price_that_changes_meanwhile_shows_the_whole_page_anew(visitor, campaign):
    page = visitor().new_page()
    journeys.choose(page, campaign.variants.first())
    journeys.fill_in(page)
    expect(page.locator("form[aria-busy]")).to_have_count(0)
    campaign.variants.update(price=200_000)

    with page.expect_navigation():
        page.locator("[data-step='1']").click()

    expect(page.locator("#quoted-basket")).to_contain_text(rupiah("400.000"))
    expect(page.locator("[name=name]")).to_have_value("Ani Wijaya")
    assert Order.objects.count() == 0


def test_without_a_script_the_button_brings_the_amounts(visitor, campaign):
    page = visitor(java_script_enabled=False).new_page()
    journeys.choose(page, campaign.variants.first())
    journeys.fill_in(page)
    page.locator("input[type=number]").fill("2")
    page.locator("[name=quote]").first.click()

    expect(page.locator("[name^=personalization]")).to_have_count(2)
    expect(page.locator("#quoted-sums strong")).to_have_text(rupiah("155.000"))
