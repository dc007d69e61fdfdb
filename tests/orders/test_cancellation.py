"""What canceling costs is shown first, then done exactly as shown."""

from decimal import Decimal

import pytest
from django.test import Client

from campaigns.models import Allotment, Batch, Campaign, Variant
from orders import cancellation
from orders.cancellation import NotCancelable, Quote, QuoteChanged
from orders.models import BuyerTally, Order
from payments.models import Refund
from tests.drafts import (
    TOTAL,
    end_hold,
    finish,
    mails_of,
    make_offer,
    place_order,
    place_paid,
    rows_of_orders,
    send_refunds,
    sums_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def an_offer(**rule):
    batch = make_offer()
    Campaign.objects.update(**rule)
    return batch


def quote_of(order):
    return cancellation.quote(Order.objects.select_related("batch").get(pk=order.pk))


def cancel(order, returned):
    return cancellation.cancel_as_shown(order.pk, shown=Decimal(returned))


def assert_refused(order, returned, refusal):
    before = rows_of_orders()
    with pytest.raises(refusal):
        cancel(order, returned)
    assert rows_of_orders() == before


def test_a_canceled_order_gives_its_units_and_its_money_back():
    order = place_paid(make_offer(), units=[2])

    cancel(order, 318_000)

    assert sums_of(order) == ("canceled", 318_000, 0, 0)
    counters = Batch.objects.values_list("taken", "orders_taken", "goods_taken").get()
    assert counters == (0, 0, 0)
    assert Allotment.objects.get().taken == 0
    assert list(BuyerTally.objects.values_list("units", flat=True)) == [0, 0]
    assert mails_of(order)[-1] == "order_canceled"
    event = order.events.latest("pk")
    assert (event.kind, event.actor) == ("canceled", "buyer")


def test_an_unpaid_order_is_canceled_for_nothing_whatever_the_rule():
    order = place_order(an_offer(free_cancellation="never"))
    assert quote_of(order) == Quote(kept=Decimal(0), returned=Decimal(0))

    cancel(order, 0)

    assert sums_of(order) == ("canceled", 0, 0, 0)


def test_what_is_in_suspense_comes_back_whole():
    order = place_order(an_offer(free_cancellation="never"))
    finish(order, "pay_less")

    cancellation.cancel_as_shown(order.pk, shown=quote_of(order).returned)
    send_refunds()

    refund = Refund.objects.get()
    assert (refund.state, refund.amount) == ("succeeded", TOTAL * 9 / 10)
    order.refresh_from_db()
    assert (order.amount_paid, order.amount_refunded) == (TOTAL * 9 / 10,) * 2


@pytest.mark.parametrize(
    ("rule", "stage", "kept"),
    [
        ("until_production", "open", 0),
        ("until_production", "closed", 0),
        ("until_close", "open", 0),
        ("until_close", "closed", 50_400),
        ("never", "open", 50_400),
        ("never", "closed", 50_400),
    ],
)
def test_the_rule_agreed_at_purchase_decides_what_is_kept(rule, stage, kept):
    batch = an_offer(free_cancellation=rule, cancellation_kept_percent=30)
    order = place_paid(batch)
    Campaign.objects.update(
        free_cancellation="until_production", cancellation_kept_percent=0
    )
    Batch.objects.update(stage=stage)

    assert quote_of(order) == Quote(kept=Decimal(kept), returned=TOTAL - kept)
    cancel(order, TOTAL - kept)

    assert sums_of(order) == ("canceled", TOTAL, 0, kept)


@pytest.mark.parametrize(
    ("price", "percent", "kept"),
    [
        (131_999, 33, 49_500),
        (131_999, 100, 149_999),
        (131_999, 0, 0),
        (132_001, 50, 75_001),
    ],
)
def test_what_is_kept_is_rounded_half_up_to_whole_rupiah(price, percent, kept):
    batch = an_offer(free_cancellation="never", cancellation_kept_percent=percent)
    Variant.objects.update(price=price)
    order = place_paid(batch)

    assert quote_of(order).kept == kept


def test_never_more_is_kept_than_was_received():
    batch = an_offer(
        free_cancellation="never",
        cancellation_kept_percent=80,
        plan="deposit",
        deposit_percent=50,
    )
    order = place_paid(batch)
    assert quote_of(order) == Quote(kept=Decimal(84_000), returned=Decimal(0))

    cancel(order, 0)

    assert sums_of(order) == ("canceled", 84_000, 0, 84_000)


@pytest.mark.parametrize("stage", ["production", "shipping", "completed", "canceled"])
def test_from_production_on_no_buyer_can_cancel(stage):
    order = place_paid(make_offer())
    Batch.objects.update(stage=stage)

    assert_refused(order, TOTAL, NotCancelable)


@pytest.mark.parametrize("status", ["fulfilled", "expired"])
def test_what_is_over_cannot_be_canceled(status):
    order = place_paid(make_offer())
    Order.objects.update(status=status)

    assert_refused(order, TOTAL, NotCancelable)


@pytest.mark.parametrize("shown", [TOTAL + 1, TOTAL - 1, 0, "NaN", "-1", "Infinity"])
def test_another_amount_than_was_shown_is_refused(shown):
    order = place_paid(make_offer())

    assert_refused(order, shown, QuoteChanged)


def test_a_batch_that_closed_meanwhile_changes_the_amount():
    batch = an_offer(free_cancellation="until_close", cancellation_kept_percent=30)
    order = place_paid(batch)
    shown = quote_of(order).returned
    Batch.objects.update(stage="closed")

    assert_refused(order, shown, QuoteChanged)


def test_canceling_twice_cancels_once():
    order = place_paid(make_offer())
    cancel(order, TOTAL)
    before = rows_of_orders()

    assert cancel(order, TOTAL).status == "canceled"
    assert cancel(order, 0).status == "canceled"

    assert rows_of_orders() == before


def test_an_order_that_expired_meanwhile_is_not_released_twice():
    batch = make_offer()
    order = place_order(batch)
    place_order(batch)
    end_hold(order)

    assert_refused(order, 0, NotCancelable)
    assert Batch.objects.get().taken == 1


def post(order, **fields):
    client = Client(raise_request_exception=False)
    return client.post(f"/o/{order.token}/cancellation/", fields)


def test_the_page_cancels_what_it_showed():
    order = place_paid(make_offer())

    answer = post(order, returned=str(quote_of(order).returned))

    assert (answer.status_code, answer.url) == (303, f"/o/{order.token}/")
    assert sums_of(order) == ("canceled", TOTAL, 0, 0)


@pytest.mark.parametrize(
    "returned",
    [
        *("", "abc", "1\x00", "NaN", "sNaN", "Infinity", "-168000", "9" * 5000),
        *("1e999999", "168000.004", "167999", "168.000", "Rp 168.000"),
    ],
    ids=lambda text: repr(text)[:20],
)
def test_a_forged_amount_cancels_nothing(returned):
    order = place_paid(make_offer())
    before = rows_of_orders()

    assert post(order, returned=returned).status_code == 409
    assert post(order).status_code == 409

    assert rows_of_orders() == before


@pytest.mark.parametrize("token", ["x", "x" * 32, "x" * 65, "x%00"])
def test_only_the_secret_opens_the_page(token):
    order = place_paid(make_offer())
    before = rows_of_orders()
    client = Client(raise_request_exception=False)

    for path in (token, order.number, order.token.swapcase(), order.token[:-1]):
        answer = client.post(f"/o/{path}/cancellation/", {"returned": str(TOTAL)})
        assert answer.status_code == 404

    assert rows_of_orders() == before
