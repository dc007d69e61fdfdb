"""The checkout form in the hands of somebody who means no good."""

import pytest
from django.core import mail
from django.test import Client

from campaigns.models import Allotment, Batch, Campaign, ShippingOption, Variant
from orders.models import Message, Order, OrderLine
from payments.models import Payment
from tests.drafts import (
    TOTAL,
    make_offer,
    place_order,
    rows_of_orders,
    sums_of,
)
from tests.factories import make_shipping_option, make_variant
from tests.web import checkout_path, order_fields

pytestmark = pytest.mark.django_db

LONG = "x" * 10_000


@pytest.fixture
def batch():
    return make_offer()


def variant_of(batch):
    return batch.allotments.order_by("pk").first().variant_id


def fields_of(batch, /, **changes):
    """A good form, with these fields changed, or left out when None."""
    fields = order_fields(batch, variant_of(batch)) | changes
    return {name: value for name, value in fields.items() if value is not None}


def post(batch, fields):
    client = Client(raise_request_exception=False)
    return client.post(checkout_path(batch.campaign), fields)


def assert_refused(batch, fields, *statuses):
    before = rows_of_orders()
    answer = post(batch, fields)
    assert answer.status_code in statuses, answer.content[:2000]
    assert rows_of_orders() == before
    assert mail.outbox == []
    return answer


def test_a_good_form_leads_to_the_pay_page(batch):
    answer = post(batch, fields_of(batch))

    order = Order.objects.get()
    assert (answer.status_code, answer.url) == (303, f"/o/{order.token}/pay/")
    assert sums_of(order) == ("pending", 0, 0, 0)


def test_the_same_form_sent_again_leads_to_the_same_order(batch):
    fields = fields_of(batch)

    first, second = post(batch, fields), post(batch, fields)

    assert first.url == second.url
    assert Order.objects.count() == Payment.objects.count() == 1


@pytest.mark.parametrize(
    "quantity",
    [
        *("0", "-1", "1.5", "1,5", "1e9", "1e0", "１", "NaN", "inf", "0x1", "+1"),
        *(str(2**63), "1000", "9" * 5000, "", " ", "1 1", "1\x00", "one", "½", "٣"),
        *(["999", "1"], ["999"] * 400, ["1", "-1"]),
    ],
    ids=lambda quantity: repr(quantity)[:20],
)
def test_a_quantity_that_is_none_is_refused(batch, quantity):
    name = f"quantity-{variant_of(batch)}"

    assert_refused(batch, fields_of(batch, **{name: quantity}), 422, 400)


@pytest.mark.parametrize(
    "name",
    [
        *("quantity-0", "quantity--1", "quantity-1e1", "quantity-", "quantity-９"),
        *(f"quantity-{2**31}", f"quantity-{2**63}", "quantity-" + "9" * 400),
    ],
)
def test_a_variant_that_is_none_is_refused(batch, name):
    fields = fields_of(batch, **{f"quantity-{variant_of(batch)}": None})

    assert_refused(batch, fields | {name: "1"}, 422)


def test_lines_of_one_variant_are_one_summed_line(batch):
    name = f"quantity-{variant_of(batch)}"

    post(batch, fields_of(batch, **{name: ["1", "2"]}))

    assert OrderLine.objects.get().quantity == 3
    assert Order.objects.get().goods == 450_000


def test_a_variant_of_another_campaign_is_refused(batch):
    other = make_offer()
    fields = fields_of(batch, **{f"quantity-{variant_of(other)}": "1"})

    assert_refused(batch, fields, 422)


def test_a_variant_that_is_not_on_sale_is_refused(batch):
    hidden = make_variant(campaign=batch.campaign, active=False)
    unknown = make_variant(campaign=batch.campaign)
    batch.complete_allotments()
    Allotment.objects.filter(variant=unknown).delete()

    for variant in (hidden, unknown):
        fields = fields_of(batch, **{f"quantity-{variant.pk}": "1"})
        assert_refused(batch, fields, 422)


