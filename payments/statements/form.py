"""The form that takes a statement: an account, and a file or pasted rows."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from payments.models import BankAccount
from payments.statements.columns import Columns
from payments.statements.files import MAX_BYTES

PARTS = {
    "date": _("Day"),
    "description": _("Text"),
    "amount": _("Amount, in and out in one column"),
    "side": _("Column that says in or out (CR/DB)"),
    "credit": _("Money in, where it has a column of its own"),
    "debit": _("Money out"),
}


class StatementForm(forms.Form):
    account = forms.ModelChoiceField(
        BankAccount.objects.none(), label=_("Bank account"), empty_label=None
    )
    file = forms.FileField(
        label=_("CSV file of the bank"), required=False, allow_empty_file=True
    )
    text = forms.CharField(
        label=_("Or rows to paste, with their header"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )

    def __init__(
        self, data: Any, files: Any, *, accounts: QuerySet[BankAccount]
    ) -> None:
        super().__init__(data, files)
        field: Any = self.fields["account"]
        field.queryset = accounts

    def clean(self) -> dict[str, Any]:
        file, text = self.cleaned_data.get("file"), self.cleaned_data.get("text")
        if not file and not text:
            raise ValidationError(gettext("Choose a file, or paste its rows."))
        if file and (file.size or 0) > MAX_BYTES:
            words = gettext("The file is larger than %(limit)s MB. Export fewer days.")
            raise ValidationError(words % {"limit": MAX_BYTES // 1024**2})
        return self.cleaned_data

    @property
    def statement(self) -> bytes:
        file = self.cleaned_data["file"]
        data: bytes = file.read() if file else self.cleaned_data["text"].encode()
        return data

    def columns(self) -> Columns | None:
        """As named on this page, where somebody did."""
        named = {name: self.data.get(f"column-{name}", "") for name in PARTS}
        columns = Columns(**named)
        return columns if columns.is_complete else None


def choices(names: Sequence[str], found: Columns) -> list[dict[str, Any]]:
    """One select for each part, with what was guessed."""
    guessed = found.stored()
    return [
        {"name": f"column-{part}", "label": label, "chosen": guessed[part]}
        | {"options": ["", *names]}
        for part, label in PARTS.items()
    ]
