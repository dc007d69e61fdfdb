"""A delay is answered: the buyer waits, or leaves with everything back.

Rows are locked in the one order that cannot deadlock: order, decision, then what
canceling locks: tallies, allotments, batch.
"""

from decimal import Decimal
from functools import partial

from django.db import transaction

from campaigns.actors import BUYER, SYSTEM, Actor
from campaigns.errors import InvalidTransition, Refused, WindowChanged
from campaigns.models import Batch
from campaigns.rounds import count_done
from orders import cancellation, emails, lifecycle
from orders.decisions import mails as decision_mails
from orders.decisions import settling
from orders.decisions.settling import AlreadyDecided
from orders.delays import asking as delay_asking
from orders.models import Decision, Order
from orders.models.event import DELAY_DECLINED, DELAY_UNANSWERED

Answer, State = Decision.Answer, Decision.State
# How often a cancellation is tried again whose batch went on to another stage.
TRIES = 3


def answer(
    decision_id: int, *, choice: Decision.Answer, actor: Actor = BUYER
) -> Decision:
    """What the buyer decides; the same again changes nothing.

    *Wait* may become *cancel* until answer-by; *cancel* is done at once, and final.
    Raises AlreadyDecided, WindowChanged (only *wait*: a newer date is being told) or
    NotCancelable; nothing has changed then.
    """
    order_id = settling.order_of(decision_id)
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                return _answer(lifecycle.locked(order_id), decision_id, choice, actor)
        except Refused:
            # The batch began its production, say, since the order was read.
            continue
    raise cancellation.NotCancelable


def _answer(
    order: Order, decision_id: int, choice: Decision.Answer, actor: Actor
) -> Decision:
    decision = settling.locked(decision_id)
    if decision.state == State.ANSWERED and decision.answer == choice:
        return decision
    try:
        if choice == Answer.WAIT:
            _wait(order, decision, actor)
        else:
            _leave(order, decision, actor)
    except InvalidTransition as refusal:
        raise AlreadyDecided from refusal
    decision_mails.withdraw(order, decision)
    return decision


def _wait(order: Order, decision: Decision, actor: Actor) -> None:
    if order.batch.schedule_version > decision.schedule_version:
        raise WindowChanged
    if order.status not in Order.LIVE:
        raise AlreadyDecided
    settling.settle(order, decision, State.ANSWERED, answer=Answer.WAIT, actor=actor)


def _leave(order: Order, decision: Decision, actor: Actor) -> None:
    if decision.state == State.ANSWERED:
        decision.turn_to_cancel()
        settling.record(order, decision, actor=actor)
    else:
        cancel = Answer.CANCEL
        settling.settle(order, decision, State.ANSWERED, answer=cancel, actor=actor)
    _cancel(order, actor=actor, reason=DELAY_DECLINED)


def _cancel(order: Order, *, actor: Actor, reason: str) -> None:
    """In any stage until it is packed, whatever the rule for other cancellations."""
    cancellation.refuse_when_packed(order)
    if order.status not in Order.LIVE:
        raise cancellation.NotCancelable
    tell = partial(emails.order_canceled, reason=reason)
    cancellation.cancel(order, kept=Decimal(0), actor=actor, tell=tell, reason=reason)


def lapse_due() -> int:
    """Let silence decide, where the question was sent in time; how many."""
    due = Decision.objects.overdue().sent().order_by("pk")
    return count_done(list(due.values_list("pk", "order_id")), _lapse)


def _lapse(row: tuple[int, int]) -> bool:
    try:
        with transaction.atomic():
            return _lapsed(*row)
    except Refused:
        # The batch went on to another stage meanwhile; the next round comes soon.
        return False


def _lapsed(decision_id: int, order_id: int) -> bool:
    order = lifecycle.locked(order_id)
    decision = settling.locked(decision_id)
    is_stale = order.batch.schedule_version > decision.schedule_version
    if is_stale or not decision.is_open or not _can_wait(order):
        return False
    if not delay_asking.is_fairly_asked(decision):
        delay_asking.ask_again(order, decision)
        return False
    if not settling.lapse(order, decision):
        return False
    decision_mails.withdraw(order, decision)
    if decision.answer == Answer.CANCEL:
        _cancel(order, actor=SYSTEM, reason=DELAY_UNANSWERED)
    return True


def _can_wait(order: Order) -> bool:
    """Otherwise the question is withdrawn, whatever silence would have meant."""
    is_running = order.batch.stage in Batch.BEFORE_COMPLETION
    return is_running and order.status in Order.LIVE and order.packed_at is None
