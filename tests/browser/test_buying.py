"""The buyer's road in a real browser: phone, desk, with and without script."""

import pytest
from playwright.sync_api import expect

from campaigns.models import Batch
from config import sweep
from orders.models import Message, Order
from payments.models import Payment
from tests.browser import journeys
from tests.browser.conftest import DESKTOP, PHONE
from tests.concurrency.racing import assert_invariants

pytestmark = pytest.mark.django_db(transaction=True)

EVERYWHERE = pytest.mark.parametrize(
    "options",
    [
        pytest.param({"viewport": PHONE}, id="phone"),
        pytest.param({"viewport": DESKTOP}, id="desktop"),
        pytest.param({"viewport": PHONE, "java_script_enabled": False}, id="no-script"),
    ],
)


@EVERYWHERE
def test_choose_order_pay_and_follow(visitor, options):
    variant = journeys.open_campaign().variants.first()
    page = visitor(**options).new_page()

    order = journeys.order(page, variant)
    expect(page.locator("h1")).to_contain_text("Rp 203.000")
    journeys.pay(page)

    order.refresh_from_db()
    assert order.status == Order.Status.CONFIRMED
    assert order.amount_paid == order.total == 203_000
    assert order.phone == "+6281234567890"
    expect(page.locator("main")).to_contain_text(order.number)
    sweep.run()
    assert sorted(Message.objects.values_list("kind", "state")) == [
        ("order_confirmed", "sent"),
        ("order_placed", "sent"),
    ]
    assert_invariants()


@EVERYWHERE
def test_cancel_returns_exactly_what_was_shown(visitor, options):
    variant = journeys.open_campaign().variants.first()
    page = visitor(**options).new_page()
    order = journeys.order(page, variant)
    journeys.pay(page)

    page.goto(f"/o/{order.token}/cancellation/")
    shown = page.locator(".sums .total dd").inner_text()
    page.locator("button.btn-danger").click()
    page.wait_for_url(f"**/o/{order.token}/")
    sweep.run()

    order.refresh_from_db()
    assert shown == "Rp\N{NO-BREAK SPACE}203.000"
    assert order.status == Order.Status.CANCELED
    assert order.amount_refunded == 203_000
    assert Batch.objects.get().taken == 0
    assert_invariants()


def test_an_empty_form_shows_a_focused_summary_whose_links_lead_to_the_fields(visitor):
    variant = journeys.open_campaign().variants.first()
    page = visitor().new_page()
    journeys.choose(page, variant)
    page.fill("[name=name]", "Ani Wijaya")

    journeys.send_order(page)

    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    links = summary.locator("a").all()
    for link in links:
        target = link.get_attribute("href")
        assert page.locator(target).count() == 1, target
    assert len(links) >= 7
    assert page.input_value("[name=name]") == "Ani Wijaya"
    assert Order.objects.count() == 0


def test_two_quick_taps_are_one_order(visitor):
    variant = journeys.open_campaign().variants.first()
    page = visitor().new_page()
    journeys.choose(page, variant)
    journeys.fill_in(page)

    page.locator("form.form button.btn-wide").dblclick(no_wait_after=True)
    page.wait_for_url("**/pay/")

    assert Order.objects.count() == 1
    assert Payment.objects.count() == 1
    assert Message.objects.count() == 1


def test_back_and_sending_again_leads_to_the_same_order(visitor):
    variant = journeys.open_campaign().variants.first()
    page = visitor().new_page()
    order = journeys.order(page, variant)

    page.go_back()
    page.locator("[name=terms]").check()
    journeys.send_order(page)
    page.wait_for_url("**/pay/")

    assert page.url.endswith(f"/o/{order.token}/pay/")
    assert Order.objects.count() == 1


def test_the_last_unit_goes_to_one_of_two_and_the_other_is_told(visitor):
    campaign = journeys.open_campaign(capacity=1)
    variant = campaign.variants.first()
    winner, loser = (visitor().new_page() for _ in range(2))
    for page, email in ((winner, "a@example.com"), (loser, "b@example.com")):
        journeys.choose(page, variant)
        journeys.fill_in(page, email=email)
    loser.fill("[name=phone]", "0813 1111 2222")

    journeys.send_order(winner)
    winner.wait_for_url("**/pay/")
    with loser.expect_response("**/checkout/**") as answer:
        journeys.send_order(loser)

    assert answer.value.status == 409
    expect(loser.locator("[role=alert]").first).to_contain_text("0")
    assert Order.objects.get().email == "a@example.com"


def test_the_language_switch_keeps_the_page_and_what_was_chosen(visitor):
    variant = journeys.open_campaign().variants.first()
    page = visitor().new_page()
    journeys.choose(page, variant)
    query = page.url.partition("?")[2]

    page.locator(".site-nav a[hreflang=en]").click()

    assert page.url.partition("?")[2] == query
    assert "/en/c/kaos-kawung/checkout/" in page.url
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("main")).to_contain_text("Place order")


def test_no_page_breaks_the_content_security_policy(visitor):
    variant = journeys.open_campaign().variants.first()
    page = visitor().new_page()
    complaints = []
    page.on("console", lambda line: complaints.append(line.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.goto("/id/")
    order = journeys.order(page, variant)
    journeys.pay(page)
    page.goto(f"/o/{order.token}/cancellation/")

    assert complaints == []
