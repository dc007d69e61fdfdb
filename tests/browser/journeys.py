"""What people do on the pages, step by step."""

from playwright.sync_api import Page

from campaigns.models import Batch, Campaign, Variant
from orders.models import Order
from tests.factories import (
    make_batch,
    make_campaign,
    make_picture,
    make_shipping_option,
    make_variant,
    picture_file,
)


def open_campaign(*, capacity: int = 10, sizes: str = "ML", **overrides) -> Campaign:
    """A campaign with a picture, two sizes at Rp 185.000 and shipping at Rp 18.000."""
    campaign = make_campaign(title="Kaos Kawung", slug="kaos-kawung", **overrides)
    make_picture(campaign=campaign, file=picture_file((800, 600)))
    for size in sizes:
        make_variant(campaign=campaign, options={"Ukuran": size})
    make_batch(campaign=campaign, capacity=capacity)
    make_shipping_option(seller=campaign.seller, base_price=18_000)
    return campaign


def choose(page: Page, variant: Variant) -> None:
    """From the campaign page to the checkout page with one unit."""
    page.goto(f"/id/c/{variant.campaign.slug}/")
    page.locator(f"label:has(input[name=variant][value='{variant.pk}'])").click()
    page.locator("form#order button.btn").last.click()
    page.wait_for_url("**/checkout/**")


def fill_in(page: Page, *, email: str = "ani@example.com") -> None:
    page.fill("[name=name]", "Ani Wijaya")
    page.fill("[name=phone]", "0812-3456-7890")
    if email:
        page.fill("[name=email]", email)
    page.fill("[name=address]", "Jalan Braga 1, RT 2/RW 3")
    page.select_option("[name=province]", "Jawa Barat")
    page.select_option("[name=city]", "Kota Bandung")
    page.fill("[name=district]", "Sumur Bandung")
    page.fill("[name=postal_code]", "40111")
    page.locator("[name=shipping]").first.check()
    page.locator("[name=payment]").first.check()
    page.locator("[name=terms]").check()


def send_order(page: Page) -> None:
    page.locator("form.form button.btn-wide").click()


def order(page: Page, variant: Variant, **buyer: str) -> Order:
    """Choose, fill in, send; ends on the pay page."""
    choose(page, variant)
    fill_in(page, **buyer)
    send_order(page)
    page.wait_for_url("**/pay/")
    return Order.objects.latest("pk")


def pay(page: Page) -> None:
    """From the pay page through the hosted page, back to the order's page."""
    page.locator("a[href^='/sandbox/']").click()
    page.locator("button[name=ending][value=pay]").click()
    page.wait_for_url("**/o/*/")


def batch_of(campaign: Campaign) -> Batch:
    return campaign.batches.get()
