"""Caps as they are typed: whole numbers a column can hold, money as people write it."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _

from campaigns.admin.forms import AmountField
from campaigns.caps import UNLIMITED, Cap
from campaigns.models import Batch
from campaigns.money import (
    format_money,
    from_minor_units,
    smallest_unit,
    to_minor_units,
)

# `15.000.000`, as the shop itself writes it.
IN_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}([.,])[0-9]{3}(?:\1[0-9]{3})*")
AT_LEAST_ONE = MinValueValidator(1)
# The largest the columns hold, on every database.
AT_MOST = MaxValueValidator(UNLIMITED)


class MoneyCapField(AmountField):
    """Typed as an amount, kept in minor units: the database compares integers."""

    def __init__(self, *, currency: str, **kwargs: Any) -> None:
        super().__init__(
            currency=currency,
            required=False,
            min_value=smallest_unit(currency),
            widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            help_text=_("In %(currency)s, goods without shipping; empty: no limit.")
            % {"currency": currency},
            **kwargs,
        )
        self.currency = currency

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, int):
            return value
        amount = from_minor_units(value, self.currency)
        is_whole = amount == amount.to_integral_value()
        return amount.quantize(Decimal(1)) if is_whole else amount

    def to_python(self, value: Any) -> Any:
        """Where there are no decimals, a mark can only part thousands.

        Only here: nothing is paid by a cap, and the next page shows what was read.
        """
        text = str(value).strip()
        is_whole = smallest_unit(self.currency) == 1
        if is_whole and IN_THOUSANDS.fullmatch(text):
            value = re.sub("[.,]", "", text)
        return super().to_python(value)

    def clean(self, value: Any) -> int | None:
        amount: Decimal | None = super().clean(value)
        return None if amount is None else to_minor_units(amount, self.currency)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(initial != self.clean(data))
        except ValidationError:
            return True


def below_taken(taken: int, cap: Cap = Cap.BATCH, currency: str = "") -> str:
    """Why a cap cannot be that low, with the number it can fall to."""
    if cap is Cap.MONEY:
        amount = format_money(from_minor_units(taken, currency), currency)
        words = _("Goods for %(taken)s are already ordered; it cannot be less.")
        return words % {"taken": amount}
    if cap is Cap.ORDERS:
        words = _("%(taken)s orders are already taken; it cannot be less.")
    else:
        words = _("%(taken)s units are already taken; the capacity cannot be less.")
    return words % {"taken": taken}


def wider_than(batch: Batch) -> str:
    """That a variant was given more than its batch has: allowed, and perhaps a slip."""
    wider = batch.allotments.filter(capacity__gt=batch.capacity)
    rows = wider.select_related("variant")
    given = ", ".join(f"{row.variant}: {row.capacity}" for row in rows)
    words = _("%(given)s – more than the batch has; it sells %(capacity)s at most")
    return words % {"given": given, "capacity": batch.capacity} if given else ""
