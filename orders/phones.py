"""Phone numbers as people type them, kept as E.164."""

import phonenumbers

HOME_REGION = "ID"


class InvalidPhone(ValueError):
    """Not a number that can be called."""


def parse_phone(text: str) -> str:
    """`0812-3456-7890`, `62812…`, `812…` or `+65 …` as E.164; raises InvalidPhone."""
    cleaned = text.strip()
    if not cleaned.startswith(("+", "0")):
        # Indonesian numbers are often written without the zero or the plus.
        cleaned = f"+{cleaned}" if cleaned.startswith("62") else f"0{cleaned}"
    try:
        number = phonenumbers.parse(cleaned, HOME_REGION)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhone(text) from error
    if not phonenumbers.is_valid_number(number):
        raise InvalidPhone(text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
