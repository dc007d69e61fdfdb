"""Real web servers over the test's own database."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.concurrency.crowd import SERVERS, shop_server
from tests.web import Server


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest, django_db_setup: None) -> Iterator[Server]:
    """One gunicorn for all tests that ask for it, for each kind of worker."""
    with shop_server(request.param) as running:
        yield running


@pytest.fixture
def server_without() -> Iterator[Callable[[str], Server]]:
    """Starts a gunicorn whose shop lacks the guard of this name."""
    with ExitStack() as running:
        yield lambda hole: running.enter_context(shop_server("gthread", HOLE=hole))
