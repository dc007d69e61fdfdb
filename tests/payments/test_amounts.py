"""Amounts and days are read as people and banks write them, or refused."""

from datetime import date
from decimal import Decimal

import pytest

from payments.amounts import read_amount
from payments.statements.dates import is_month_first, read_day

pytestmark = pytest.mark.once

TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1.234.567,00", "1234567"),
        ("1,234,567.00", "1234567"),
        ("1.234.567", "1234567"),
        ("202.877", "202877"),
        ("202877", "202877"),
        ("202877.00", "202877"),
        ("202877,0", "202877"),
        ("Rp 202.877", "202877"),
        ("Rp. 202.877,00", "202877"),
        ("IDR 202,877.00", "202877"),
        ("Rp\u00a0202.877", "202877"),
        ("+202.877", "202877"),
        ("202,877.00 CR", "202877"),
        ("202,877.00 DB", "-202877"),
        ("-202.877", "-202877"),
        ("\u2212202.877", "-202877"),
        ("202.877-", "-202877"),
        ("(202.877)", "-202877"),
        ("1 234 567", "1234567"),
        ("0", "0"),
    ],
)
def test_rupiah(text, amount):
    assert read_amount(text, "IDR") == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("12.5", "12.5"),
        ("12,50", "12.5"),
        ("1,234", "1234"),
        ("US$ 9.99", "9.99"),
    ],
)
def test_cents(text, amount):
    assert read_amount(text, "USD") == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "Rp", "abc", "1.5", "0,50", "1.23.456", "12.34.567,00"),
        *("1,234.567,00", "1e9", "NaN", "Infinity", "--5", "9" * 14, "1" * 50),
        *("1.234.567.00.0", "٣٣٣", "1/2", "0x10"),
    ],
)
def test_what_is_no_rupiah_amount_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  any of them
        read_amount(text, "IDR")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("25/11/2026", "2026-11-25"),
        ("'25/11/2026", "2026-11-25"),
        ("25-11-2026", "2026-11-25"),
        ("25.11.2026", "2026-11-25"),
        ("25/11/26", "2026-11-25"),
        ("2026-11-25", "2026-11-25"),
        ("2026-11-25 13:45:10", "2026-11-25"),
        ("2026-11-25T13:45", "2026-11-25"),
        ("25/11/2026 13.45", "2026-11-25"),
        ("25 Nov 2026", "2026-11-25"),
        ("25-Okt-26", "2026-10-25"),
        ("5 Agustus 2026", "2026-08-05"),
        ("5 Mei 2026", "2026-05-05"),
        ("25/11", "2026-11-25"),
        ("25/12", "2025-12-25"),
    ],
)
def test_a_day(text, day):
    assert read_day(text, today=TODAY).isoformat() == day


@pytest.mark.parametrize(
    "text", ["", "yesterday", "32/11/2026", "25/13/2026", "25 Foo 2026", "2026-11", "1"]
)
def test_what_is_no_day_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011  any of them
        read_day(text, today=TODAY)


def test_the_month_comes_first_only_where_nothing_else_makes_sense():
    assert is_month_first(["11/25/2026", "11/02/2026"], today=TODAY)
    assert not is_month_first(["11/12/2026", "11/02/2026"], today=TODAY)
    assert not is_month_first(["25/11/2026", "11/25/2026"], today=TODAY)
