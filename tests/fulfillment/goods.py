"""Batches in production with confirmed orders, made through the shop's own doors."""

from datetime import timedelta
from typing import Any

from django.db.models import Model

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.models import Batch
from fulfillment import dispatch, production
from fulfillment.models import (
    Carrier,
    ProductionSheet,
    ProductionSheetLine,
    Shipment,
    ShipmentLine,
)
from orders.models import Message, Order
from tests.drafts import WRITTEN_BY_ORDERS, make_offer, place_paid, rows_in

WRITTEN_BY_GOODS: tuple[type[Model], ...] = (
    *WRITTEN_BY_ORDERS,
    *(ProductionSheet, ProductionSheetLine, Shipment, ShipmentLine),
)


def rows_of_goods() -> dict[str, list[dict[str, Any]]]:
    """All that production and shipping may write: compare before and after."""
    return rows_in(WRITTEN_BY_GOODS)


def close(batch: Batch) -> Batch:
    Batch.objects.get(pk=batch.pk).close(actor=SYSTEM)
    return Batch.objects.get(pk=batch.pk)


def in_production(*orders: list[int]) -> tuple[Batch, list[Order]]:
    """Two variants; one confirmed order for each list of units."""
    batch = make_offer(variants=2, capacity=100)
    placed = [place_paid(batch, units=units) for units in orders or ([1],)]
    close(batch)
    production.freeze(batch.pk, actor=SYSTEM)
    return Batch.objects.get(pk=batch.pk), placed


def make_carrier(name: str = "Kurir Kita") -> Carrier:
    url = "https://example.com/track/{number}"
    return Carrier.objects.get_or_create(name=name, defaults={"tracking_url": url})[0]


def ship(order: Order, number: str = "KK 001", **options: Any) -> Shipment:
    carrier = options.pop("carrier", None) or make_carrier()
    shipment = dispatch.ship(
        order.pk, carrier=carrier, tracking_number=number, actor=SYSTEM, **options
    )
    order.refresh_from_db()
    return shipment


def mail_of(shipment: Shipment) -> Message:
    return Message.objects.get(dedupe_key__endswith=f":{shipment.pk}")


def let_window_pass(shipment: Shipment) -> None:
    """The minutes for taking it back are over."""
    past = database_now() - dispatch.UNDO_WINDOW
    Shipment.objects.filter(pk=shipment.pk).update(shipped_at=past)
    Message.objects.filter(pk=mail_of(shipment).pk).update(
        next_attempt_at=past + timedelta(milliseconds=1)
    )


def shipped_units(order: Order) -> list[int]:
    return list(order.lines.order_by("pk").values_list("shipped", flat=True))
