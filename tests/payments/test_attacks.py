"""What somebody with bad intent tried, and no longer can."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from campaigns.clock import database_now
from campaigns.errors import WindowChanged
from campaigns.models import Batch, Variant
from orders import cancellation
from orders.models import Order
from payments import attempts, closing, settlement
from payments.checkout.placing import place
from payments.gateways.base import RefundSnapshot, Snapshot
from payments.models import Payment, Refund
from payments.refunds import sending as refund_sending
from tests.drafts import (
    make_draft,
    make_offer,
    new_key,
    payment_of,
    place_order,
    place_paid,
    rows_of_orders,
)
from tests.web import checkout_path, order_fields

pytestmark = pytest.mark.django_db


def test_a_form_sent_by_a_foreign_page_comes_back_with_another_key():
    batch = make_offer()
    variant = batch.allotments.get().variant_id
    key = new_key()
    fields = order_fields(batch, variant) | {"submit_key": key}

    answer = Client(enforce_csrf_checks=True).post(
        checkout_path(batch.campaign), fields
    )

    page = answer.content.decode()
    assert answer.status_code == 403
    assert key not in page
    assert fields["name"] in page
    assert Order.objects.count() == 0


def test_the_reference_of_a_payment_cannot_be_guessed_from_its_number():
    order = place_order(make_offer())

    reference = payment_of(order).reference

    assert re.fullmatch(rf"{order.number}-1-[2-9A-Z]{{10}}", reference)
    assert Client().get(f"/sandbox/{order.number}-1/").status_code == 404


def test_a_price_that_rose_while_the_page_was_open_is_shown_before_it_binds():
    batch = make_offer()
    variant = batch.allotments.get().variant_id
    path = checkout_path(batch.campaign)
    page = Client().get(f"{path}?quantity-{variant}=1").content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', page).group(1)
    fields = order_fields(batch, variant) | {"seen": seen}
    Variant.objects.update(price=999_000)
    before = rows_of_orders()

    refused = Client().post(path, fields)
    shown = re.search(r'name="seen" value="(\w+)"', refused.content.decode()).group(1)
    accepted = Client().post(path, fields | {"seen": shown})

    assert refused.status_code == 422
    assert shown != seen
    assert before["Order"] == []
    assert accepted.status_code == 303
    assert Order.objects.get().goods == 999_000


def test_a_version_the_page_did_not_read_is_a_changed_window():
    batch = make_offer()
    draft = replace(make_draft(batch), schedule_version=2)
    Batch.objects.update(schedule_version=2)

    with pytest.raises(WindowChanged):
        place(draft, gateway="sandbox", submit_key=new_key())

    assert Order.objects.count() == 0


def test_free_cancellation_ends_with_the_clock_not_with_the_sweep():
    batch = make_offer()
    type(batch.campaign).objects.update(free_cancellation="until_close")
    order = place_paid(batch)
    free = cancellation.quote(order).returned
    Batch.objects.update(closes_at=database_now() - timedelta(seconds=1))

    late = cancellation.quote(Order.objects.for_page().get()).returned

    assert (free, late) == (order.total, 0)


def test_a_refund_the_gateway_began_by_itself_is_never_sent_again():
    order = place_paid(make_offer())
    payment = payment_of(order)
    begun = RefundSnapshot(
        gateway_reference="re_dashboard",
        amount=Decimal(50_000),
        state=Refund.State.PENDING,
    )
    truth = Snapshot(
        state=Payment.State.CONFIRMED,
        currency="IDR",
        received=order.total,
        refunds=(begun,),
    )

    settlement.apply(payment, truth)

    assert Refund.objects.get().source == Refund.Source.EXTERNAL
    assert refund_sending.send_due() == 0


def test_a_canceled_order_leads_to_no_payment_page():
    order = place_order(make_offer())
    cancellation.cancel_as_shown(order.pk, shown=Decimal(0))

    assert attempts.next_attempt(order.pk, "sandbox") is None
    assert closing.close_abandoned() == 1
    assert payment_of(order).state == Payment.State.EXPIRED
