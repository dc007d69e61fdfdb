"""Delays on pages of other apps, and beside an order's form."""

from typing import Any

from django import template

from campaigns.models import Batch
from orders.admin import delays as admin_delays
from orders.delays import counts as delay_counts
from orders.models import Order

register = template.Library()


@register.inclusion_tag("orders/admin_announcements.html")
def announcements(batch: Batch) -> dict[str, Any]:
    """What each announced window led to, as it stands now."""
    return {"rows": delay_counts.answers_of(batch)}


@register.inclusion_tag("orders/admin_delay.html")
def open_delay_panel(order: Order, *, may_ask: bool) -> dict[str, Any]:
    """An open question to this buyer, and the way to ask it by hand.

    That way holds the buyer's own link, which shows amounts and cancels: it is for
    those who see money.
    """
    decision = admin_delays.open_delay(order)
    if decision is None:
        return {}
    by_hand = admin_delays.must_be_asked_by_hand(decision)
    is_linked = may_ask and order.phone
    link = admin_delays.whatsapp_link(order, decision) if is_linked else ""
    return {"decision": decision, "by_hand": by_hand, "link": link}
