from decimal import Decimal

import pytest
from django.utils.translation import override

from campaigns.money import (
    CURRENCIES,
    format_money,
    from_minor_units,
    quantize,
    to_minor_units,
)
from campaigns.templatetags.shop import money

pytestmark = pytest.mark.once


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("0", "IDR", "Rp\u00a00"),
        ("150000", "IDR", "Rp\u00a0150.000"),
        ("150000.00", "IDR", "Rp\u00a0150.000"),
        ("12345678", "IDR", "Rp\u00a012.345.678"),
        ("-123", "IDR", "\u2212Rp\u00a0123"),
        ("12.5", "SGD", "SGD\u00a012.50"),
        ("12.50", "USD", "US$\u00a012.50"),
        ("1250", "USD", "US$\u00a01,250.00"),
        ("12.50", "MYR", "RM\u00a012.50"),
        ("12.50", "EUR", "€\u00a012.50"),
    ],
)
def test_an_amount_is_written_the_same_in_both_languages(
    language: str, amount: str, currency: str, text: str
) -> None:
    with override(language):
        assert format_money(Decimal(amount), currency) == text
        assert money(Decimal(amount), currency) == text


def test_no_amount_is_no_text() -> None:
    assert money(None, "IDR") == ""


@pytest.mark.parametrize(
    ("amount", "currency"), [("150000.5", "IDR"), ("12.505", "USD")]
)
def test_an_amount_finer_than_its_currency_is_refused(
    amount: str, currency: str
) -> None:
    for convert in (format_money, quantize, to_minor_units):
        with pytest.raises(ValueError, match="finer"):
            convert(Decimal(amount), currency)


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown currency 'JPY'"):
        format_money(Decimal(1), "JPY")


def test_quantize_gives_the_decimals_of_the_currency() -> None:
    assert str(quantize(Decimal("150000.00"), "IDR")) == "150000"
    assert str(quantize(Decimal("12.5"), "SGD")) == "12.50"


@pytest.mark.parametrize("currency", CURRENCIES)
def test_minor_units_go_there_and_back(currency: str) -> None:
    assert to_minor_units(from_minor_units(1234567, currency), currency) == 1234567


def test_minor_units_follow_the_currency() -> None:
    assert to_minor_units(Decimal("150000.00"), "IDR") == 150000
    assert to_minor_units(Decimal("12.50"), "USD") == 1250
    assert str(from_minor_units(1250, "USD")) == "12.50"
    assert str(from_minor_units(150000, "IDR")) == "150000"


def test_a_gateway_may_count_rupiah_in_hundredths() -> None:
    assert to_minor_units(Decimal(150000), "IDR", places=2) == 15000000
    assert from_minor_units(15000000, "IDR", places=2) == Decimal(150000)
    with pytest.raises(ValueError, match="finer"):
        from_minor_units(15000050, "IDR", places=2)
