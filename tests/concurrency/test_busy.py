"""While one transaction holds the batch: pages are read, orders wait or are told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.test import Client

from campaigns.models import Batch
from orders.models import Message, Order
from payments.models import Payment
from tests.concurrency.racing import PATIENCE_SECONDS, assert_invariants
from tests.drafts import make_offer, new_key
from tests.web import checkout_path, order_fields

pytestmark = pytest.mark.django_db(transaction=True)

SHORT_PATIENCE_MS = 200


@contextmanager
def batch_in_other_hands(batch: Batch) -> Iterator[None]:
    """Another connection holds the row; on SQLite it is the database's one writer."""
    taken, give_back = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Batch.objects.locked(batch.pk)
            taken.set()
            give_back.wait(PATIENCE_SECONDS)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(PATIENCE_SECONDS)
    try:
        yield
    finally:
        give_back.set()
        holder.join()


@contextmanager
def short_patience() -> Iterator[None]:
    """A wait for a lock ends soon, as it ends after seconds in a shop."""
    is_sqlite = connection.vendor == "sqlite"
    setting = "PRAGMA busy_timeout = {}" if is_sqlite else "SET lock_timeout = {}"
    with connection.cursor() as cursor:
        cursor.execute(setting.format(SHORT_PATIENCE_MS))
        try:
            yield
        finally:
            cursor.execute(setting.format(5000))


def order_from(client: Client, batch: Batch, key: str, **buyer: str):
    variant = batch.allotments.values_list("variant", flat=True).get()
    fields = order_fields(batch, variant) | {"submit_key": key} | buyer
    return client.post(checkout_path(batch.campaign), fields)


def test_pages_never_wait_for_the_batch(client):
    batch = make_offer()
    variant = batch.allotments.values_list("variant", flat=True).get()
    basket = {"batch": "1", f"quantity-{variant}": "1"}

    with batch_in_other_hands(batch), short_patience():
        campaign = client.get(f"/id/c/{batch.campaign.slug}/")
        checkout = client.get(checkout_path(batch.campaign), basket)

    assert (campaign.status_code, checkout.status_code) == (200, 200)


def test_a_busy_order_is_told_so_and_its_retry_is_one_order(client):
    batch, key = make_offer(), new_key()
    buyer = {"email": "ani@example.com", "phone": "+6281234567890"}

    with batch_in_other_hands(batch), short_patience():
        busy = order_from(client, batch, key, **buyer)
    nothing = (Order.objects.count(), Batch.objects.get().taken)
    first = order_from(client, batch, key, **buyer)
    second = order_from(client, batch, key, **buyer)

    assert (busy.status_code, busy["Retry-After"]) == (503, "5")
    assert f'value="{key}"' in busy.content.decode()
    assert 'value="ani@example.com"' in busy.content.decode()
    assert nothing == (0, 0)
    assert first.status_code == second.status_code == 303
    assert first.url == second.url
    assert Order.objects.get().submit_key == key
    assert Payment.objects.count() == Message.objects.count() == 1
    assert Batch.objects.get().taken == 1
    assert_invariants()


def test_control_a_retry_under_another_key_is_a_second_order(client):
    batch, key = make_offer(), new_key()
    buyer = {"email": "ani@example.com", "phone": "+6281234567890"}

    order_from(client, batch, key, **buyer)
    order_from(client, batch, new_key(), **buyer)

    assert Order.objects.count() == 2