def test_what_the_server_decides_is_not_read_from_the_form(batch):
    other = place_order(make_offer())
    posted = {
        "price": "1",
        "unit_price": "1",
        "goods": "1",
        "total": "1",
        "deposit": "0",
        "discount": "168000",
        "coupon": "FREE",
        "currency": "USD",
        "status": "confirmed",
        "amount_paid": "168000",
        "is_paid": "1",
        "seller": str(other.batch.campaign.seller_id),
        "batch_id": str(other.batch_id),
        "order": str(other.pk),
        "number": "AAAAAAAA",
        "token": "x",
        "expires_at": "2099-01-01",
        "limit_keys": "[]",
        "source": "chat",
        "weight": "250",
    }

    assert post(batch, fields_of(batch) | posted).status_code == 303

    order = Order.objects.latest("pk")
    assert (order.batch, order.status, order.source) == (batch, "pending", "shop")
    assert (order.total, order.deposit, order.discount) == (TOTAL, TOTAL, 0)
    assert (order.currency, order.amount_paid) == ("IDR", 0)
    assert (order.number, order.token) != ("AAAAAAAA", "x")
    assert Payment.objects.get(order=order).amount == TOTAL
    assert Batch.objects.get(pk=other.batch_id).taken == 1


REQUIRED = [
    *("name", "email", "phone", "address", "province", "city", "district"),
    *("postal_code", "shipping", "payment", "submit_key", "schedule_version"),
]


@pytest.mark.once
@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("name", [*REQUIRED, "terms"])
def test_what_is_missing_is_asked_for(batch, name, value):
    answer = assert_refused(batch, fields_of(batch, **{name: value}), 422)

    assert answer.context["form"].errors.keys() == {name}


OPTIONAL = ["note", "subdistrict", "landmark"]


@pytest.mark.once
@pytest.mark.parametrize("value", ["   ", "\t\r\n"])
@pytest.mark.parametrize("name", REQUIRED)
def test_blanks_are_no_answer(batch, name, value):
    assert_refused(batch, fields_of(batch, **{name: value}), 422)


@pytest.mark.once
@pytest.mark.parametrize("name", [*REQUIRED, *OPTIONAL])
def test_what_is_too_long_is_refused(batch, name):
    assert_refused(batch, fields_of(batch, **{name: LONG}), 422)


@pytest.mark.parametrize("name", [*REQUIRED, *OPTIONAL])
def test_a_nul_byte_is_refused(batch, name):
    good = fields_of(batch).get(name, "Jalan")

    assert_refused(batch, fields_of(batch, **{name: f"{good}\x00"}), 422)


def test_a_nul_byte_in_a_personalization_is_refused(batch):
    Campaign.objects.update(personalization_label="Name on the back")
    name = f"personalization-{variant_of(batch)}-1"

    assert_refused(batch, fields_of(batch, **{name: "Ani\x00"}), 422)
    assert_refused(batch, fields_of(batch, **{name: "x" * 41}), 422)

    assert post(batch, fields_of(batch, **{name: " Ani  B "})).status_code == 303
    assert OrderLine.objects.get().personalization == ["Ani B"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("phone", "12345"),
        ("phone", "0812ABCDEFGH"),
        ("phone", "+49802766302150340"),
        ("email", "ani"),
        ("email", '"ani"@example.com'),
        ("email", '"a\x0bb"@example.com'),
        ("email", '"\x01"@example.com'),
        ("email", "ani@example.com\nBcc: all@example.com"),
        ("email", "a" * 245 + "@example.com"),
        ("postal_code", "4011"),
        ("postal_code", "401111"),
        ("postal_code", "4011A"),
        ("postal_code", "４０１１１"),
        ("province", "Jawa"),
        ("city", "Kota Surabaya"),
        ("city", "Bandung"),
        ("shipping", "0"),
        ("shipping", "999999"),
        ("shipping", str(2**63)),
        ("payment", "stripe"),
        ("payment", "bank_transfer"),
        ("terms", "false"),
        ("submit_key", "x" * 31),
        ("submit_key", "x" * 65),
        ("submit_key", "x" * 32 + "\n!"),
        ("submit_key", "' OR 1=1 --" + "x" * 30),
        ("schedule_version", "0"),
        ("schedule_version", "-1"),
        ("schedule_version", "one"),
        ("schedule_version", str(2**31)),
        ("schedule_version", str(2**63)),
        ("schedule_version", "9" * 5000),
    ],
    ids=lambda value: value[:16],
)
def test_what_makes_no_sense_is_refused(batch, name, value):
    assert_refused(batch, fields_of(batch, **{name: value}), 422)


