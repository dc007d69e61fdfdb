"""Statements of each step of a purchase: numbers to be changed knowingly."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.models import Order
from payments.models import Payment
from tests.factories import checkout_data, make_shop

pytestmark = pytest.mark.django_db(transaction=True)

READS_AND_WRITES = ("SELECT", "INSERT", "UPDATE")


@contextmanager
def statements(expected: int) -> Iterator[None]:
    """All but those that begin and end a transaction."""
    with CaptureQueriesContext(connection) as captured:
        yield
    # PostgreSQL's parts of a union stand in brackets.
    found = [query["sql"].lstrip(" \n(") for query in captured]
    found = [sql for sql in found if sql.startswith(READS_AND_WRITES)]
    assert len(found) == expected, "\n".join(found)


def test_a_purchase_costs_these_statements(client):
    batch = make_shop()
    data = checkout_data(batch)
    page = f"/id/c/{batch.campaign.slug}/"
    cache.clear()  # Of the seller's record, which is kept for minutes.

    with statements(11):
        client.get(page)
    with statements(4):
        client.get(f"{page}checkout/", data)
    with statements(14):
        placed = client.post(f"{page}checkout/", data)
    with statements(4):
        client.get(placed.url)
    payment = Payment.objects.get()
    with statements(4):
        paid = client.post(payment.redirect_url, {"ending": "pay"})
    with statements(19):
        client.get(urlsplit(paid.url).path)

    assert Order.objects.get().status == Order.Status.CONFIRMED
