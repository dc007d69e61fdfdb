"""One cell → one value, or BadCell with what is wrong in words."""

import re
import unicodedata
from decimal import Decimal
from math import ceil

from django.utils.translation import gettext as _

from campaigns.errors import CampaignError
from campaigns.money import quantize

MAX_PRICE = 1_000_000_000
MAX_GRAMS = 1_000_000
# Three decimals are left out on purpose: "50.000" may be fifty thousand or fifty.
PRICE = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,2})?")
GRAMS = re.compile(r"-?[0-9]{1,20}(\.[0-9]+)?")
SHOWN = 40


class BadCell(CampaignError):
    """A cell holds what cannot be taken; the message names cell and reason."""


def words(text: str) -> str:
    """One line without control characters or doubled spaces."""
    kept = (c for c in text if c.isspace() or unicodedata.category(c) != "Cc")
    return " ".join("".join(kept).split())


def at_most(limit: int, text: str, column: str) -> str:
    if len(text) > limit:
        raise BadCell(
            _("%(column)s has %(length)s characters, at most %(limit)s are possible")
            % {"column": column, "length": len(text), "limit": limit}
        )
    return text


def price(text: str, currency: str) -> Decimal:
    shown = words(text)
    if not shown:
        raise BadCell(_("Variant Price is empty"))
    if not PRICE.fullmatch(shown):
        raise BadCell(
            _("Variant Price “%(price)s” is not a number such as 150000 or 9.99")
            % {"price": shown[:SHOWN]}
        )
    amount = Decimal(shown)
    _refuse_outside("Variant Price", amount, MAX_PRICE)
    return _in_units(amount, currency)


def grams(text: str) -> int | None:
    """Whole grams, rounded up; None where the file does not know the weight."""
    shown = words(text) or "0"
    if not GRAMS.fullmatch(shown):
        raise BadCell(
            _("Variant Grams “%(grams)s” is not a number") % {"grams": shown[:SHOWN]}
        )
    weight = Decimal(shown)
    _refuse_outside("Variant Grams", weight, MAX_GRAMS)
    return ceil(weight) or None


def _refuse_outside(column: str, number: Decimal, limit: int) -> None:
    if number < 0:
        raise BadCell(
            _("%(column)s %(number)s is negative")
            % {"column": column, "number": number}
        )
    if number > limit:
        raise BadCell(
            _("%(column)s %(number)s is above %(limit)s")
            % {"column": column, "number": number, "limit": limit}
        )


def _in_units(amount: Decimal, currency: str) -> Decimal:
    try:
        return quantize(amount, currency)
    except ValueError as error:
        raise BadCell(
            _(
                "Variant Price %(price)s is finer than %(currency)s allows; "
                "is the file in another currency, for example --currency USD?"
            )
            % {"price": amount, "currency": currency}
        ) from error
