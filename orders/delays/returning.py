"""An order that was over, or shipped, waits again: for which window, and was it asked?

Its buyer could not answer meanwhile. Nobody takes a later window by having paid late,
nor by a parcel that was taken back.
"""

from datetime import datetime

from campaigns.clock import database_now
from campaigns.schedule import LEAST_TIME
from orders.delays import asking as delay_asking
from orders.delays import schedule_news
from orders.models import Decision, Order


def wait_again(order: Order, *, ended_since: datetime) -> None:
    """Tell the locked order what was announced meanwhile, or else ask it anew what
    nobody answered, with time to do so."""
    if order.schedule_version < order.batch.schedule_version:
        schedule_news.tell(order.batch_id, [order.pk])
        order.refresh_from_db(fields=["schedule_version"])
        return
    rows = Decision.objects.select_for_update(no_key=True).filter(order=order)
    decision = rows.order_by("pk").last()
    if not decision or not decision.is_delay or _is_shipped_in_part(order):
        return
    if _was_ended(decision, ended_since):
        decision.reopen()
        delay_asking.ask_again(order, decision)
    elif decision.is_open and decision.answer_by < database_now() + LEAST_TIME:
        delay_asking.ask_again(order, decision)


def _was_ended(decision: Decision, since: datetime) -> bool:
    """Withdrawn because its order was over, not replaced by what came after it."""
    settled_at = decision.settled_at
    is_withdrawn = decision.state == Decision.State.WITHDRAWN
    return is_withdrawn and settled_at is not None and settled_at >= since


def _is_shipped_in_part(order: Order) -> bool:
    return order.lines.filter(shipped__gt=0).exists()
