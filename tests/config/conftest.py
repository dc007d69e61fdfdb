"""Two sellers, made once for all the tests of a file; and what the shop logs."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from config.logs import DiscreetFormatter
from tests.config.admin_world import World


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Made once; what a test changes is rolled back to here."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the shop's own handler writes from now on."""
    handlers = [
        handler
        for handler in logging.root.handlers
        if isinstance(handler.formatter, DiscreetFormatter)
    ]
    (console,) = handlers
    written = io.StringIO()
    monkeypatch.setattr(console, "stream", written)
    return written
