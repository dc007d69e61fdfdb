"""What staff do in the admin, step by step, with real clicks."""

from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaigns.models import Batch, Campaign, Membership, Seller
from tests.factories import picture_file

PASSWORD = "demo"


def make_owner(seller: Seller) -> User:
    user = User.objects.create_user(seller.slug, password=PASSWORD, is_staff=True)
    Membership.objects.create(seller=seller, user=user, role=Membership.Role.OWNER)
    return user


def sign_in(page: Page, username: str) -> Page:
    page.goto("/admin/login/?next=/admin/")
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.locator("[type=submit]").click()
    expect(page.locator("#user-tools")).to_be_visible()
    return page


def new_campaign(page: Page, folder: Path) -> Campaign:
    """Words, facts, one picture and two variants, on one page."""
    page.goto("/admin/campaigns/campaign/add/")
    page.fill("[name=title]", "Tas Lurik")
    page.fill("[name=materials]", "Lurik katun tenun tangan")
    sellers = page.locator("select[name=seller]")
    if sellers.count():
        sellers.select_option(index=1)
    add_picture(page, folder)
    for n, color in enumerate(("Merah", "Biru")):
        add_row(page, "variants", n)
        page.fill(f"[name=variants-{n}-options]", f"Warna: {color}")
        page.fill(f"[name=variants-{n}-price]", "150000")
    save(page)
    return Campaign.objects.get(slug="tas-lurik")


def add_row(page: Page, prefix: str, n: int) -> None:
    if not page.locator(f"[name={prefix}-{n}-price]").count():
        page.locator(f"#{prefix}-group .add-row a").click()


def add_picture(page: Page, folder: Path) -> None:
    picture = folder / "foto.png"
    picture.write_bytes(picture_file((1200, 900)).read())
    page.set_input_files("[name=pictures-0-file]", picture)
    page.fill("[name=pictures-0-alt]", "Contoh barang di atas meja")


def complete(page: Page, campaign: Campaign, folder: Path) -> None:
    """What a product file cannot say: a picture that is ours, and the materials."""
    page.goto(f"/admin/campaigns/campaign/{campaign.pk}/change/")
    page.fill("[name=materials]", "Katun 24s")
    add_picture(page, folder)
    save(page)


def add_batch(page: Page, campaign: Campaign) -> Batch:
    today = timezone.localdate()
    page.goto(f"/admin/campaigns/batch/add/?campaign={campaign.pk}")
    page.fill("[name=number]", "1")
    page.fill("[name=capacity]", "20")
    fill_moment(page, "opens_at", today - timedelta(days=1))
    fill_moment(page, "closes_at", today + timedelta(days=7))
    days = {
        "production_starts_on": 8,
        "production_ends_on": 20,
        "ships_from": 30,
        "ships_until": 35,
    }
    for name, after in days.items():
        page.fill(f"[name={name}]", str(today + timedelta(days=after)))
    save(page)
    return campaign.batches.get()


def fill_moment(page: Page, name: str, day) -> None:
    page.fill(f"[name={name}_0]", str(day))
    page.fill(f"[name={name}_1]", "09:00")


def save(page: Page) -> None:
    page.locator("[name=_save]").click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def take_step(page: Page, address: str, step: str, **fields: str) -> None:
    """From the row's page through the step's confirmation page."""
    page.goto(f"/admin/{address}/change/")
    page.locator(f".object-tools a[href$='/{step}/']").click()
    for name, value in fields.items():
        field = page.locator(f"[name={name}]")
        is_choice = field.evaluate("field => field.tagName") == "SELECT"
        field.select_option(value) if is_choice else field.fill(value)
    page.locator("form[method=post] [type=submit].default").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