def test_the_longest_address_that_can_be_kept_is_taken(batch):
    longest = "a" * 242 + "@example.com"

    assert post(batch, fields_of(batch, email=longest)).status_code == 303

    assert Message.objects.get().to == longest


def test_shipping_that_is_not_offered_here_is_refused(batch):
    fields = fields_of(batch)
    seller = batch.campaign.seller
    foreign = make_shipping_option(base_price=0)
    retired = make_shipping_option(seller=seller, active=False)
    in_dollars = make_shipping_option(seller=seller, currency="USD")

    for option in (foreign, retired, in_dollars):
        assert_refused(batch, fields | {"shipping": str(option.pk)}, 422)


def test_a_service_that_does_not_go_there_is_refused(batch):
    ShippingOption.objects.update(provinces=["Bali"])

    assert_refused(batch, fields_of(batch), 422)


@pytest.mark.parametrize(
    "number", ["2", "0", "-1", "1.0", "１", "9" * 30, "1\x00", "x"]
)
def test_a_batch_that_was_never_offered_is_not_found(batch, number):
    assert_refused(batch, fields_of(batch, batch=number), 404)


def test_a_draft_and_a_hidden_campaign_are_not_found(batch):
    Batch.objects.update(stage="draft")
    assert_refused(batch, fields_of(batch), 404)

    Batch.objects.update(stage="open")
    Campaign.objects.update(published_at=None)
    assert_refused(batch, fields_of(batch), 404)


@pytest.mark.parametrize("stage", ["closed", "production", "canceled", "completed"])
def test_a_batch_that_takes_no_orders_answers_409(batch, stage):
    Batch.objects.update(stage=stage)

    assert_refused(batch, fields_of(batch), 409)


def test_a_full_batch_answers_409_with_what_is_left(batch):
    Batch.objects.update(capacity=2)
    name = f"quantity-{variant_of(batch)}"

    answer = assert_refused(batch, fields_of(batch, **{name: "3"}), 409)

    assert answer.context["page"].offer.left == 2


def test_another_window_than_was_seen_answers_409(batch):
    Batch.objects.update(schedule_version=2)

    assert_refused(batch, fields_of(batch), 409)


def test_more_than_the_limit_answers_422(batch):
    Campaign.objects.update(buyer_limit=1)
    name = f"quantity-{variant_of(batch)}"

    assert_refused(batch, fields_of(batch, **{name: "2"}), 422)


def test_five_megabytes_of_note_are_refused_unread(batch):
    assert_refused(batch, fields_of(batch, note="x" * 5_000_000), 400, 413)


def test_a_thousand_fields_are_refused_unread(batch):
    many = {f"quantity-{n}": "1" for n in range(1000)}

    assert_refused(batch, fields_of(batch) | many, 400)


def test_a_price_that_no_column_holds_is_not_an_error_of_ours(batch):
    Variant.objects.update(price="900000000.00")
    Batch.objects.update(capacity=100_000)
    name = f"quantity-{variant_of(batch)}"

    answer = post(batch, fields_of(batch, **{name: "999"}))

    assert answer.status_code == 303
    assert Order.objects.get().goods == 899_100_000_000


def test_more_than_a_column_holds_is_refused(batch):
    Variant.objects.update(price="1000000000.00")
    Batch.objects.update(capacity=100_000)
    name = f"quantity-{variant_of(batch)}"

    assert_refused(batch, fields_of(batch, **{name: "999"}), 422)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_refused(batch, method):
    client = Client(raise_request_exception=False)

    answer = getattr(client, method)(checkout_path(batch.campaign))

    assert answer.status_code == 405
