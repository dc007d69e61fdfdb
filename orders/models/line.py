"""What an order takes of one variant, at the price and under the name of its day."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from campaigns.fields import OrderedJSONField
from campaigns.models import Allotment, Batch, Variant
from campaigns.prepared import Prepared, given
from orders.models.order import Order


class OrderLineQuerySet(models.QuerySet["OrderLine"]):
    def paid(self) -> Self:
        return self.filter(order__status__in=Order.PAID)

    def unpaid(self) -> Self:
        """Of orders that hold their units without being paid yet."""
        return self.filter(order__status=Order.Status.PENDING)

    def held_by_variant(self, batches: Iterable[Batch]) -> dict[tuple[int, int], int]:
        """Units of unpaid orders, by batch and variant id; offers of a list too."""
        held = self.unpaid().filter(order__batch__in=list(batches))
        groups = held.order_by().values_list("order__batch_id", "variant_id")
        return {
            (batch, variant): units
            for batch, variant, units in groups.annotate(Sum("quantity"))
        }


class OrderLine(models.Model):
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="lines", verbose_name=_("order")
    )
    variant = models.ForeignKey(
        Variant, models.PROTECT, related_name="+", verbose_name=_("variant")
    )
    allotment = models.ForeignKey(Allotment, models.PROTECT, related_name="+")
    ordered = models.PositiveIntegerField(_("ordered"))
    quantity = models.PositiveIntegerField(_("quantity"))
    shipped = models.PositiveIntegerField(_("shipped"), default=0)
    unit_price = models.DecimalField(_("unit price"), max_digits=14, decimal_places=2)
    # One text for each unit, in the buyer's order.
    personalization = models.JSONField(_("personalization"), default=list, blank=True)
    name = models.CharField(_("name"), max_length=120)
    sku = models.CharField("SKU", max_length=60)
    options = OrderedJSONField(_("options"), default=dict)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="replacements"
    )

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(shipped__lte=F("quantity"), quantity__lte=F("ordered")),
                name="line_shipped_within_quantity_within_ordered",
            ),
            models.CheckConstraint(
                condition=Q(ordered__gte=1), name="line_orders_a_unit_or_more"
            ),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0), name="line_price_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name} {self.label}".strip()

    @property
    def label(self) -> str:
        return " · ".join(str(value) for value in self.options.values())

    @property
    def amount(self) -> Decimal:
        return self.unit_price * self.quantity


LINES_OF_ORDER = Prepared(lambda: OrderLine.objects.filter(order=given("order")))


def units_by_allotment(lines: Iterable[OrderLine]) -> dict[int, int]:
    """What these lines take from each allotment now."""
    units: dict[int, int] = {}
    for line in lines:
        units[line.allotment_id] = units.get(line.allotment_id, 0) + line.quantity
    return units
