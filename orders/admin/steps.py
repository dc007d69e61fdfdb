"""What staff may do to an order: cancel it, put its contact right."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.actors import Actor
from campaigns.admin.transitions import Transition
from campaigns.clock import database_now
from campaigns.errors import NotReady
from campaigns.money import format_money
from orders.addresses import changes as address_changes
from orders.addresses.changes import AddressFixed
from orders.addresses.form import address_form
from orders.addresses.page import in_words
from orders.admin.forms import CancelForm, ContactForm
from orders.cancellation import (
    NotCancelable,
    Quote,
    cancel_for_seller,
    quote_for_seller,
)
from orders.corrections import correct_contact
from orders.models import Order


class CancelOrder(Transition):
    name = "cancel"
    label = _("Cancel the order")
    done = _("Canceled")

    def is_offered(self, row: Order) -> bool:
        return _quote(row) is not None

    def form(self, row: Order, data: Any) -> forms.Form:
        return CancelForm(data, order=row, quote=quote_for_seller(row))

    def facts(self, row: Order) -> list[tuple[Any, object]]:
        quote = quote_for_seller(row)
        amounts = [(_("Comes back to the buyer"), quote.kept + quote.returned)]
        if quote.kept:
            amounts += [
                (_("The rule lets you keep at most"), quote.kept),
                (_("Then comes back only"), quote.returned),
            ]
        return [
            (_("Units that can be ordered again"), row.units),
            *((name, format_money(sum_, row.currency)) for name, sum_ in amounts),
        ]

    def perform(self, row: Order, *, actor: Actor, data: dict[str, Any]) -> None:
        cancel_for_seller(
            row.pk,
            kept=data["kept"],
            shown=Quote(kept=data["may_keep"], returned=data["may_return"]),
            reason=data["reason"],
            actor=actor,
        )


def _quote(order: Order) -> Quote | None:
    try:
        return quote_for_seller(order)
    except NotCancelable:
        return None


class CorrectContact(Transition):
    name = "contact"
    label = _("Correct e-mail or phone")
    done = _("Contact corrected")

    def is_offered(self, row: Order) -> bool:
        return bool(row.phone)

    def form(self, row: Order, data: Any) -> forms.Form:
        return ContactForm(data, order=row)

    def facts(self, row: Order) -> list[tuple[Any, object]]:
        mail = _("The link and the latest mail are sent to the new address.")
        limit = _("stays with the contact the order was placed with")
        return [(_("A new e-mail"), mail), (_("The limit per buyer"), limit)]

    def perform(self, row: Order, *, actor: Actor, data: dict[str, Any]) -> None:
        correct_contact(row.pk, email=data["email"], phone=data["phone"], actor=actor)


class CorrectAddress(Transition):
    """Also after the lock; what the buyer pays for shipping stays as it is."""

    name = "address"
    label = _("Correct name or address")
    done = _("Address corrected; the buyer is told by mail")

    def is_offered(self, row: Order) -> bool:
        is_typed = bool(row.address)
        found = address_changes.hindrance(row, database_now())
        return is_typed and found in (None, AddressFixed.Reason.LOCKED)

    def form(self, row: Order, data: Any) -> forms.Form:
        return address_form(row, data)

    def facts(self, row: Order) -> list[tuple[Any, object]]:
        option = row.shipping_option
        served = ", ".join(option.provinces) if option else ""
        return [
            (_("Courier the buyer chose"), row.shipping_service or "–"),
            (_("It ships to"), served or _("everywhere")),
            (_("Shipping the buyer pays"), format_money(row.shipping, row.currency)),
            (_("The price"), _("stays as it is, whatever the address")),
        ]

    def perform(self, row: Order, *, actor: Actor, data: dict[str, Any]) -> None:
        columns = {name: data[name] for name in address_changes.COLUMNS}
        try:
            address_changes.correct(row.pk, address=columns, actor=actor)
        except AddressFixed as refusal:
            raise NotReady([in_words(refusal.reason)]) from refusal
