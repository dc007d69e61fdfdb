"""Parcels of an order, for pages of apps that know nothing of goods on their way."""

from typing import Any

from django import template

from fulfillment.dispatch import is_undoable
from fulfillment.models import Shipment
from orders.models import Order

register = template.Library()


@register.inclusion_tag("fulfillment/parcels.html")
def parcels(order: Order) -> dict[str, Any]:
    """What is on its way to the buyer, the first parcel first."""
    is_sent = any(line.shipped for line in order.lines.all())
    shipments = _shipments(order) if is_sent else []
    sent = [s for s in shipments if s.state == Shipment.State.SHIPPED]
    return {"parcels": sent}


@register.inclusion_tag("fulfillment/admin_parcels.html")
def parcel_panel(order: Order) -> dict[str, Any]:
    """All parcels, those taken back too, as the staff see them."""
    rows = [(shipment, is_undoable(shipment)) for shipment in _shipments(order)]
    return {"rows": rows}


def _shipments(order: Order) -> list[Shipment]:
    rows = Shipment.objects.filter(order=order).order_by("pk")
    related = rows.select_related("carrier", "by")
    return list(related.prefetch_related("lines__line"))
