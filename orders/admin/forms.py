"""What staff enter in a step of an order, each refusal with its reason."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.admin.forms import AmountField, WordsField
from campaigns.money import quantize
from orders.cancellation import Quote
from orders.forms import PhoneField, PlainEmailField
from orders.models import Order


class CancelForm(forms.Form):
    """`quote` is what the seller may keep and return; posted back as it was shown."""

    reason = WordsField(
        label=_("Reason"),
        help_text=_("The buyer reads it in the mail."),
    )

    def __init__(self, data: Any, *, order: Order, quote: Quote) -> None:
        super().__init__(data)
        self.fields["kept"] = AmountField(
            currency=order.currency,
            label=_("You keep"),
            min_value=0,
            max_value=quote.kept,
            initial=0,
            help_text=_("Zero returns everything."),
            widget=forms.HiddenInput if not quote.kept else None,
        )
        self._show("may_keep", quote.kept, order)
        self._show("may_return", quote.returned, order)

    def _show(self, name: str, amount: Any, order: Order) -> None:
        self.fields[name] = AmountField(
            currency=order.currency,
            initial=quantize(amount, order.currency),
            widget=forms.HiddenInput,
        )


class ContactForm(forms.Form):
    email = PlainEmailField(
        widget=forms.EmailInput(attrs={"size": 40}),
    )
    phone = PhoneField()

    def __init__(self, data: Any, *, order: Order) -> None:
        now = {"email": order.email, "phone": order.phone}
        super().__init__(data, initial=now)
        self.fields["email"].required = order.source != Order.Source.CHAT
