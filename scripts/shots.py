"""Screenshots of a running demo, phone and desktop, into var/shots.

make demo                      in one terminal
make shots                     in another (BASE_URL= for another address)
make shots ARGS="/en/find/"    only these pages
"""

import os
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.chromium import find_chromium

BASE_URL = os.environ.get("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
FOLDER = Path(__file__).resolve().parent.parent / "var" / "shots"
PAGES = (
    "/id/",
    "/id/c/kaos-batik/",
    "/id/s/nila/",
    "/id/find/",
    "/en/",
    "/en/c/kaos-batik/",
    "/admin/login/",
)
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}


def shoot(browser: Browser, pages: list[str]) -> None:
    for device, (width, height) in SIZES.items():
        view = browser.new_page(viewport={"width": width, "height": height})
        for path in pages:
            response = view.goto(BASE_URL + path, wait_until="load")
            name = f"{path.strip('/').replace('/', '-') or 'root'}-{device}.png"
            view.screenshot(path=FOLDER / name, full_page=True)
            print(
                f"{response.status if response else '???'} {path} -> var/shots/{name}"
            )
        view.close()


def main(pages: list[str]) -> int:
    chromium = find_chromium()
    if chromium is None:
        print(
            "No Chromium found: install chromium or set CHROME_PATH.", file=sys.stderr
        )
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not start as root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        shoot(browser, pages)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(PAGES)))
