"""Asking a buyer to move to another batch, and what each answer does.

Asking changes nothing and reserves nothing; the answer does, in one transaction.
"""

from datetime import datetime

from django.db import transaction

from campaigns.actors import BUYER, Actor
from campaigns.capacity import explain_arrival
from campaigns.errors import CampaignError, InvalidTransition, Refused, WindowChanged
from campaigns.models import Batch
from campaigns.rounds import count_done
from campaigns.wakeup import wake_up
from orders import lifecycle
from orders.decisions import mails as decision_mails
from orders.decisions import settling
from orders.decisions.settling import AlreadyDecided
from orders.models import Decision, Order
from orders.moves import emails as move_emails
from orders.moves import moving
from orders.moves.moving import NotMovable, ProductionStarted, Reason

Answer, State = Decision.Answer, Decision.State


def ask_to_move(
    order_id: int, *, target_id: int, answer_by: datetime, reason: str, actor: Actor
) -> Decision:
    """Ask the buyer of a confirmed order; raises NotMovable."""
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        target = moving.with_room(Batch.objects.with_clock()).get(pk=target_id)
        is_asked = Decision.objects.open().filter(order=order).exists()
        if found := hindrance_to_ask(order, target, answer_by, is_asked=is_asked):
            raise NotMovable(found)
        decision = Decision.objects.create(
            order=order,
            kind=Decision.Kind.MOVE,
            reason=reason,
            origin=order.batch,
            target=target,
            answer_by=answer_by,
            **_promise(target),
        )
        order.record("decision_asked", actor=actor, data=settling.noted(decision))
        move_emails.decision_asked(order, decision)
        wake_up()
    return decision


def hindrance_to_ask(
    order: Order, target: Batch, answer_by: datetime, *, is_asked: bool
) -> NotMovable.Reason | None:
    """Read `target` with its clock. The buyer answers while it still takes orders."""
    if is_asked:
        return Reason.ASKED
    found = moving.hindrance(order) or moving.hindrance_at(target, order, target.clock)
    if found:
        return found
    if answer_by <= target.clock:
        return Reason.ANSWER_TOO_SOON
    is_late = target.closes_at is not None and answer_by > target.closes_at
    return Reason.ANSWER_TOO_LATE if is_late else None


def answer(decision_id: int, *, choice: Decision.Answer, seen: int) -> Decision:
    """The buyer's final word; the same one again changes nothing.

    `seen` is the version of the other batch's window that the buyer read. Raises
    AlreadyDecided, NotMovable, ProductionStarted, SoldOut, BatchClosed or
    WindowChanged; nothing has changed then, and an open question stays open.
    """
    order_id = settling.order_of(decision_id)
    try:
        with transaction.atomic():
            return _answer(lifecycle.locked(order_id), decision_id, choice, seen)
    except Refused as refusal:
        raise _explained(decision_id, seen, refusal) from refusal


def _answer(
    order: Order, decision_id: int, choice: Decision.Answer, seen: int
) -> Decision:
    lines = list(order.lines.select_for_update(no_key=True).order_by("pk"))
    decision = settling.locked(decision_id)
    if decision.state == State.ANSWERED and decision.answer == choice:
        return decision
    try:
        decision.settle(State.ANSWERED, answer=choice, **_answered_to(decision, choice))
    except InvalidTransition as refusal:
        raise AlreadyDecided from refusal
    decision_mails.withdraw(order, decision)
    if choice == Answer.STAY:
        settling.record(order, decision, actor=BUYER)
        return decision
    _refuse_to_move(order, decision, seen)
    moving.move(order, lines, decision, seen=seen)
    wake_up()
    return decision


def _answered_to(decision: Decision, choice: Decision.Answer) -> dict[str, object]:
    """The promise moved to may be newer than the one that was asked about."""
    if choice == Answer.STAY:
        return {}
    return _promise(Batch.objects.get(pk=decision.destination_id))


def _promise(target: Batch) -> dict[str, object]:
    return {
        "schedule_version": target.schedule_version,
        "ships_from": target.ships_from,
        "ships_until": target.ships_until,
    }


def _refuse_to_move(order: Order, decision: Decision, seen: int) -> None:
    """What no gate can say; the gate says the rest again."""
    if decision.schedule_version != seen:
        raise WindowChanged
    found = moving.hindrance(order)
    if found or order.batch_id != decision.origin_id:
        raise NotMovable(found or Reason.SAME_BATCH)


def _explained(decision_id: int, seen: int, refusal: Refused) -> CampaignError:
    decision = Decision.objects.select_related("order", "target").get(pk=decision_id)
    if refusal.batch_id == decision.origin_id:
        found = moving.hindrance(decision.order)
        return NotMovable(found) if found else ProductionStarted()
    arriving = moving.arrival_of(decision.order, decision.destination, seen=seen)
    return explain_arrival(arriving, schedule_version=seen)


def lapse_due() -> int:
    """Orders stay where no answer came in time."""
    due = Decision.objects.moves().overdue().order_by("pk")
    return count_done(list(due.values_list("pk", "order_id")), _lapse)


def _lapse(row: tuple[int, int]) -> bool:
    decision_id, order_id = row
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        return settling.lapse(order, settling.locked(decision_id))
