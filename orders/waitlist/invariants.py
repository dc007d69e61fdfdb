"""What must always be true of waiting lists."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Exists, OuterRef, Q

from campaigns import room
from campaigns.clock import database_now
from campaigns.invariants import Invariant
from campaigns.models import Allotment, Batch
from orders.models import Order, WaitlistEntry

CHUNK = 5000
# A sweep period and a minute: what is younger is still being done.
PATIENCE = timedelta(minutes=2)
State = WaitlistEntry.State


def units_kept_for_nobody() -> Iterable[str]:
    """Sold out to the public while there is room and nobody waits for it."""
    limit = database_now() - PATIENCE
    entries = WaitlistEntry.objects.filter(batch=OuterRef("pk"))
    changed = Q(ended_at__gte=limit) | Q(offered_at__gte=limit)
    wanted = Exists(entries.filter(Q(state=State.WAITING) | changed))
    of_nobody = Batch.objects.accepting().filter(~wanted).exclude(open_at__gte=limit)
    kept = Allotment.objects.filter(sale=Allotment.Sale.WAITLIST, batch__in=of_nobody)
    for allotment in kept.select_related("variant", "batch__campaign"):
        if units := room.for_the_asked(allotment, allotment.batch).units:
            yield f"allotment {allotment.pk}: {units} left, kept for nobody"


def offers_that_differ_from_their_order() -> Iterable[str]:
    """Offered means pending without details, claimed means with them."""
    orders = Order.objects.filter(source=Order.Source.WAITLIST).order_by()
    rows = orders.only("source", "status", "rules", "waitlist_entry__state")
    for order in rows.select_related("waitlist_entry").iterator(CHUNK):
        entry = getattr(order, "waitlist_entry", None)
        state = entry.state if entry else ""
        is_live = order.is_unfinished and order.status == Order.Status.PENDING
        agree = (state == State.OFFERED) == is_live
        if not agree or (state == State.CLAIMED) == order.is_unfinished:
            yield f"order {order.pk}: {order.status}, its place is {state or 'gone'}"


INVARIANTS = (
    Invariant(6, "nothing is kept for a list nobody is on", units_kept_for_nobody),
    Invariant(9, "an offer and its order agree", offers_that_differ_from_their_order),
)
