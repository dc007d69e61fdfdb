"""A deposit now, the balance when production starts, and a receipt of both."""

import io
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from campaigns.models import Batch
from orders.models import Message, Order
from payments import balances
from tests.browser import journeys
from tests.browser.conftest import PHONE
from tests.concurrency.racing import assert_invariants
from tests.payments.deposits import start_production

pytestmark = pytest.mark.django_db(transaction=True)

# Of Rp 203.000; both with a no-break space.
DEPOSIT, BALANCE = "Rp\xa061.000", "Rp\xa0142.000"


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"viewport": PHONE}, id="phone"),
        pytest.param({"viewport": PHONE, "java_script_enabled": False}, id="no-script"),
    ],
)
def test_a_deposit_becomes_a_paid_order_with_a_receipt(visitor, options):
    campaign = journeys.open_campaign(
        plan="deposit",
        deposit_percent=30,
        balance_due_days=7,
        unpaid_balance="refund_less_deposit",
    )
    page = visitor(**options).new_page()

    journeys.order(page, campaign.variants.first())
    expect(page.locator("h1")).to_contain_text(DEPOSIT)
    journeys.pay(page)
    start_production(Batch.objects.get())
    balances.remind_due()
    page.goto(pay_link())
    expect(page.locator("h1")).to_contain_text(BALANCE)
    pay_balance(page)
    page.locator("a[href$='/receipt/']").click()

    expect(page.locator("main")).to_contain_text(DEPOSIT)
    expect(page.locator("main")).to_contain_text(BALANCE)
    link = page.locator("a[href$='/receipt.pdf']").get_attribute("href")
    file = page.request.get(link)
    words = PdfReader(io.BytesIO(file.body())).pages[0].extract_text()
    assert "Rp 203.000" in words.replace("\xa0", " ")
    order = Order.objects.get()
    assert (order.status, order.still_due) == ("confirmed", 0)
    assert order.amount_paid == 203_000
    assert_invariants()


def pay_link():
    """As the mail has it, opened at the address of this shop."""
    mail = Message.objects.get(kind="balance_due")
    [url] = re.findall(r"https?://\S+/pay/", mail.text)
    return urlsplit(url).path


def pay_balance(page):
    page.locator("form[action$='/pay/'] button.btn-wide").click()
    page.locator("button[name=ending][value=pay]").click()
    page.wait_for_url("**/o/*/")
