"""One Chromium and one shop on gunicorn, for all tests of this folder."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.web import gunicorn

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]

# Playwright's event loop lives in this thread; Django's queries are plain calls in it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    # Chromium's own sandbox does not start as root.
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def shop(django_db_setup: None) -> Iterator[str]:
    """The address of a running shop over the database of the tests."""
    # A seller without a bank account offers the first of them alone.
    ways = {"TEST_PAYMENT_GATEWAYS": "sandbox,bank_transfer"}
    with gunicorn("config.wsgi", "--workers", "2", "--preload", **ways) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def visitor(
    browser: Browser, shop: str, transactional_db: None
) -> Iterator[Callable[..., BrowserContext]]:
    """Opens the browser of one more person; options are Playwright's."""
    contexts: list[BrowserContext] = []

    def open_browser(**options: Any) -> BrowserContext:
        defaults = {"viewport": PHONE, "locale": "id-ID", "timezone_id": "Asia/Jakarta"}
        context = browser.new_context(base_url=shop, **defaults | options)
        contexts.append(context)
        return context

    yield open_browser
    for context in contexts:
        context.close()
