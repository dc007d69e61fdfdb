"""Phone numbers as people type them, kept as E.164."""

import re
from urllib.parse import quote

import phonenumbers

HOME_REGION = "ID"
LONGEST = 16  # E.164: a plus and fifteen digits; some plans have longer numbers.
# How people part the digits, and the invisible marks a copied contact brings along.
SEPARATORS = re.compile(
    r"[\s()./\u2010-\u2015\u2212\u200e\u200f\u202a-\u202e\u2066-\u2069-]+"
)
DIALED = re.compile(r"\+?[0-9]+")


class InvalidPhone(ValueError):
    """Not a number that can be called."""


def parse_phone(text: str) -> str:
    """`0812-3456-7890`, `62812…`, `812…` or `+65 …` as E.164; raises InvalidPhone."""
    cleaned = SEPARATORS.sub("", text)
    if not DIALED.fullmatch(cleaned):
        raise InvalidPhone(text)
    if not cleaned.startswith(("+", "0")):
        # Indonesian numbers are often written without the zero or the plus.
        cleaned = f"+{cleaned}" if cleaned.startswith("62") else f"0{cleaned}"
    try:
        number = phonenumbers.parse(cleaned, HOME_REGION)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhone(text) from error
    phone = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not phonenumbers.is_valid_number(number) or len(phone) > LONGEST:
        raise InvalidPhone(text)
    return phone


def chat_url(phone: str, text: str = "") -> str:
    """A WhatsApp chat with this E.164 number, the text filled in and not yet sent."""
    url = f"https://wa.me/{phone.lstrip('+')}"
    return f"{url}?text={quote(text, safe='')}" if text else url
