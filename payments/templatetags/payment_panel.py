"""Money of an order, for pages of apps that know nothing of money."""

from typing import Any

from django import template

from campaigns.models import Batch
from orders.models import Order
from payments.models import LedgerEntry, Payment, Refund, RefundRun
from payments.tones import PAYMENTS, REFUNDS, RUNS

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
        "refunds": [(row, _tone(row)) for row in refunds],
        "ledger": LedgerEntry.objects.filter(order=order).order_by("pk"),
    }


def _tone(refund: Refund) -> str:
    return "warn" if refund.is_unapproved else REFUNDS.get(refund.state, "")


@register.inclusion_tag("payments/admin_run_panel.html", takes_context=True)
def refund_run_panel(context: dict[str, Any], batch: Batch) -> dict[str, Any]:
    """How far the refunds of a canceled batch are, and where to look closer."""
    user = context["request"].user
    if batch.stage != Batch.Stage.CANCELED:
        return {}
    if not user.has_perm("payments.view_refundrun", batch.campaign.seller):
        return {}
    run = RefundRun.objects.filter(batch=batch).first()
    return {"run": run, "tone": RUNS.get(run.state, "") if run else ""}
