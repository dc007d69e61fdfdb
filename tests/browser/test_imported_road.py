"""From a product file to a followed order: import, publish, open, buy."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns.models import Batch, Campaign
from config import sweep
from orders.models import Message, Order
from tests.browser import journeys
from tests.browser.conftest import DESKTOP
from tests.concurrency.racing import assert_invariants
from tests.factories import make_seller, make_shipping_option, picture_file

pytestmark = pytest.mark.django_db(transaction=True)

PRODUCTS = Path(__file__).parents[1] / "campaigns" / "data" / "batik.csv"


def test_an_imported_product_is_published_ordered_paid_and_followed(visitor, tmp_path):
    make_shipping_option(seller=make_seller(slug="nila"), base_price=18_000)
    call_command("import_products", str(PRODUCTS), seller="nila")
    campaign = Campaign.objects.get(slug="kaos-batik")
    staff = sign_in(visitor(viewport=DESKTOP).new_page())

    complete(staff, campaign, tmp_path)
    add_batch(staff, campaign)
    take_step(staff, campaign.batches.get(), "open")
    take_step(staff, campaign, "publish")
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


def sign_in(page: Page) -> Page:
    User.objects.create_superuser("admin", password="demo")
    page.goto("/admin/login/?next=/admin/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", "demo")
    page.locator("[type=submit]").click()
    return page


def complete(page: Page, campaign: Campaign, folder: Path) -> None:
    """What a product file cannot say: a picture that is ours, and the materials."""
    picture = folder / "kaos.png"
    picture.write_bytes(picture_file((1200, 900)).read())
    page.goto(f"/admin/campaigns/campaign/{campaign.pk}/change/")
    page.fill("[name=materials]", "Katun 24s")
    page.set_input_files("[name=pictures-0-file]", picture)
    page.fill("[name=pictures-0-alt]", "Kaos batik di atas meja")
    save(page)


def add_batch(page: Page, campaign: Campaign) -> None:
    today = timezone.localdate()
    page.goto(f"/admin/campaigns/batch/add/?campaign={campaign.pk}")
    page.fill("[name=number]", "1")
    page.fill("[name=capacity]", "20")
    fill_moment(page, "opens_at", today - timedelta(days=1))
    fill_moment(page, "closes_at", today + timedelta(days=7))
    for name, days in (("ships_from", 30), ("ships_until", 35)):
        page.fill(f"[name={name}]", str(today + timedelta(days=days)))
    save(page)


def fill_moment(page: Page, name: str, day) -> None:
    page.fill(f"[name={name}_0]", str(day))
    page.fill(f"[name={name}_1]", "09:00")


def save(page: Page) -> None:
    page.locator("[name=_save]").click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def take_step(page: Page, row: Batch | Campaign, name: str) -> None:
    model = type(row).__name__.lower()
    page.goto(f"/admin/campaigns/{model}/{row.pk}/change/")
    page.locator(f".object-tools a[href$='/{name}/']").click()
    page.locator("form[method=post] [type=submit].default").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
