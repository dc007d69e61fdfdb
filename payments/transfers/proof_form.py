"""What a buyer says of a transfer, and the file that shows it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.money import format_money
from payments.amounts import plain, read_amount
from payments.models import Payment
from payments.transfers.proof_files import ProofFile, checked
from payments.transfers.proofs import Claim

ACCEPTED = "image/jpeg,image/png,image/webp,application/pdf"
# Nobody proves a transfer made long before the order.
OLDEST = timedelta(days=60)
MOST = Decimal(10) ** 11


class ProofField(forms.FileField):
    """Cleans to what may be kept of the file."""

    def to_python(self, data: Any) -> Any:
        # Django's own words for an empty file would come first.
        return data or None

    def clean(self, data: Any, initial: Any = None) -> Any:
        upload = super().clean(data, initial)
        return checked(upload)


class ProofForm(forms.Form):
    file = ProofField(
        label=_("Picture or PDF of the transfer"),
        help_text=_("A screenshot of your bank's app is enough. At most 8 MB."),
        error_messages={"required": _("Choose a picture or a PDF of the transfer.")},
        widget=forms.ClearableFileInput(attrs={"accept": ACCEPTED}),
    )
    amount = forms.CharField(
        label=_("Amount transferred"),
        max_length=40,
        error_messages={"required": _("Enter the amount you transferred.")},
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    on = forms.DateField(
        label=_("Transferred on"),
        error_messages={
            "required": _("Enter the day of the transfer."),
            "invalid": _("Enter the day of the transfer, such as 2026-11-30."),
        },
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    sender = forms.CharField(
        label=_("Name on the account it came from"),
        help_text=_("If it is not yours."),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self, data: Any = None, files: Any = None, *, payment: Payment
    ) -> None:
        initial = {
            "amount": plain(payment.amount, payment.currency),
            "on": timezone.localdate(),
        }
        super().__init__(data, files, initial=initial)
        self.currency = payment.currency

    def clean_amount(self) -> Decimal:
        try:
            amount = read_amount(self.cleaned_data["amount"], self.currency)
        except ValueError as error:
            raise ValidationError(self._example()) from error
        if not 0 < amount < MOST:
            raise ValidationError(self._example())
        return amount

    def _example(self) -> str:
        example = format_money(Decimal(202_877), self.currency)
        words = gettext("Enter the amount as a number, such as %(example)s.")
        return words % {"example": example}

    def clean_on(self) -> date:
        day: date = self.cleaned_data["on"]
        today = timezone.localdate()
        if day > today + timedelta(days=1):
            raise ValidationError(gettext("This day is still to come."))
        if day < today - OLDEST:
            raise ValidationError(gettext("This day is too long ago."))
        return day

    @property
    def proof_file(self) -> ProofFile:
        file: ProofFile = self.cleaned_data["file"]
        return file

    @property
    def claim(self) -> Claim:
        cleaned = self.cleaned_data
        return Claim(
            amount=cleaned["amount"], on=cleaned["on"], sender=cleaned["sender"]
        )
