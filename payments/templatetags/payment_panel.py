"""Money of an order, for pages of apps that know nothing of money."""

from typing import Any

from django import template

from orders.models import Order
from payments.models import LedgerEntry, Payment, Refund
from payments.tones import PAYMENTS, REFUNDS

register = template.Library()


@register.inclusion_tag("payments/admin_panel.html", takes_context=True)
def payment_panel(context: dict[str, Any], order: Order) -> dict[str, Any]:
    """Payments, refunds and ledger of one order, for staff who may see money."""
    user = context["request"].user
    if not user.has_perm("payments.view_payment", order.batch.campaign.seller):
        return {"is_hidden": True}
    payments = Payment.objects.filter(order=order).order_by("pk")
    refunds = Refund.objects.filter(payment__order=order).select_related("payment")
    return {
        "order": order,
        "payments": [(row, PAYMENTS.get(row.state, "")) for row in payments],
        "refunds": [(row, REFUNDS.get(row.state, "")) for row in refunds],
        "ledger": LedgerEntry.objects.filter(order=order).order_by("pk"),
    }
