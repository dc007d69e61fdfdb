"""Amounts as people and banks write them: `Rp 1.234.567,00`, `1,234,567.00`, `-5`."""

import re
from decimal import Decimal

from campaigns.money import SYMBOL, exponent, quantize

MOST_CHARACTERS = 40
GROUPED = re.compile(r"[0-9]{1,3}([.,' ])[0-9]{3}(?:\1[0-9]{3})*")
PLAIN = re.compile(r"[0-9]+")
MOST_DIGITS = 12
DECIMALS = re.compile(r"(?P<whole>.*[0-9])[.,](?P<cents>[0-9]{1,2})")
OUT = ("DB", "DR", "D")
IN = ("CR", "K")


def read_amount(text: str, currency: str) -> Decimal:
    """ValueError for what is no amount, could be two, or is finer than its unit."""
    written = _without_currency(text, currency)
    written, is_negative = _sign(written)
    number = _number(written)
    amount = quantize(-number if is_negative else number, currency)
    return amount or Decimal(0)


def _without_currency(text: str, currency: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise ValueError("too long for an amount")
    cleaned = re.sub(r"[\s\u00a0\u202f]+", " ", text).strip().replace("\u2212", "-")
    symbol = re.escape(SYMBOL.get(currency, currency))
    return re.sub(rf"(?i)(?:{symbol}|{currency})\.?", "", cleaned).strip()


def _sign(written: str) -> tuple[str, bool]:
    """A minus before or after, brackets, or the bank's own word for a side."""
    if written.startswith("(") and written.endswith(")"):
        return written[1:-1].strip(), True
    for words, is_negative in ((OUT, True), (IN, False)):
        for word in words:
            if written.upper().endswith(word) and written[: -len(word)].strip():
                return written[: -len(word)].strip(), is_negative
    if written.startswith(("-", "+")):
        return written[1:].strip(), written[0] == "-"
    if written.endswith(("-", "+")):
        return written[:-1].strip(), written[-1] == "-"
    return written, False


def _number(written: str) -> Decimal:
    cents = "00"
    # Three digits after a mark are a group of thousands, never decimals.
    if found := DECIMALS.fullmatch(written):
        written, cents = found["whole"], found["cents"]
    digits = re.sub(r"[^0-9]", "", written)
    is_number = PLAIN.fullmatch(written) or GROUPED.fullmatch(written)
    if is_number and len(digits.lstrip("0")) <= MOST_DIGITS:
        return Decimal(f"{digits}.{cents}")
    raise ValueError(f"{written!r} is no amount")


def plain(amount: Decimal, currency: str) -> str:
    """For a field that is to be edited: `202877`, `12.50`."""
    return f"{amount:.{exponent(currency)}f}"
