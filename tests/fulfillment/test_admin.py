"""The seller's steps with goods: told before, refused with a reason, done once."""

import csv
import io
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import translation

from campaigns.models import Batch, Variant
from fulfillment.models import Carrier, ProductionSheet, Shipment
from orders.models import Order
from payments.errors import GatewayError
from payments.gateways.sandbox import SandboxGateway
from tests.drafts import make_offer, place_order, place_paid, sums_of
from tests.fulfillment.goods import (
    close,
    in_production,
    let_window_pass,
    make_carrier,
    rows_of_goods,
    ship,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def staff(client: Client) -> Iterator[Client]:
    client.force_login(User.objects.create_superuser("admin"))
    with translation.override("en"):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
        yield client


def url_of(row, page="change"):
    name = row._meta.label_lower.replace(".", "_")
    return reverse(f"admin:{name}_{page}", args=[row.pk])


def text_of(response):
    return response.content.decode()


def facts_of(response):
    return {str(name): value for name, value in response.context["facts"]}


def refused(staff, url, data=None):
    before = rows_of_goods()
    answer = staff.post(url, data or {})
    assert rows_of_goods() == before
    return answer


# --- batches


def test_addresses_of_the_steps_are_fixed():
    batch = make_offer()

    for name in ("production", "cancel", "complete"):
        assert url_of(batch, name) == f"/admin/campaigns/batch/{batch.pk}/{name}/"


def test_production_is_told_in_numbers_and_done_once(staff):
    batch = make_offer(variants=2, minimum_units=2)
    place_paid(batch, units=[2, 1])
    unpaid = place_order(batch)
    close(batch)

    facts = facts_of(staff.get(url_of(batch, "production")))
    assert list(facts.values())[:5] == [3, 2, 2, 1, 1]

    staff.post(url_of(batch, "production"))

    sheet = ProductionSheet.objects.get()
    assert sheet.frozen_by == User.objects.get()
    assert sums_of(unpaid)[0] == "expired"
    assert unpaid.events.get(kind="hold_ended").user == User.objects.get()
    refused(staff, url_of(batch, "production"))


def test_production_of_an_open_batch_is_refused_with_the_reason(staff):
    batch = make_offer()
    place_order(batch)

    answer = refused(staff, url_of(batch, "production"))

    assert answer.status_code == 409
    assert "close it first" in text_of(answer)


def silent(_gateway, _payment):
    raise GatewayError("no answer")


def test_a_silent_gateway_is_told_with_what_to_do(staff, monkeypatch):
    batch = make_offer()
    place_order(batch)
    close(batch)
    monkeypatch.setattr(SandboxGateway, "cancel", silent)

    answer = staff.post(url_of(batch, "production"))

    assert answer.status_code == 409
    assert "1 unpaid order could not be ended" in text_of(answer)
    assert "Try again in a few minutes" in text_of(answer)
    assert not ProductionSheet.objects.exists()


def test_canceling_tells_how_much_comes_back(staff):
    batch = make_offer()
    place_paid(batch)
    place_order(batch)

    facts = facts_of(staff.get(url_of(batch, "cancel")))
    assert list(facts.values())[:4] == [1, 1, 2, "Rp\xa0168.000"]

    staff.post(url_of(batch, "cancel"))
    assert Batch.objects.get().stage == "canceled"
    assert batch.events.get(kind="canceled").user == User.objects.get()
    refused(staff, url_of(batch, "cancel"))


def test_completing_waits_for_the_last_order(staff):
    batch, [first, second] = in_production([1], [1])
    refused(staff, url_of(batch, "complete"))
    ship(first)

    answer = refused(staff, url_of(batch, "complete"))
    assert answer.status_code == 409
    assert "1 order is still to be shipped." in text_of(answer)

    ship(second, "KK 2")
    staff.post(url_of(batch, "complete"))
    assert Batch.objects.get().stage == "completed"


# --- sheets


def test_the_table_sums_up_to_the_confirmed_lines(staff):
    _batch, _orders = in_production([2, 1], [3])
    sheet = ProductionSheet.objects.get()

    answer = staff.get(url_of(sheet, "csv"))

    rows = list(csv.DictReader(io.StringIO(text_of(answer))))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert [row["ordered"] for row in rows] == ["5", "1"]
    assert sum(int(row["to_produce"]) for row in rows) == 6
    assert url_of(sheet, "csv") in text_of(staff.get(url_of(sheet)))


def test_a_name_that_looks_like_a_formula_stays_a_name(staff):
    batch = make_offer()
    Variant.objects.update(sku="=1+1", options={"Ukuran": "@L"})
    place_paid(batch)
    close(batch)
    staff.post(url_of(batch, "production"))

    table = text_of(staff.get(url_of(ProductionSheet.objects.get(), "csv")))

    assert table.splitlines()[1] == "'=1+1,'@L,1,0,1"


def test_a_sheet_and_a_parcel_cannot_be_edited(staff):
    _batch, [order] = in_production([1])
    rows = [ProductionSheet.objects.get(), ship(order)]

    for row in rows:
        assert refused(staff, url_of(row), {"number": 9}).status_code == 403
        assert refused(staff, url_of(row, "delete"), {"post": 1}).status_code == 403
        name = row._meta.label_lower.replace(".", "_")
        assert staff.get(reverse(f"admin:{name}_changelist")).status_code == 200
        assert staff.get(url_of(row)).status_code == 200


# --- parcels


def test_shipping_takes_courier_and_number_and_shows_the_parcel(staff):
    _batch, [order] = in_production([1])
    carrier = make_carrier()
    assert url_of(order, "ship") in text_of(staff.get(url_of(order)))

    staff.post(
        url_of(order, "ship"), {"carrier": carrier.pk, "tracking_number": "KK 9"}
    )

    shipment = Shipment.objects.get()
    assert (shipment.carrier, shipment.tracking_number) == (carrier, "KK 9")
    assert shipment.by == User.objects.get()
    page = text_of(staff.get(url_of(order)))
    assert "KK 9" in page
    assert url_of(shipment, "undo") in page
    assert url_of(order, "ship") not in page


def test_a_part_is_shipped_by_entering_fewer(staff):
    _batch, [order] = in_production([2, 1])
    first, second = order.lines.all()

    data = {f"quantity-{first.pk}": 1, f"quantity-{second.pk}": 0}
    staff.post(url_of(order, "ship"), data)

    assert list(order.lines.values_list("shipped", flat=True)) == [1, 0]
    assert Order.objects.get().status == "confirmed"


def test_nothing_and_too_much_are_refused_with_words(staff):
    _batch, [order] = in_production([2])
    name = f"quantity-{order.lines.get().pk}"

    for entered in (0, 3, ""):
        assert refused(staff, url_of(order, "ship"), {name: entered}).status_code == 409


def test_a_courier_without_a_number_is_refused(staff):
    _batch, [order] = in_production([1])

    answer = refused(staff, url_of(order, "ship"), {"carrier": make_carrier().pk})

    assert "Write the number on the label." in text_of(answer)


def test_a_number_that_is_in_use_is_named(staff):
    _batch, [first, second] = in_production([1], [1])
    ship(first)

    data = {"carrier": make_carrier().pk, "tracking_number": "KK 001"}
    answer = refused(staff, url_of(second, "ship"), data)

    assert answer.status_code == 409
    assert "has the number KK 001" in text_of(answer)


def test_shipping_is_not_offered_before_production(staff):
    order = place_paid(make_offer())

    assert url_of(order, "ship") not in text_of(staff.get(url_of(order)))
    refused(staff, url_of(order, "ship"))


def test_taking_back_is_offered_for_five_minutes(staff):
    _batch, [order] = in_production([1])
    shipment = ship(order)
    assert staff.get(url_of(shipment, "undo")).status_code == 200

    let_window_pass(shipment)
    assert staff.get(url_of(shipment, "undo")).status_code == 302
    refused(staff, url_of(shipment, "undo"))

    Shipment.objects.update(shipped_at=shipment.shipped_at)
    staff.post(url_of(shipment, "undo"))
    assert Shipment.objects.get().state == "voided"


def test_a_mail_that_left_is_the_reason_told(staff):
    _batch, [order] = in_production([1])
    shipment = ship(order)
    order.messages.filter(kind="order_shipped").update(state="sent")

    answer = refused(staff, url_of(shipment, "undo"))

    assert "The mail to the buyer is already on its way." in text_of(answer)


def test_couriers_are_edited(staff):
    carrier = Carrier.objects.get(name="JNE")

    assert staff.get(url_of(carrier)).status_code == 200
    assert staff.get(reverse("admin:fulfillment_carrier_changelist")).status_code == 200
