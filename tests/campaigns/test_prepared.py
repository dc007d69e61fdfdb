"""Prepared queries return what their querysets would, each time anew."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Model, QuerySet
from django.db.transaction import TransactionManagementError

from campaigns.models import Allotment, Batch, Picture, Seller, ShippingOption
from campaigns.prepared import Prepared, given
from orders import lifecycle, pages
from orders.models import Order, OrderLine
from orders.models.line import LINES_OF_ORDER
from payments import attempts, pay_page
from payments.checkout import basket
from payments.checkout import page as checkout_page
from payments.ledger import books
from payments.models import LedgerEntry, Payment
from tests.concurrency.racing import race
from tests.drafts import make_offer, payment_of, place_order, place_paid
from tests.factories import make_order, make_picture, make_seller

BY_SLUG = Prepared(lambda: Seller.objects.filter(slug=given("slug")))


def lookups(order: Order) -> dict[str, tuple[list[Any], QuerySet[Any]]]:
    """By name, what a prepared query of the shop found, and its plain queryset."""
    batch, campaign = order.batch, order.batch.campaign
    payments = Payment.objects.filter(order=order.pk)
    variants = {"variant_0": order.lines.get().variant_id, "variant_1": 0}
    wanted = {"batch": batch.pk, "campaign": campaign.pk} | variants
    seller = {"seller": campaign.seller_id, "currency": "IDR"}
    return {
        "page": (
            pages.PAGE.all(token=order.token),
            Order.objects.for_page().filter(pk=order.pk),
        ),
        "door": (
            pages.DOOR.all(token=order.token),
            Order.objects.for_door().filter(pk=order.pk),
        ),
        "locked": (
            lifecycle.LOCKED.all(order=order.pk),
            Order.objects.select_related("batch__campaign__seller").filter(pk=order.pk),
        ),
        "lines": (
            LINES_OF_ORDER.all(key=order.pk),
            OrderLine.objects.filter(order=order),
        ),
        "checkout": (
            checkout_page.NUMBERED.all(slug=campaign.slug, number=1),
            Batch.objects.at(campaign.slug).filter(number=1),
        ),
        "couriers": (
            checkout_page.COURIERS.all(**seller),
            ShippingOption.objects.filter(**seller, active=True),
        ),
        "picture": (
            checkout_page.FIRST_PICTURE.all(campaign=campaign.pk),
            Picture.objects.filter(campaign=campaign)[:1],
        ),
        "allotments": (
            basket._of_variants(2).all(**wanted),
            Allotment.objects.of([batch]).filter(variant__in=variants.values()),
        ),
        "attempts": (
            pay_page.ATTEMPTS.all(order=order.pk),
            payments.select_related("bank_account"),
        ),
        "newest": (attempts.NEWEST.all(order=order.pk), payments.order_by("-pk")[:1]),
        "booked": (
            books.BOOKED.all(payment=payment_of(order).pk),
            LedgerEntry.objects.filter(order=order).only("kind", "refund", "dispute"),
        ),
    }


@pytest.mark.django_db
def test_a_prepared_query_finds_the_rows_of_its_queryset_with_all_their_values() -> (
    None
):
    batch = make_offer(variants=2)
    make_picture(campaign=batch.campaign)
    make_picture(campaign=batch.campaign)
    place_paid(batch)
    order = place_paid(batch, units=[2])

    found = lookups(order)

    assert {name: len(rows) for name, (rows, _queryset) in found.items()} == (
        dict.fromkeys(found, 1)
    )
    for name, (rows, queryset) in found.items():
        assert [known(row) for row in rows] == [known(row) for row in queryset], name


def known(row: Model) -> dict[str, Any]:
    """All that was read of a row and of the rows it leads to, by column."""
    columns = {
        name: value for name, value in vars(row).items() if not name.startswith("_")
    }
    columns.pop("clock", None)
    joined = {
        name: known(other)
        for name, other in row._state.fields_cache.items()
        if isinstance(other, Model)
    }
    return columns | joined


@pytest.mark.django_db
def test_the_lines_of_a_page_are_read_with_it(
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    order = place_order(make_offer(variants=2), units=[1, 2])

    with django_assert_num_queries(2):
        found = pages.PAGE.get(token=order.token)
        quantities = [line.quantity for line in found.lines.all()]

    assert quantities == [1, 2]
    assert found.batch.campaign.seller == order.batch.campaign.seller


@pytest.mark.django_db
def test_what_a_join_does_not_find_is_none() -> None:
    order = place_order(make_offer())

    attempt = pay_page.ATTEMPTS.get(order=order.pk)

    assert attempt._state.fields_cache == {"bank_account": None}
    assert attempt.bank_account is None


@pytest.mark.django_db
def test_each_run_reads_the_row_as_it_is_then() -> None:
    seller = make_seller(name="Nila")
    BY_SLUG.get(slug=seller.slug)
    Seller.objects.filter(pk=seller.pk).update(name="Kunyit")

    assert BY_SLUG.get(slug=seller.slug).name == "Kunyit"


@pytest.mark.django_db
def test_a_row_that_was_read_can_be_saved() -> None:
    seller = make_seller(name="Nila")
    found = BY_SLUG.get(slug=seller.slug)
    found.name = "Kunyit"
    found.save()

    seller.refresh_from_db()
    assert (seller.name, Seller.objects.count()) == ("Kunyit", 1)


@pytest.mark.django_db
def test_none_or_several_rows_are_not_one() -> None:
    make_seller(name="Nila")
    make_seller(name="Nila")
    by_name = Prepared(lambda: Seller.objects.filter(name=given("name")))

    with pytest.raises(Seller.DoesNotExist):
        by_name.get(name="Kunyit")
    with pytest.raises(Seller.MultipleObjectsReturned):
        by_name.get(name="Nila")
    assert by_name.first(name="Kunyit") is None
    assert len(by_name.all(name="Nila")) == 2


@pytest.mark.django_db
def test_a_prefetch_that_would_be_left_out_is_refused() -> None:
    query = Prepared(lambda: Order.objects.for_page())

    with pytest.raises(TypeError, match="Name what is read ahead"):
        query.all()


@pytest.mark.django_db
def test_a_run_gives_every_value() -> None:
    with pytest.raises(KeyError, match="slug"):
        BY_SLUG.all(name="nila")


@pytest.mark.django_db
def test_what_is_given_is_never_part_of_the_sql() -> None:
    make_seller(slug="nila")

    with pytest.raises(Seller.DoesNotExist):
        BY_SLUG.get(slug="nila' OR '1'='1")


@pytest.mark.django_db(transaction=True)
def test_a_lock_outside_of_a_transaction_is_refused() -> None:
    order = make_order()
    with transaction.atomic():
        lifecycle.LOCK.get(order=order.pk)

    with pytest.raises(TransactionManagementError):
        lifecycle.LOCK.get(order=order.pk)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite locks the file")
def test_a_lock_is_part_of_the_sql() -> None:
    place_paid(make_offer())

    assert lifecycle.LOCK._plan.statement.sql.endswith("FOR NO KEY UPDATE")
    assert books.LOCKED._plan.statement.sql.endswith("FOR NO KEY UPDATE")


@pytest.mark.django_db(transaction=True)
def test_threads_read_each_its_own_order_and_lines() -> None:
    batch = make_offer(capacity=100)
    orders = [place_order(batch, units=[n]) for n in range(1, 9)]
    for query in (pages.PAGE, LINES_OF_ORDER):
        vars(query).pop("_plan", None)

    def read(order: Order, units: int) -> None:
        for _again in range(20):
            found = pages.PAGE.get(token=order.token)
            lines = [(line.order_id, line.quantity) for line in found.lines.all()]
            assert (found.pk, lines) == (order.pk, [(order.pk, units)])

    runners: list[Callable[[], None]] = [
        partial(read, order, n) for n, order in enumerate(orders, start=1)
    ]

    assert race(runners) == {"ok": 8}


@pytest.mark.django_db
def test_no_prepared_query_of_the_shop_keeps_a_moment_or_a_text_of_a_request() -> None:
    place_paid(make_offer())

    kept = {
        value
        for module in list(sys.modules.values())
        for query in vars(module).values()
        if type(query) is Prepared and query is not BY_SLUG
        for value in query._plan.statement.parameters
        if not isinstance(value, type(given("any")))
    }

    assert kept == {Batch.Stage.DRAFT}
