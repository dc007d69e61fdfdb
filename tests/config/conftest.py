"""Two sellers, made once for all the tests of a file."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.config.admin_world import World


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Made once; what a test changes is rolled back to here."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)
