"""The ledger as a file: the same rows, the same sums, nothing a spreadsheet runs."""

import csv
import io
import tracemalloc
import zipfile
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.urls import reverse

from campaigns.models import Membership
from payments.ledger import export as ledger_export
from payments.models import LedgerEntry, Payment
from tests.drafts import (
    make_offer,
    payment_of,
    place_order,
    place_paid,
    press,
    send_refunds,
)
from tests.factories import make_seller
from tests.payments.deposits import deposit_paid
from tests.payments.test_money_views import cancel_batch

pytestmark = pytest.mark.django_db

JAKARTA = ZoneInfo("Asia/Jakarta")
SHEET = "xl/worksheets/sheet1.xml"
NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("admin"))
    return client


def ledger_url(row):
    return reverse(f"admin:campaigns_{row._meta.model_name}_ledger", args=[row.pk])


def file_of(client, row, **asked):
    response = client.get(ledger_url(row), asked)
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def read_csv(raw):
    text = raw.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def read_xlsx(raw):
    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        tree = ElementTree.fromstring(book.read(SHEET))
        assert not [name for name in book.namelist() if "externalLink" in name]
    assert tree.find(f".//{NAMESPACE}f") is None
    head, *rows = [
        ["".join(cell.itertext()) for cell in row]
        for row in tree.iter(f"{NAMESPACE}row")
    ]
    return [dict(zip(head, row, strict=True)) for row in rows]


def sums(rows):
    """By currency, kind and both accounts."""
    found = Counter()
    for row in rows:
        key = (row["currency"], row["kind"], row["from_account"], row["to_account"])
        found[key] += Decimal(row["amount"])
    return found


def booked(entries):
    names = {"debit": "from_account", "credit": "to_account"}
    columns = ("currency", "kind", "debit", "credit", "amount")
    return sums(
        {names.get(name, name): value for name, value in row.items()}
        for row in entries.values(*columns)
    )


def make_books():
    """Payments, refunds, a deposit, and money that fits nothing."""
    batch = make_offer(capacity=50)
    for units in ([1], [2], [3]):
        place_paid(batch, units=units)
    press(payment_of(place_order(batch)), "pay_less")
    cancel_batch(batch)
    send_refunds()
    return batch


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_file_adds_up_to_the_ledger_exactly(staff, format):
    batch = make_books()
    deposit_paid()
    read = {"csv": read_csv, "xlsx": read_xlsx}[format]

    rows = read(file_of(staff, batch, format=format))

    entries = LedgerEntry.objects.filter(order__batch=batch)
    assert len(rows) == entries.count() >= 6
    assert sums(rows) == booked(entries)


def test_files_of_campaign_and_seller_hold_their_own_rows_only(staff):
    batch = make_books()
    stranger = deposit_paid()

    for row in (batch.campaign, batch.campaign.seller):
        rows = read_csv(file_of(staff, row, format="csv"))
        assert {row["campaign"] for row in rows} == {batch.campaign.slug}
        assert sums(rows) == booked(
            LedgerEntry.objects.exclude(order__batch=stranger.batch)
        )


def test_a_period_counts_days_at_the_sellers_place(staff):
    batch = make_offer()
    place_paid(batch)
    entry = LedgerEntry.objects.get()
    # Half past midnight in Jakarta is still the day before in UTC.
    moment = ledger_export._midnight(date(2026, 11, 10), JAKARTA)
    rows = QuerySet(LedgerEntry).filter(pk=entry.pk)
    rows.update(at=moment + timedelta(minutes=30))

    on_the_day = {"since": "2026-11-10", "until": "2026-11-10", "format": "csv"}
    before = {"until": "2026-11-09", "format": "csv"}

    [row] = read_csv(file_of(staff, batch, **on_the_day))
    assert row["booked_at"] == "2026-11-10 00:30:00+07:00"
    assert read_csv(file_of(staff, batch, **before)) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "2026-13-01"},
        {"since": "0001-01-01"},
        {"until": "9999-12-31"},
        {"since": "2026-11-10", "until": "2026-11-09"},
        {"format": "exe"},
    ],
)
def test_a_period_that_is_none_gives_no_file(staff, asked):
    answer = staff.get(ledger_url(make_offer()), {"format": "csv"} | asked)

    assert answer.status_code == 422
    assert "attachment" not in answer.get("Content-Disposition", "")


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_what_a_spreadsheet_would_run_is_text(staff, format):
    batch = make_offer()
    order = place_paid(batch)
    Payment.objects.filter(order=order).update(method="=cmd|'/c calc'!A1")
    read = {"csv": read_csv, "xlsx": read_xlsx}[format]

    [row] = read(file_of(staff, batch, format=format))

    assert row["method"] == "'=cmd|'/c calc'!A1"


def test_the_page_tells_the_sums_of_each_kind(staff):
    batch = make_offer()
    place_paid(batch)
    place_paid(batch)

    [row] = staff.get(ledger_url(batch)).context["sums"]

    assert (row.entries, row.amount) == (2, "Rp\xa0336.000")


@pytest.mark.parametrize(("role", "status"), [("manager", 200), ("packer", 403)])
def test_who_may_not_see_money_gets_no_file(client, role, status):
    batch = make_offer()
    user = User.objects.create_user(role, is_staff=True)
    Membership.objects.create(seller=batch.campaign.seller, user=user, role=role)
    client.force_login(user)

    for row in (batch, batch.campaign, batch.campaign.seller):
        answer = client.get(ledger_url(row), {"format": "csv"})
        assert answer.status_code == status


def test_another_sellers_ledger_is_not_found(client):
    batch = make_offer()
    user = User.objects.create_user("rival", is_staff=True)
    Membership.objects.create(seller=make_seller(), user=user, role="owner")
    client.force_login(user)

    for row in (batch, batch.campaign, batch.campaign.seller):
        assert client.get(ledger_url(row), {"format": "xlsx"}).status_code == 404


ENTRIES = 5_000
LESS_THAN_ALL_OF_THEM = ENTRIES * 700


def test_files_are_written_in_constant_memory():
    order = place_paid(make_offer())
    payment = payment_of(order)
    entries = [
        LedgerEntry(
            kind="payment",
            debit="gateway:sandbox",
            credit=f"customer:{order.number}",
            amount=Decimal(n),
            currency="IDR",
            order=order,
            payment=payment,
            sequence=n,
        )
        for n in range(2, ENTRIES)
    ]
    LedgerEntry.objects.bulk_create(entries, batch_size=1000)
    del entries
    rows = LedgerEntry.objects.all()

    tracemalloc.start()
    count = sum(1 for _piece in ledger_export.csv_of(rows, JAKARTA))
    ledger_export.xlsx_of(rows, JAKARTA).close()
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == ENTRIES
    assert peak < LESS_THAN_ALL_OF_THEM
