"""The account a buyer wants a refund on, as people write account numbers."""

import re
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from payments.payouts.accounts import Account

SEPARATORS = re.compile(r"[\s.\-]+")
NUMBER = re.compile(r"\+?[0-9]{5,34}|[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}", re.ASCII)
PLAIN = RegexValidator(
    r"^[^\x00-\x1f\x7f<>]*\Z", _("Leave out signs that are neither letters nor digits.")
)


class PayoutForm(forms.Form):
    bank = forms.CharField(
        label=_("Bank or e-wallet"),
        min_length=2,
        max_length=60,
        validators=[PLAIN],
        help_text=_("For example BCA, Mandiri, GoPay or DANA."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    number = forms.CharField(
        label=_("Account number"),
        max_length=60,
        help_text=_("Of an e-wallet its phone number."),
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
    )
    holder = forms.CharField(
        label=_("Account holder"),
        min_length=2,
        max_length=120,
        validators=[PLAIN],
        help_text=_("The name exactly as your bank has it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def clean_number(self) -> str:
        number = SEPARATORS.sub("", str(self.cleaned_data["number"])).upper()
        if not NUMBER.fullmatch(number):
            raise forms.ValidationError(
                _("Enter the account number: 5 to 34 digits, or an IBAN.")
            )
        return number

    def account(self) -> Account:
        named: dict[str, Any] = self.cleaned_data
        return Account(**named)
