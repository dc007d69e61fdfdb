"""The ways to pay that an order can choose among now, for components/choice.html."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from orders.models import Order
from payments import gateways
from payments.gateways.words import in_words, next_step


def choices(order: Order, amount: Decimal, *, current: str) -> list[dict[str, Any]]:
    """All that take this amount; none where there is nothing to choose."""
    names = gateways.offered(order.batch.campaign, amount)
    if set(names) <= {current}:
        return []
    return [
        {
            "name": name,
            "text": in_words(name),
            "sub": next_step(name),
            "aside": _("chosen now") if name == current else "",
            "id": f"id_payment_{n}",
            "chosen": name == (current or names[0]),
        }
        for n, name in enumerate(names)
    ]
