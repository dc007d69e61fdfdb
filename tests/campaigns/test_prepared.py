"""Prepared queries return what their querysets would, each time anew."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Model
from django.db.transaction import TransactionManagementError

from campaigns.models import Allotment, Batch, Picture, Seller, ShippingOption
from campaigns.prepared import Prepared, given
from orders import lifecycle, pages
from orders.models import Order, OrderLine, line
from payments import attempts, pay_page
from payments.checkout import basket
from payments.checkout import page as checkout_page
from payments.checkout import reading as checkout_reading
from payments.gateways import sandbox
from payments.ledger import books
from payments.models import LedgerEntry, Payment, SandboxPayment
from tests.concurrency.racing import race
from tests.drafts import make_offer, payment_of, place_order, place_paid
from tests.factories import make_order, make_picture, make_seller

BY_SLUG = Prepared(lambda: Seller.objects.filter(slug=given("slug")))


def of_the_shop() -> dict[str, Prepared[Any]]:
    """Every prepared query by its name, as in `orders.pages.ORDER_FOR_PAGE`."""
    return {
        f"{module.__name__}.{name}": query
        for module in list(sys.modules.values())
        for name, query in vars(module).items()
        if type(query) is Prepared and module.__name__ != __name__
    }


def querysets(order: Order) -> dict[Prepared[Any], tuple[dict[str, Any], Any]]:
    """What each prepared query is given here, and the rows that a queryset finds."""
    batch, campaign = order.batch, order.batch.campaign
    payment = payment_of(order)
    sessions = SandboxPayment.objects.filter(reference=payment.reference)
    payments = Payment.objects.filter(order=order.pk)
    orders, of_order = Order.objects.filter(pk=order.pk), {"order": order.pk}
    with_seller = orders.select_related("batch__campaign__seller")
    token, seller = {"token": order.token}, {"seller": campaign.seller_id}
    currency, batch_id = {"currency": "IDR"}, {"batch": batch.pk}
    entries = LedgerEntry.objects.filter(order=order)
    couriers = ShippingOption.objects.filter(**seller, **currency, active=True)
    return {
        pages.ORDER_FOR_PAGE: (token, with_seller.prefetch_related("lines")),
        pages.ORDER_FOR_DOOR: (token, orders.for_door()),
        lifecycle.LOCK_OF_ORDER: (of_order, orders.only("pk")),
        lifecycle.ORDER_WITH_SELLER: (of_order, with_seller),
        line.LINES_OF_ORDER: (of_order, OrderLine.objects.filter(order=order)),
        checkout_reading.BATCH_BY_NUMBER: (
            {"slug": campaign.slug, "number": 1},
            Batch.objects.at(campaign.slug).filter(number=1),
        ),
        checkout_page.COURIERS: (seller | currency, couriers),
        checkout_page.FIRST_PICTURE: (
            {"campaign": campaign.pk},
            Picture.objects.filter(campaign=campaign)[:1],
        ),
        basket.ALLOTMENTS_OF_BATCH: (
            batch_id | {"campaign": campaign.pk},
            Allotment.objects.of([batch]),
        ),
        pay_page.ATTEMPTS_OF_ORDER: (of_order, payments.select_related("bank_account")),
        attempts.NEWEST_PAYMENT: (of_order, payments.order_by("-pk")[:1]),
        books.PAYMENTS_TO_LOCK: (of_order, payments),
        books.ENTRIES_OF_PAYMENT: (
            {"payment": payment.pk},
            entries.only("kind", "refund", "dispute"),
        ),
        sandbox.SANDBOX_PAYMENT: ({"reference": payment.reference}, sessions),
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

    plain = querysets(order)

    assert set(of_the_shop().values()) == set(plain)
    for name, query in of_the_shop().items():
        values, queryset = plain[query]
        found = [known(row) for row in query.all(**values)]
        assert found == [known(row) for row in queryset], name
        assert found, name


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
        found = pages.ORDER_FOR_PAGE.get(token=order.token)
        quantities = [line.quantity for line in found.lines.all()]

    assert quantities == [1, 2]
    assert found.batch.campaign.seller == order.batch.campaign.seller


@pytest.mark.django_db
def test_what_a_join_does_not_find_is_none() -> None:
    order = place_order(make_offer())

    attempt = pay_page.ATTEMPTS_OF_ORDER.get(order=order.pk)

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
        lifecycle.LOCK_OF_ORDER.get(order=order.pk)

    with pytest.raises(TransactionManagementError):
        lifecycle.LOCK_OF_ORDER.get(order=order.pk)


@pytest.mark.django_db
@pytest.mark.postgres
def test_a_lock_is_part_of_the_sql() -> None:
    place_paid(make_offer())

    assert lifecycle.LOCK_OF_ORDER._plan.statement.sql.endswith("FOR NO KEY UPDATE")
    assert books.PAYMENTS_TO_LOCK._plan.statement.sql.endswith("FOR NO KEY UPDATE")


@pytest.mark.django_db(transaction=True)
def test_threads_read_each_its_own_order_and_lines() -> None:
    batch = make_offer(capacity=100)
    orders = [place_order(batch, units=[n]) for n in range(1, 9)]
    for query in (pages.ORDER_FOR_PAGE, line.LINES_OF_ORDER):
        vars(query).pop("_plan", None)

    def read(order: Order, units: int) -> None:
        for _again in range(20):
            found = pages.ORDER_FOR_PAGE.get(token=order.token)
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
        for query in of_the_shop().values()
        for value in query._plan.statement.parameters
        if not isinstance(value, type(given("any")))
    }

    assert kept == {Batch.Stage.DRAFT}
