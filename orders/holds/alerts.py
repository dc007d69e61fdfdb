"""Tells a seller when unpaid orders hold most of a batch."""

from functools import partial

from django.db.models import Sum

from campaigns import room, room_wording
from campaigns.lists import link_to
from campaigns.models import Batch
from campaigns.rounds import count_done
from campaigns.web_addresses import absolute
from orders import seller_alerts
from orders.mail import rows as mail_rows
from orders.models import Message, Order, OrderLine
from orders.seller_alerts import SELLER_ALERT

FEWEST_UNITS = 5


def is_hoarded(batch: Batch, held: int) -> bool:
    """Whether `held` of its units are unpaid: some, and more than half of all."""
    return held >= FEWEST_UNITS and 2 * held > batch.capacity


def tell_sellers() -> int:
    """One mail for a batch and day at most."""
    held = _units_held()
    batches = room.counted(Batch.objects.with_clock().filter(pk__in=held))
    found = batches.select_related("campaign__seller")
    hoarded = [batch for batch in found if is_hoarded(batch, held[batch.pk])]
    return count_done(hoarded, lambda batch: _tell(batch, held[batch.pk]))


def _tell(batch: Batch, held: int) -> bool:
    """False when the seller was told today, or has no address."""
    seller = batch.campaign.seller
    day = batch.clock.astimezone(seller.zone).date()
    key = f"{SELLER_ALERT}:{batch.pk}:{day}"
    if not seller.email or Message.objects.filter(dedupe_key=key).exists():
        return False
    mail_rows.queue(alert(batch, held, key=key))
    return True


def alert(batch: Batch, held: int, *, key: str) -> Message:
    """Read `batch` as `room.counted`; not stored yet."""
    campaign = batch.campaign
    left = room.in_list(batch, campaign.currency)
    context = {
        "batch": batch,
        "held": held,
        "left": left.units,
        "why": partial(room_wording.why_full, left),  # In the mail's language.
        "orders_url": absolute(_unpaid_orders_of(batch)),
    }
    return seller_alerts.mail(SELLER_ALERT, campaign, key=key, context=context)


def _unpaid_orders_of(batch: Batch) -> str:
    pending = Order.Status.PENDING.value
    return link_to(Order, batch__id__exact=batch.pk, status__exact=pending)


def _units_held() -> dict[int, int]:
    """Units in unpaid orders, by batch that takes orders now."""
    held = OrderLine.objects.unpaid().filter(order__batch__in=Batch.objects.accepting())
    sums = held.order_by().values_list("order__batch").annotate(Sum("quantity"))
    return dict(sums)
