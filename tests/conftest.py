"""What every test shares: only loopback sockets, one Redis server, one browser."""

import gc
import ipaddress
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import TransactionTestCase

from campaigns import drawing
from tests import invariants, servers
from tests.chromium import find_chromium
from tests.doubles import stripe_double
from tests.doubles.stripe_double import StripeDouble
from tests.flush import empty_filled_tables

MARKED_FOLDERS = ("browser", "concurrency", "faults")
NO_CHROMIUM = "no Chromium found (install chromium or set CHROME_PATH)"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long", action="store_true", help="also run tests that take minutes"
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    tests = Path(__file__).parent
    for item in items:
        folder = item.path.relative_to(tests).parts[0]
        if folder in MARKED_FOLDERS:
            item.add_marker(folder)
    _skip_browser_tests_without_a_browser(items)
    if not config.getoption("long"):
        _leave_out(config, items, "long")
    if connection.vendor == "sqlite":
        _leave_out(config, items, "postgres")


def pytest_collection_finish() -> None:
    keep_what_is_there()
    gc.set_threshold(50_000, 20, 20)


def keep_what_is_there() -> None:
    """What was imported stays: it need not be looked through for waste each time."""
    gc.collect()
    gc.freeze()


def _skip_browser_tests_without_a_browser(items: list[pytest.Item]) -> None:
    if find_chromium():
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


def _leave_out(config: pytest.Config, items: list[pytest.Item], marker: str) -> None:
    left_out = [item for item in items if item.get_closest_marker(marker)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


class BlockedConnection(Exception):
    """A test tried to reach a host other than this machine."""


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """Nothing a test does leaves this machine."""

    def guard(name: str) -> Any:
        original = getattr(socket.socket, name)

        def connect(self: socket.socket, address: Any) -> Any:
            is_internet = self.family in (socket.AF_INET, socket.AF_INET6)
            if is_internet and not _is_this_machine(address[0]):
                self.close()
                raise BlockedConnection(address)
            return original(self, address)

        return connect

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, guard(name))
        yield


@pytest.fixture(autouse=True, scope="session")
def quick_flush() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_filled_tables)
        yield


@pytest.fixture(autouse=True)
def nothing_is_drawn_yet() -> None:
    """What a test changes in settings would not be seen in what another has drawn."""
    drawing.forget()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        invariants.learn()
    keep_what_is_there()  # Migrations leave a lot behind.


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A REDIS_URL for tests that need the real thing."""
    with servers.valkey() as url:
        yield url


@pytest.fixture(scope="session")
def stripe_process() -> Iterator[StripeDouble]:
    """One Stripe for the whole run, in a process of its own."""
    with stripe_double.running() as double:
        yield double


@pytest.fixture
def stripe(stripe_process: StripeDouble, settings: Any) -> StripeDouble:
    """A Stripe without memory, and a shop that is connected to it."""
    stripe_process.start_anew()
    settings.PAYMENT_GATEWAYS = ["sandbox", "stripe"]
    settings.STRIPE_SECRET_KEY = stripe_double.KEY
    settings.STRIPE_WEBHOOK_SECRETS = [stripe_double.SECRET]
    settings.STRIPE_API_BASE = stripe_process.url
    return stripe_process


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium to launch; the test is skipped where there is none."""
    path = find_chromium()
    if path is None:
        pytest.skip(NO_CHROMIUM)
    return path


@pytest.fixture
def measured(
    request: pytest.FixtureRequest,
    record_testsuite_property: Callable[[str, object], None],
) -> Callable[[str, object], None]:
    """Keeps a number for the report of the run; no test passes or fails by it."""
    name = request.node.name
    return lambda what, value: record_testsuite_property(f"{name}: {what}", value)
