"""Amounts as a gateway tells them."""

from decimal import Decimal, InvalidOperation

from campaigns.money import quantize

# What no column of the shop could hold.
TOO_LARGE = Decimal(10) ** 12


def read(told: object, currency: str) -> Decimal:
    """Exact and above zero, or ValueError: what is finer is not rounded away."""
    try:
        amount = quantize(Decimal(str(told)), currency)
    except InvalidOperation as error:
        raise ValueError(f"{told!r} is no amount") from error
    if not 0 < amount < TOO_LARGE:
        raise ValueError(f"{told!r} is no amount of money")
    return amount
