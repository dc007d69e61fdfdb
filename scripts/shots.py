"""Screenshots of the buyer's pages of a running demo, on a phone and a desk.

make demo                      in one terminal
make shots                     in another (BASE_URL= for another address)

Walks the road once (campaign, checkout, pay, status) and places one sandbox order. The
question about a delay is that of the demo's campaign in production; the answers are on
its seller's page.
"""

import io
import os
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.chromium import find_chromium

BASE_URL = os.environ.get("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
PASSWORD = "demo"  # noqa: S105  of the demo alone
QUALITY = 70
SIZES = {"phone": (360, 740), "desktop": (1280, 900)}
CAMPAIGN = "/id/c/kaos-batik/"
DELAYED = "Selendang Kawung Soga, kloter 1"
BUYER = {
    "name": "Ani Wijaya",
    "phone": "0812 3456 7890",
    "email": "ani@example.com",
    "address": "Jalan Braga 1, RT 2/RW 3",
    "district": "Sumur Bandung",
    "postal_code": "40111",
}


def walk(page: Page, device: str) -> None:
    """Each page of the road, photographed before it is left."""
    page.goto(f"{BASE_URL}/id/")
    shoot(page, "home", device)
    page.goto(BASE_URL + CAMPAIGN)
    shoot(page, "campaign", device)
    page.locator("label:has(input[name=variant]:enabled)").first.click()
    page.locator("form#order button.btn").last.click()
    page.wait_for_url("**/checkout/**")
    fill_in(page)
    shoot(page, "checkout", device)
    page.locator("form.form button.btn-wide").click()
    page.wait_for_url("**/pay/")
    shoot(page, "pay", device)
    page.locator("a[href^='/sandbox/']").click()
    page.locator("button[name=ending][value=pay]").click()
    page.wait_for_url("**/o/*/")
    shoot(page, "status", device)


def ask_about_the_delay(page: Page, device: str) -> None:
    """The seller's page with the answers, then the page of who has not answered."""
    page.goto(f"{BASE_URL}/admin/login/?next=/admin/campaigns/batch/")
    page.fill("[name=username]", "nila")
    page.fill("[name=password]", PASSWORD)
    page.locator("[type=submit]").click()
    page.locator("#result_list a", has_text=DELAYED).click()
    answers = page.locator("section:has(#announcements-heading)")
    if device == "desktop":
        keep(answers.screenshot(), "answers", device)
    answers.locator("a[href*='delay=open']").first.click()
    page.locator("#result_list tbody th a").first.click()
    page.goto(
        BASE_URL + str(page.locator("a[href*='/admin/r/']").get_attribute("href"))
    )
    page.locator("a[href*='/decision/']").click()
    shoot(page, "decision", device)


def fill_in(page: Page) -> None:
    for name, text in BUYER.items():
        page.fill(f"[name={name}]", text)
    page.select_option("[name=province]", "Jawa Barat")
    page.select_option("[name=city]", "Kota Bandung")
    for name in ("shipping", "payment", "terms"):
        page.locator(f"[name={name}]").first.check()


def shoot(page: Page, name: str, device: str) -> None:
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
    # A bar that sticks to the window would lie across the middle of a long picture.
    page.evaluate("document.querySelector('.buy-bar')?.remove()")
    keep(page.screenshot(full_page=True), name, device)


def keep(picture: bytes, name: str, device: str) -> None:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.save(FOLDER / f"{name}-{device}.webp", quality=QUALITY, method=6)
    print(f"docs/screenshots/{name}-{device}.webp")


def on_each_device(browser: Browser) -> None:
    for device, (width, height) in SIZES.items():
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="id-ID",
            timezone_id="Asia/Jakarta",
        )
        walk(context.new_page(), device)
        ask_about_the_delay(context.new_page(), device)
        context.close()


def main() -> int:
    chromium = find_chromium()
    if chromium is None:
        print("No Chromium found: install it or set CHROME_PATH.", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start as root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        on_each_device(browser)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
