"""The card a balance will be charged to, for the page of its order and its mails."""

from typing import Any

from django import template

from orders.models import Order
from payments.cards.charging import due_from
from payments.dues import balance_of
from payments.models import SavedMethod

register = template.Library()


@register.inclusion_tag("payments/saved_card.html", takes_context=True)
def saved_card(context: dict[str, Any], order: Order) -> dict[str, Any]:
    """With the button that takes the consent back; empty where there is none."""
    card = _waiting_card(order)
    return {
        "order": order,
        "card": card,
        "due": balance_of(order).due if card else None,
        "begins": due_from(order) if card else None,
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag
def card_to_be_charged(order: Order) -> str:
    """Its label, for a mail; empty when the buyer pays the balance by hand."""
    card = _waiting_card(order)
    return str(card) if card else ""


def _waiting_card(order: Order) -> SavedMethod | None:
    if order.status != Order.Status.CONFIRMED or order.deposit >= order.total:
        return None
    return SavedMethod.objects.chargeable().filter(order=order).first()
