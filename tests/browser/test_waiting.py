"""From a sold-out page to a paid order, without JavaScript, by mails and links."""

import re

import pytest
from playwright.sync_api import expect

from config import sweep
from orders.models import Message, Order, WaitlistEntry
from tests.browser.journeys import batch_of, fill_in, open_campaign, pay
from tests.drafts import place_order
from tests.waiting import give_back, wait

pytestmark = pytest.mark.django_db(transaction=True)


def link_in(kind: str, email: str) -> str:
    """The secret link of the mail, as the buyer taps it."""
    text = Message.objects.get(kind=kind, to=email).text
    found = re.search(r"https?://[^\s/]+(/waitlist/\S+)", text)
    assert found
    return found.group(1)


def test_join_be_offered_accept_and_pay_without_javascript(visitor):
    campaign = open_campaign(capacity=1, sizes="M")
    order = place_order(batch_of(campaign))
    page = visitor(java_script_enabled=False).new_page()

    page.goto("/id/c/kaos-kawung/")
    page.locator("a[href*='/waitlist/']").click()
    page.fill("[name=email]", "ani@example.com")
    page.locator("form.form button.btn").click()
    page.goto(link_in("waitlist_joined", "ani@example.com"))
    expect(page.locator("a[href$='/departure/']")).to_be_visible()

    give_back(order)
    sweep.run()
    page.goto(link_in("waitlist_offer", "ani@example.com"))
    expect(page.locator("[name=email]")).to_have_count(0)
    fill_in(page, email="")
    page.locator("form.form button.btn-wide").click()
    page.wait_for_url("**/pay/")
    pay(page)
    sweep.run()

    bought = Order.objects.get(source="waitlist")
    assert (bought.status, bought.name) == ("confirmed", "Ani Wijaya")
    assert bought.email == "ani@example.com"
    assert WaitlistEntry.objects.get().state == "claimed"


def test_an_offer_is_declined_after_one_question_without_javascript(visitor):
    campaign = open_campaign(capacity=1, sizes="M")
    order = place_order(batch_of(campaign))
    wait(batch_of(campaign), email="ani@example.com")
    give_back(order)
    sweep.run()
    page = visitor(java_script_enabled=False).new_page()

    page.goto(link_in("waitlist_offer", "ani@example.com"))
    page.locator("a[href$='/departure/']").click()
    expect(page.locator("main")).to_contain_text("1 × ")
    assert WaitlistEntry.objects.get().state == "offered"
    with page.expect_navigation() as arrival:
        page.locator("form[action$='/departure/'] button").click()

    assert arrival.value.status == 200
    expect(page.locator("h1")).to_have_text("Kamu menolak tawaran")
    assert WaitlistEntry.objects.get().state == "declined"
