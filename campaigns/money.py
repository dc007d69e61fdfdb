"""Money: Decimal with a currency inside, one way to write it, exact minor units."""

from decimal import Decimal
from typing import Final

NBSP: Final = "\N{NO-BREAK SPACE}"
EXPONENT: Final[dict[str, int]] = {"IDR": 0, "USD": 2, "SGD": 2, "MYR": 2, "EUR": 2}
CURRENCIES: Final = tuple(EXPONENT)
CURRENCY_CHOICES: Final = [(code, code) for code in EXPONENT]
# Written the same in both languages: an amount must look as it does in a bank's app.
SYMBOL: Final[dict[str, str]] = {"IDR": "Rp", "USD": "US$", "MYR": "RM", "EUR": "€"}


def format_money(amount: Decimal, currency: str) -> str:
    """`Rp 150.000`, `US$ 1,250.00`, `−Rp 123`; joined by a no-break space."""
    digits = f"{abs(quantize(amount, currency)):,}"
    if currency == "IDR":
        digits = digits.replace(",", ".")
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    return f"{sign}{SYMBOL.get(currency, currency)}{NBSP}{digits}"


def quantize(amount: Decimal, currency: str) -> Decimal:
    """The amount with its currency's decimals; ValueError if it has finer ones."""
    exact = amount.quantize(smallest_unit(currency))
    if exact != amount:
        raise ValueError(f"{amount} {currency} is finer than its smallest unit")
    return exact


def rounded(amount: Decimal, currency: str) -> Decimal:
    """For sums a database made: SQLite adds decimals as floats."""
    return amount.quantize(smallest_unit(currency))


def to_minor_units(amount: Decimal, currency: str, *, places: int | None = None) -> int:
    """A gateway's integer. `places`: where it counts finer (Stripe: IDR × 100)."""
    return int(quantize(amount, currency).scaleb(_places(currency, places)))


def from_minor_units(
    minor: int, currency: str, *, places: int | None = None
) -> Decimal:
    return quantize(Decimal(minor).scaleb(-_places(currency, places)), currency)


def _places(currency: str, places: int | None) -> int:
    return exponent(currency) if places is None else places


def smallest_unit(currency: str) -> Decimal:
    """A rupiah, or a cent."""
    return Decimal(1).scaleb(-exponent(currency))


def exponent(currency: str) -> int:
    """How many decimals the currency has; ValueError for one the shop does not take."""
    if currency not in EXPONENT:
        raise ValueError(f"unknown currency {currency!r}")
    return EXPONENT[currency]
