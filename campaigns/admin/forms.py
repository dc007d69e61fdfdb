"""Forms that write only what their reader changed; JSON as people write it."""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from campaigns.money import exponent, quantize
from campaigns.text.typed_text import is_unreadable

if TYPE_CHECKING:
    AnyModelForm = forms.ModelForm[Any]
else:
    AnyModelForm = forms.ModelForm


class SeenField(forms.JSONField):
    """Digests of the values a form was shown with.

    Not signed: whoever could forge them may change the fields anyway.
    """

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class ShopModelForm(AnyModelForm):
    """Saves the columns its reader changed, never one it only carried along.

    A field that somebody else changed since it was shown keeps their value, or is an
    error when this reader changed it too.
    """

    seen = SeenField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["seen"] = self._stored = self._digests()

    @property
    def changed_columns(self) -> list[str]:
        columns = {
            field.name: field for field in self._meta.model._meta.concrete_fields
        }
        changed = [columns[name] for name in self.changed_data if name in columns]
        return [name for field in changed for name in _columns_of(field)]

    def save(self, commit: bool = True) -> Any:
        if not commit or self.instance._state.adding:
            return super().save(commit)
        row = super().save(commit=False)
        row.save(update_fields=self.changed_columns)
        self.save_m2m()
        return row

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        seen = self.cleaned_data.get("seen")
        if isinstance(seen, dict) and not self.instance._state.adding:
            self._compare_with(seen)

    def _compare_with(self, seen: dict[str, str]) -> None:
        entered = {name: _digest(value) for name, value in self.cleaned_data.items()}
        self.changed_data = [
            name
            for name in self.changed_data
            if name not in seen or entered.get(name) != seen[name]
        ]
        for name in self.changed_data:
            is_newer = name in seen and seen[name] != self._stored.get(name)
            if is_newer and entered.get(name) != self._stored.get(name):
                self.add_error(name, _changed_meanwhile())

    def _digests(self) -> dict[str, str]:
        return {
            name: _digest(self.get_initial_for_field(field, name))
            for name, field in self.fields.items()
            if not isinstance(field, SeenField | forms.FileField)
        }


def _changed_meanwhile() -> str:
    return _(
        "Somebody else changed this while you were editing. Nothing was saved:"
        " reload the page to see it, then make your change again."
    )


def _columns_of(field: "models.Field[Any, Any]") -> list[str]:
    dimensions = ("width_field", "height_field")
    measured = [getattr(field, name, None) for name in dimensions]
    return [field.name, *[name for name in measured if name]]


def _digest(value: Any) -> str:
    return hashlib.sha256(_plain(value).encode()).hexdigest()[:16]


def _plain(value: Any) -> str:
    """The same text for what the database holds and for what a form makes of it."""
    if value is None:
        return ""
    if isinstance(value, models.Model):
        value = value.pk
    elif isinstance(value, Decimal):
        value = value.normalize()
    elif isinstance(value, datetime):
        value = value.astimezone(UTC)
    return str(value).replace("\r\n", "\n").strip()


class PairsField(forms.CharField):
    """`Size: L, Color: Indigo` for a dictionary."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return ", ".join(f"{name}: {chosen}" for name, chosen in value.items())

    def to_python(self, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        parts = [part.partition(":") for part in (value or "").split(",")]
        pairs = [(name.strip(), chosen.strip()) for name, _colon, chosen in parts]
        written = [pair for pair in pairs if any(pair)]
        if not all(name and chosen for name, chosen in written):
            raise ValidationError(_("Write pairs, such as “Size: L, Color: Indigo”."))
        return dict(written)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or {}) != self.to_python(data))
        except ValidationError:
            return True


class LinesField(forms.CharField):
    """One entry a line for a list."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        lines = [line.strip() for line in (value or "").splitlines()]
        return [line for line in lines if line]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.to_python(data))


class MoneyForm(ShopModelForm):
    """An amount finer than its currency's smallest unit cannot be paid."""

    amounts: ClassVar[tuple[str, ...]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = {name: self.initial.get(name) for name in self.amounts}
        whole = {name: _without_zeros(value) for name, value in shown.items() if value}
        self.initial.update(whole)

    @property
    def currency(self) -> str | None:
        """None while it is not known what the amounts are in."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any] | None:
        currency = self.currency
        if currency:
            self._refuse_fractions(currency)
        return self.cleaned_data

    def _refuse_fractions(self, currency: str) -> None:
        for name in self.amounts:
            try:
                quantize(self.cleaned_data.get(name) or Decimal(0), currency)
            except ValueError:
                self.add_error(name, _finer_than_unit(currency))


def check_readable(text: str) -> None:
    if is_unreadable(text):
        raise ValidationError(
            _("There is an invisible control character in it. Type the text anew.")
        )


class WordsField(forms.CharField):
    """One line that staff write: a note, a reason, how money was sent."""

    default_validators = [check_readable]

    def __init__(self, *, max_length: int = 200, **options: Any) -> None:
        wide = forms.TextInput(attrs={"size": 60})
        super().__init__(max_length=max_length, widget=wide, **options)


class AmountField(forms.DecimalField):
    """An amount of money, as fine as its currency and no finer."""

    def __init__(self, *, currency: str, **kwargs: Any) -> None:
        finer = {"max_decimal_places": _finer_than_unit(currency)}
        super().__init__(
            max_digits=14,
            decimal_places=exponent(currency),
            error_messages=finer,
            **kwargs,
        )


def _without_zeros(amount: Any) -> Any:
    """`185000` for 185000.00, as people write whole amounts."""
    if not isinstance(amount, Decimal) or amount != amount.to_integral_value():
        return amount
    return amount.quantize(Decimal(1))


def _finer_than_unit(currency: str) -> str:
    places = exponent(currency)
    if not places:
        return _("%(currency)s has no decimals; give a whole amount.") % {
            "currency": currency
        }
    return _("%(currency)s has at most %(places)s decimals.") % {
        "currency": currency,
        "places": places,
    }
