"""Orders as CSV: whole, inert in spreadsheets, and adding up."""

import csv
import io
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from campaigns.models import Batch, Membership
from orders import exports
from orders.models import Order, OrderLine
from tests.drafts import make_offer, place_order, place_paid

pytestmark = [pytest.mark.django_db, pytest.mark.once]

HEADER = [
    "order",
    "status",
    "source",
    "placed_at",
    "confirmed_at",
    "seller",
    "campaign",
    "batch",
    "promised_from",
    "promised_until",
    "name",
    "phone",
    "email",
    "address",
    "subdistrict",
    "district",
    "city",
    "province",
    "postal_code",
    "landmark",
    "note",
    "shipping_service",
    "item",
    "sku",
    "options",
    "personalization",
    "ordered",
    "quantity",
    "shipped",
    "currency",
    "unit_price",
    "amount",
    "shipping",
    "discount",
    "total",
    "deposit",
    "received",
    "refunded",
    "kept",
    "address_confirmed_at",
]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    return client


def exported(*arguments):
    out = io.StringIO(newline="")
    call_command("export_orders", *arguments, stdout=out)
    return out.getvalue()


def rows_in(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def downloaded(client, **query):
    answer = client.get(reverse("admin:orders_order_export"), query)
    return answer, b"".join(answer.streaming_content).decode()


def test_columns_are_fixed_and_the_documentation_names_them():
    text = exported()
    with open("docs/export.md", encoding="utf-8") as documentation:
        told = documentation.read()

    assert text.startswith("\ufeff")
    assert next(csv.reader(io.StringIO(text.removeprefix("\ufeff")))) == HEADER
    assert [name for name in HEADER if f"`{name}`" not in told] == []


def test_lines_of_an_order_add_up_to_its_total():
    batch = make_offer(variants=2)
    place_paid(batch, units=[2, 1])
    place_order(batch)

    rows = rows_in(exported())

    for order in Order.objects.all():
        own = [row for row in rows if row["order"] == order.number]
        sums = {
            name: sum(Decimal(row[name] or 0) for row in own)
            for name in ("amount", "shipping", "discount", "total", "received")
        }
        assert sums["amount"] + sums["shipping"] - sums["discount"] == order.total
        assert (sums["total"], sums["received"]) == (order.total, order.amount_paid)
    assert [row["order"] for row in rows] == list(
        OrderLine.objects.order_by("pk").values_list("order__number", flat=True)
    )


def test_phone_stays_text_and_keeps_its_plus():
    order = place_order(make_offer(), phone="+6281234567890")

    assert rows_in(exported())[0]["phone"] == "'+6281234567890"
    assert order.phone == "+6281234567890"


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "＝1",
        "＋1",
        "－1",
        "＠1",
    ],
)
def test_formulas_are_inert(name):
    order = place_order(make_offer())
    Order.objects.filter(pk=order.pk).update(name=name, note=f"Titip {name}")

    row = rows_in(exported())[0]

    assert row["name"] == f"'{name}"
    assert row["note"] == f"Titip {name}"


def test_quotes_commas_and_lines_survive():
    order = place_order(make_offer())
    address = 'Jalan "Braga", 1\nRT 3'
    Order.objects.filter(pk=order.pk).update(address=address)

    assert rows_in(exported())[0]["address"] == address


def test_options_choose_what_is_exported():
    first, second = make_offer(), make_offer()
    own, other = place_order(first), place_order(second)

    choices = [
        ("--batch", str(first.pk)),
        ("--campaign", first.campaign.slug),
        ("--seller", first.campaign.seller.slug),
    ]
    found = [[row["order"] for row in rows_in(exported(*c))] for c in choices]

    assert found == [[own.number]] * 3
    assert {row["order"] for row in rows_in(exported())} == {own.number, other.number}


@pytest.mark.parametrize("option", ["--batch=999", "--campaign=x", "--seller=x"])
def test_unknown_choice_is_an_error(option):
    with pytest.raises(CommandError):
        exported(option)


def test_memory_stays_constant(django_assert_num_queries, monkeypatch):
    batch = make_offer(variants=2)
    for _n in range(3):
        place_order(batch, units=[1, 1])
    monkeypatch.setattr(exports, "CHUNK", 2)

    with django_assert_num_queries(1):
        pieces = list(exports.csv_of(Order.objects.all()))
    assert len(pieces) == 1 + 6


def test_list_is_exported_as_it_is_filtered(staff):
    batch = make_offer()
    paid, pending = place_paid(batch), place_order(batch)

    answer, everything = downloaded(staff)
    _answer, some = downloaded(staff, status__exact="confirmed")
    listed = staff.get(reverse("admin:orders_order_changelist"), {"status__exact": "x"})

    numbers = [row["order"] for row in rows_in(everything)]
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    assert numbers == [paid.number, pending.number]
    assert [row["order"] for row in rows_in(some)] == [paid.number]
    assert "export/?status__exact=x" in listed.content.decode()


def test_broken_filter_leads_back_to_the_list(staff):
    answer = staff.get(reverse("admin:orders_order_export"), {"nonsense": "1"})

    assert answer["Location"] == reverse("admin:orders_order_changelist")


def test_seller_exports_own_orders_and_packers_none(client):
    own, other = place_order(make_offer()), place_order(make_offer())
    for role in ("owner", "packer"):
        user = User.objects.create_user(role, is_staff=True)
        seller = Batch.objects.get(orders=own).campaign.seller
        Membership.objects.create(seller=seller, user=user, role=role)

    client.force_login(User.objects.get(username="owner"))
    _answer, text = downloaded(client, batch__id__exact=other.batch_id)
    _answer, everything = downloaded(client)
    client.force_login(User.objects.get(username="packer"))
    refused = client.get(reverse("admin:orders_order_export"))

    assert [row["order"] for row in rows_in(text)] in ([], [own.number])
    assert [row["order"] for row in rows_in(everything)] == [own.number]
    assert refused.status_code == 403


def test_list_tells_what_it_adds_up_to(staff):
    batch = make_offer()
    place_paid(batch, units=[2])
    place_order(batch)

    page = staff.get(reverse("admin:orders_order_changelist"))

    change_list = page.context["cl"]
    assert change_list.units() == 3
    assert [sums["amount_paid"] for sums in change_list.amounts()] == ["Rp\xa0318.000"]
    assert "Rp\xa0318.000" in page.content.decode()
