"""Tells a seller when unpaid orders hold most of a batch and little is left to sell."""

from django.db.models import Sum

from campaigns.models import Batch
from campaigns.phases import Phase, standing
from campaigns.rounds import count_done
from orders import emails
from orders.models import Order, OrderLine

FEWEST_UNITS = 5
LITTLE_LEFT = (Phase.NEARLY_FULL, Phase.FULL)


def is_hoarded(batch: Batch, held: int) -> bool:
    """Whether more than half of the batch is unpaid, and others find little.

    Read `batch` with its clock; `held` are its units in unpaid orders.
    """
    is_most = held >= FEWEST_UNITS and 2 * held > batch.capacity
    phase = standing(batch, batch.clock, has_variants=True).phase
    return is_most and phase in LITTLE_LEFT


def tell_sellers() -> int:
    """One mail for a batch and day at most."""
    held = _units_held()
    batches = Batch.objects.with_clock().select_related("campaign__seller")
    hoarded = [b for b in batches.filter(pk__in=held) if is_hoarded(b, held[b.pk])]
    return count_done(hoarded, lambda b: emails.seller_alert(b, held=held[b.pk]))


def _units_held() -> dict[int, int]:
    """Units in unpaid orders, by batch that takes orders now."""
    lines = OrderLine.objects.filter(
        order__status=Order.Status.PENDING, order__batch__in=Batch.objects.accepting()
    )
    sums = lines.order_by().values_list("order__batch").annotate(Sum("quantity"))
    return dict(sums)
