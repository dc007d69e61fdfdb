"""Forms of the order pages."""

import re
from typing import Any

from django import forms
from django.core.validators import EmailValidator, validate_email
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models import Order
from orders.phones import InvalidPhone, parse_phone


class PhoneField(forms.CharField):
    """A WhatsApp number as people type it; its clean value is E.164."""

    default_error_messages = {
        "required": _("Write a WhatsApp number: 0812 3456 7890."),
        "invalid": _("Write a WhatsApp number, for example 0812 3456 7890."),
    }
    widget = forms.TextInput(
        attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}
    )

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("WhatsApp number"))
        super().__init__(max_length=40, **kwargs)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return parse_phone(text) if text else ""
        except InvalidPhone as error:
            message = self.error_messages["invalid"]
            raise forms.ValidationError(message, code="invalid") from error


class PlainEmailValidator(EmailValidator):
    """Refuses quoted names: `"a b"@x.id` may even hold control characters."""

    user_regex = re.compile(
        r"[-!#$%&'*+/=?^_`{}|~0-9A-Za-z]+(\.[-!#$%&'*+/=?^_`{}|~0-9A-Za-z]+)*\Z"
    )


class PlainEmailField(forms.EmailField):
    default_validators = [PlainEmailValidator()]
    default_error_messages = {
        "required": _("Write an e-mail address."),
        "invalid": _("Write an e-mail address like nama@contoh.id."),
    }
    widget = forms.EmailInput(attrs={"autocomplete": "email"})

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("E-mail"))
        super().__init__(max_length=254, **kwargs)


class FindForm(forms.Form):
    """Number and contact of an order; says nothing about whether it exists."""

    number = forms.CharField(
        label=_("Order number"),
        max_length=20,
        help_text=_("It stands in every mail, for example K7F3Q9M2."),
        error_messages={"required": _("Write the order number.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters"}
        ),
    )
    contact = forms.CharField(
        label=_("WhatsApp number or e-mail"),
        max_length=254,
        error_messages={"required": _("Write the WhatsApp number or e-mail.")},
        widget=forms.TextInput(attrs={"autocomplete": "email"}),
    )

    def clean(self) -> dict[str, Any]:
        contact = self.cleaned_data.get("contact", "")
        if contact and self._same_contact(contact) is None:
            self.add_error(
                "contact",
                _("Write a number like 0812 3456 7890, or an e-mail address."),
            )
        return self.cleaned_data

    def order(self) -> Order | None:
        """The order both answers fit, if there is one."""
        number = "".join(filter(str.isalnum, self.cleaned_data["number"])).upper()
        same_contact = self._same_contact(self.cleaned_data["contact"])
        if same_contact is None:
            return None
        orders = Order.objects.with_seller()
        return orders.filter(same_contact, number=number).first()

    def _same_contact(self, contact: str) -> Q | None:
        if "@" in contact:
            try:
                validate_email(contact)
            except forms.ValidationError:
                return None
            return Q(email__iexact=contact)
        try:
            return Q(phone=parse_phone(contact))
        except InvalidPhone:
            return None
