"""Money of an order, for pages of apps that know nothing of money."""

from typing import Any

from django import template

from orders.models import Order
from payments.models import LedgerEntry, Payment, Refund
from payments.tones import PAYMENTS, REFUNDS

register = template.Library()


@register.inclusion_tag("payments/admin_panel.html")
def payment_panel(order: Order) -> dict[str, Any]:
    """Payments, refunds and ledger of one order, as the staff see them."""
    payments = Payment.objects.filter(order=order).order_by("pk")
    refunds = Refund.objects.filter(payment__order=order).select_related("payment")
    return {
        "order": order,
        "payments": [(row, PAYMENTS.get(row.state, "")) for row in payments],
        "refunds": [(row, REFUNDS.get(row.state, "")) for row in refunds],
        "ledger": LedgerEntry.objects.filter(order=order).order_by("pk"),
    }
