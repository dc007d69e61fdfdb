"""Tells every order of a batch of the window announced last, each once.

The announcement is one short transaction on the batch; here the orders that know an
older version are found, chunk by chunk, however many there are and whoever died in
between. What is announced meanwhile is told in a later round: the newest one wins.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef

from campaigns.busy import is_busy
from campaigns.clock import Clock, database_now
from campaigns.models import Batch, ScheduleChange
from campaigns.rounds import count_done
from campaigns.wakeup import wake_up
from orders import lifecycle
from orders.decisions import mails as decision_mails
from orders.delays.tellings import Telling, tellings_of
from orders.mail import rows as mail_rows
from orders.models import Decision, Message, Order, OrderEvent

# Rendered while their orders are locked; on SQLite nobody else writes meanwhile. Not
# before: a mail links to its question, whose number comes under the lock, and says what
# follows from orders, lines, answers and mails that only the lock holds still.
CHUNK = 50
# Looked up together: finding them costs as much as the batch has orders.
PAGE = 5000
# The rest of a sweep waits meanwhile; the next one goes on.
SECONDS_AT_A_TIME = 20.0

logger = logging.getLogger(__name__)


def tell_all() -> int:
    """How many orders were told; very many need several rounds."""
    ends = time.monotonic() + SECONDS_AT_A_TIME
    behind = Order.objects.behind_schedule().filter(batch=OuterRef("pk"))
    batches = Batch.objects.filter(Exists(behind), schedule_version__gt=1)
    keys = list(batches.order_by("pk").values_list("pk", flat=True))
    return count_done(keys, partial(tell_batch, until=ends))


def tell_batch(batch_id: int, *, until: float = float("inf")) -> int:
    """In chunks, each a transaction of its own, until that second of the clock."""
    told = 0
    for keys in _chunks_behind(batch_id):
        told += _tell_chunk(batch_id, keys)
        if time.monotonic() >= until:
            wake_up()
            break
    return told


def _chunks_behind(batch_id: int) -> Iterator[list[int]]:
    behind = Order.objects.behind_schedule().filter(batch=batch_id).order_by("pk")
    last = 0
    while page := list(behind.filter(pk__gt=last).values_list("pk", flat=True)[:PAGE]):
        for start in range(0, len(page), CHUNK):
            yield page[start : start + CHUNK]
        last = page[-1]


def _tell_chunk(batch_id: int, keys: Sequence[int]) -> int:
    """One order that cannot be told stops no other."""
    try:
        return tell(batch_id, keys)
    except Exception as error:
        if is_busy(error):
            raise
        logger.exception("news of batch %s, orders from %s", batch_id, keys[0])
        return count_done(keys, lambda key: tell(batch_id, [key]))


def tell(batch_id: int, keys: Sequence[int]) -> int:
    """Tell these orders, in one transaction; those that know it are left out."""
    with transaction.atomic():
        orders = lifecycle.locked_together(keys)
        # Read after the wait for the locks: the newest announcement counts.
        batch = Batch.objects.select_related("campaign__seller").get(pk=batch_id)
        behind = [order for order in orders if _is_behind(order, batch)]
        change = _newest_change(batch)
        if change is None or not behind:
            return 0
        for order in behind:
            order.batch = batch
        _tell([o for o in behind if not o.is_unfinished], change)
        _renew([o for o in behind if o.is_unfinished], change)
        wake_up()
    return len(behind)


def _is_behind(order: Order, batch: Batch) -> bool:
    is_waiting = order.status in Order.LIVE and order.packed_at is None
    is_here = order.batch_id == batch.pk
    return is_here and is_waiting and order.schedule_version < batch.schedule_version


def _newest_change(batch: Batch) -> ScheduleChange | None:
    """None when the batch is over, or its version was raised without a word."""
    if batch.stage not in Batch.BEFORE_COMPLETION:
        return None
    changes = ScheduleChange.objects.filter(batch=batch)
    return changes.filter(version=batch.schedule_version).first()


def _tell(orders: list[Order], change: ScheduleChange) -> None:
    if not orders:
        return
    mails = Message.objects.filter(order__in=[order.pk for order in orders])
    decision_mails.abort(mails.filter(kind__in=decision_mails.OF_DELAYS))
    tellings = tellings_of(orders, change, database_now())
    _supersede(tellings)
    # First the numbers of the questions, which their mails link to.
    Decision.objects.bulk_create([t.decision for t in tellings if t.decision])
    mail_rows.store(telling.mail() for telling in tellings)
    OrderEvent.objects.bulk_create([e for t in tellings for e in t.events()])
    rows = Order.objects.filter(pk__in=[order.pk for order in orders])
    rows.update(schedule_version=change.version)


def _supersede(tellings: list[Telling]) -> None:
    """Nobody is asked about a date that is dead, nor two things at once."""
    outdated = [t.outdated for t in tellings if t.outdated]
    if not outdated:
        return
    rows = Decision.objects.open().filter(pk__in=[d.pk for d in outdated])
    rows.update(state=Decision.State.WITHDRAWN, settled_at=Clock())
    moves = {d.order_id for d in outdated if not d.is_delay}
    asked = Message.objects.filter(order__in=moves, kind="decision_asked")
    decision_mails.abort(asked)


def _renew(offers: list[Order], change: ScheduleChange) -> None:
    """An offer nobody completed agreed to nothing: it promises the new window."""
    if offers:
        rows = Order.objects.filter(pk__in=[order.pk for order in offers])
        rows.update(
            schedule_version=change.version,
            promised_from=change.new_from,
            promised_until=change.new_until,
        )
