"""Questions to buyers, whatever they ask: how one is settled, withdrawn, and found.

What each kind asks, and what its answers do, is in `orders.moves` and `orders.delays`.
Rows are locked in the one order that cannot deadlock: order, lines, decision,
allotments, batches.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns.actors import SYSTEM, Actor
from campaigns.errors import CampaignError, InvalidTransition
from campaigns.rounds import count_done
from campaigns.wakeup import wake_up
from orders import lifecycle
from orders.decisions import mails as decision_mails
from orders.models import Decision, Order
from orders.moves import emails as move_emails
from orders.moves import moving

Answer, Kind, State = Decision.Answer, Decision.Kind, Decision.State
# Each outcome in the history; the move itself is told where it is done.
EVENTS: dict[tuple[str, str, str], str] = {
    (Kind.MOVE, State.ANSWERED, Answer.MOVE): "moved",
    (Kind.MOVE, State.ANSWERED, Answer.STAY): "stayed",
    (Kind.MOVE, State.LAPSED, Answer.STAY): "decision_lapsed",
    (Kind.MOVE, State.WITHDRAWN, ""): "decision_withdrawn",
    (Kind.DELAY, State.ANSWERED, Answer.WAIT): "delay_accepted",
    (Kind.DELAY, State.ANSWERED, Answer.CANCEL): "delay_declined",
    (Kind.DELAY, State.LAPSED, Answer.WAIT): "delay_lapsed",
    (Kind.DELAY, State.LAPSED, Answer.CANCEL): "delay_lapsed",
    (Kind.DELAY, State.WITHDRAWN, ""): "delay_withdrawn",
}


class AlreadyDecided(CampaignError):
    """Another answer counts, or none can any more."""


def order_of(decision_id: int) -> int:
    return Decision.objects.values_list("order_id", flat=True).get(pk=decision_id)


def locked(decision_id: int) -> Decision:
    """The question, locked until commit; its order is locked before."""
    return Decision.objects.select_for_update(no_key=True).get(pk=decision_id)


def settle(
    order: Order,
    decision: Decision,
    state: Decision.State,
    *,
    actor: Actor,
    answer: str = "",
    **columns: Any,
) -> None:
    """Settle the locked question with its event; raises InvalidTransition."""
    decision.settle(state, answer=answer, **columns)
    record(order, decision, actor=actor)


def record(order: Order, decision: Decision, *, actor: Actor) -> None:
    outcome = (decision.kind, decision.state, decision.answer)
    order.record(EVENTS[outcome], actor=actor, data=noted(decision))


def noted(decision: Decision) -> dict[str, object]:
    if decision.is_delay:
        return {"decision": decision.pk, "answer": decision.answer}
    numbers = {"from": decision.origin.number, "to": decision.destination.number}
    return {"decision": decision.pk, "batch": numbers}


def open_question(order: Order) -> Decision | None:
    """For the order's page; one that is not paid for is asked of delays only."""
    now = timezone.now()
    askable = {Kind.DELAY} if order.status in Order.LIVE else set()
    if order.status == Order.Status.CONFIRMED:
        askable.add(Kind.MOVE)
    open_ = (row for row in order.decisions.all() if row.is_open)
    return next(
        (row for row in open_ if row.kind in askable and row.answer_by > now), None
    )


def withdraw(decision_id: int, *, actor: Actor) -> None:
    """Take the question back; raises InvalidTransition once it is settled."""
    with transaction.atomic():
        order = lifecycle.locked(order_of(decision_id))
        _withdraw(order, locked(decision_id), actor=actor, is_told=True)


def withdraw_open(order: Order, *, actor: Actor) -> bool:
    """What ends or ships the locked order ends its question; its mail tells enough."""
    rows = Decision.objects.open().select_for_update(no_key=True)
    decision = rows.filter(order=order).first()
    if decision is None:
        return False
    _withdraw(order, decision, actor=actor, is_told=False)
    return True


def leave(order: Order, *, actor: Actor) -> None:
    """Canceling the locked order is the answer to a delay that it is asked about."""
    rows = Decision.objects.select_for_update(no_key=True).filter(order=order)
    if decision := rows.filter(kind=Kind.DELAY, state=State.OPEN).first():
        settle(order, decision, State.ANSWERED, answer=Answer.CANCEL, actor=actor)
        decision_mails.withdraw(order, decision)
    elif waiting := rows.turnable().first():
        waiting.turn_to_cancel()
        record(order, waiting, actor=actor)


def _withdraw(order: Order, decision: Decision, *, actor: Actor, is_told: bool) -> None:
    settle(order, decision, State.WITHDRAWN, actor=actor)
    is_unread = decision_mails.withdraw(order, decision)
    if not is_unread and is_told and not decision.is_delay:
        move_emails.decision_withdrawn(order, decision)
        wake_up()


def withdraw_pointless() -> int:
    """Take back what no answer could carry out: the other batch, or the order, is over.

    A batch that was only closed may open again, so its questions stay.
    """
    rows = Decision.objects.pointless().order_by("pk").values_list("pk", "order_id")
    return count_done(list(rows), _withdraw_pointless)


def _withdraw_pointless(row: tuple[int, int]) -> bool:
    decision_id, order_id = row
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        rows = Decision.objects.open().select_for_update(no_key=True)
        decision = rows.filter(pk=decision_id).first()
        if not decision or not _is_pointless(decision):
            return False
        is_told = moving.hindrance(order) is None
        _withdraw(order, decision, actor=SYSTEM, is_told=is_told)
    return True


def _is_pointless(decision: Decision) -> bool:
    return Decision.objects.pointless().filter(pk=decision.pk).exists()


def lapse(order: Order, decision: Decision) -> bool:
    """Let silence decide about the locked question; False before its time, or after."""
    try:
        settle(order, decision, State.LAPSED, answer=decision.silence, actor=SYSTEM)
    except InvalidTransition:
        return False
    return True
