"""Start of production: from here on nothing becomes confirmed, and the plan stands."""

from django.db import transaction
from django.db.models import Sum

from campaigns.actors import Actor
from campaigns.models import Batch, Variant
from fulfillment.errors import NotDrained
from fulfillment.models import ProductionSheet, ProductionSheetLine
from fulfillment.models.sheet import digest_of
from orders.models import Order, OrderLine


def freeze(batch_id: int, *, actor: Actor) -> ProductionSheet:
    """Start production and freeze what is confirmed, in one transaction.

    Raises InvalidTransition unless the batch is closed, NotDrained while an order could
    still be paid, and MinimumUndecided while nobody decided that enough are. Orders are
    only read: their locks come before the batch's.
    """
    with transaction.atomic():
        batch = Batch.objects.locked(batch_id)
        pending = unpaid_orders(batch)
        if pending and batch.stage == Batch.Stage.CLOSED:
            raise NotDrained(pending)
        batch.start_production(actor=actor)
        return _insert(batch, confirmed_units(batch), actor)


def unpaid_orders(batch: Batch) -> int:
    return Order.objects.filter(batch=batch, status=Order.Status.PENDING).count()


def confirmed_units(batch: Batch) -> dict[int, int]:
    """Units of confirmed orders by variant."""
    lines = OrderLine.objects.filter(
        order__batch=batch, order__status=Order.Status.CONFIRMED, quantity__gt=0
    )
    sums = lines.order_by().values("variant_id").annotate(units=Sum("quantity"))
    return dict(sums.values_list("variant_id", "units"))


def _insert(batch: Batch, units: dict[int, int], actor: Actor) -> ProductionSheet:
    variants = Variant.objects.filter(pk__in=units)
    lines = [_line(variant, units[variant.pk]) for variant in variants]
    sheet = ProductionSheet(
        batch=batch,
        number=batch.sheets.count() + 1,
        frozen_by=actor.user,
        digest=digest_of(lines),
    )
    sheet.save()
    for line in lines:
        line.sheet = sheet
    ProductionSheetLine.objects.bulk_create(lines)
    return sheet


def _line(variant: Variant, units: int) -> ProductionSheetLine:
    return ProductionSheetLine(
        variant=variant,
        sku=variant.sku,
        label=variant.label,
        ordered=units,
        to_produce=units,
    )
