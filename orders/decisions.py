"""Questions to buyers and what becomes of them: answered, lapsed or withdrawn.

Asking changes nothing and reserves nothing; the answer does, in one transaction. Rows
are locked in the one order that cannot deadlock: order, lines, decision, allotments,
batches.
"""

from datetime import datetime

from django.db import transaction

from campaigns.actors import BUYER, SYSTEM, Actor
from campaigns.capacity import explain_arrival
from campaigns.clock import Clock
from campaigns.errors import CampaignError, InvalidTransition, Refused, WindowChanged
from campaigns.models import Batch
from campaigns.rounds import count_done
from campaigns.wakeup import wake_up
from orders import emails, lifecycle, mail_rows, moves, outbox
from orders.models import Decision, Order
from orders.moves import NotMovable, Reason

Answer, State = Decision.Answer, Decision.State


class AlreadyDecided(CampaignError):
    """Another answer counts, or none can any more."""


def ask_to_move(
    order_id: int, *, target_id: int, answer_by: datetime, reason: str, actor: Actor
) -> Decision:
    """Ask the buyer of a confirmed order; raises NotMovable."""
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        target = moves.with_room(Batch.objects.with_clock()).get(pk=target_id)
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
        order.record("decision_asked", actor=actor, data=_noted(decision))
        emails.decision_asked(order, decision)
        wake_up()
    return decision


def hindrance_to_ask(
    order: Order, target: Batch, answer_by: datetime, *, is_asked: bool
) -> NotMovable.Reason | None:
    """Read `target` with its clock. The buyer answers while it still takes orders."""
    if is_asked:
        return Reason.ASKED
    found = moves.hindrance(order) or moves.hindrance_at(target, order, target.clock)
    if found:
        return found
    if answer_by <= target.clock:
        return Reason.ANSWER_TOO_SOON
    is_late = target.closes_at is not None and answer_by > target.closes_at
    return Reason.ANSWER_TOO_LATE if is_late else None


def answer(decision_id: int, *, choice: Decision.Answer, seen: int) -> Decision:
    """The buyer's final word; the same one again changes nothing.

    `seen` is the version of the other batch's window that the buyer read. Raises
    AlreadyDecided, NotMovable, SoldOut, BatchClosed or WindowChanged; nothing has
    changed then, and an open question stays open.
    """
    order_id = Decision.objects.values_list("order_id", flat=True).get(pk=decision_id)
    try:
        with transaction.atomic():
            return _answer(lifecycle.locked(order_id), decision_id, choice, seen)
    except Refused as refusal:
        raise _explained(decision_id, seen) from refusal


def _answer(
    order: Order, decision_id: int, choice: Decision.Answer, seen: int
) -> Decision:
    lines = list(order.lines.select_for_update(no_key=True).order_by("pk"))
    decision = Decision.objects.select_for_update(no_key=True).get(pk=decision_id)
    if decision.state == State.ANSWERED and decision.answer == choice:
        return decision
    try:
        decision.settle(State.ANSWERED, answer=choice, **_answered_to(decision, choice))
    except InvalidTransition as refusal:
        raise AlreadyDecided from refusal
    outbox.withdraw(mail_rows.key_of("decision_asked", order, str(decision.pk)))
    if choice == Answer.STAY:
        order.record("stayed", actor=BUYER, data=_noted(decision))
        return decision
    _refuse_to_move(order, decision, seen)
    moves.move(order, lines, decision, seen=seen)
    wake_up()
    return decision


def _answered_to(decision: Decision, choice: Decision.Answer) -> dict[str, object]:
    """The promise moved to may be newer than the one that was asked about."""
    if choice == Answer.STAY:
        return {}
    return _promise(Batch.objects.get(pk=decision.target_id))


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
    found = moves.hindrance(order)
    if found or order.batch_id != decision.origin_id:
        raise NotMovable(found or Reason.SAME_BATCH)


def _explained(decision_id: int, seen: int) -> CampaignError:
    decision = Decision.objects.select_related("order", "target").get(pk=decision_id)
    arriving = moves.arrival_of(decision.order, decision.target, seen=seen)
    return explain_arrival(arriving, schedule_version=seen)


def open_question(order: Order) -> Decision | None:
    """For the order's page; only a confirmed order is asked."""
    if order.status != Order.Status.CONFIRMED:
        return None
    rows = Decision.objects.open().filter(order=order, answer_by__gt=Clock())
    return rows.select_related("origin", "target").first()


def withdraw(decision_id: int, *, actor: Actor) -> None:
    """Take the question back; raises InvalidTransition once it is settled."""
    order_id = Decision.objects.values_list("order_id", flat=True).get(pk=decision_id)
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        decision = Decision.objects.select_for_update(no_key=True).get(pk=decision_id)
        _withdraw(order, decision, actor=actor, is_told=True)


def withdraw_open(order: Order, *, actor: Actor) -> bool:
    """What ends or ships the locked order ends its question; its mail tells enough."""
    rows = Decision.objects.open().select_for_update(no_key=True)
    decision = rows.filter(order=order).first()
    if decision is None:
        return False
    _withdraw(order, decision, actor=actor, is_told=False)
    return True


def _withdraw(order: Order, decision: Decision, *, actor: Actor, is_told: bool) -> None:
    decision.settle(State.WITHDRAWN)
    order.record("decision_withdrawn", actor=actor, data=_noted(decision))
    question = mail_rows.key_of("decision_asked", order, str(decision.pk))
    if not outbox.withdraw(question) and is_told:
        emails.decision_withdrawn(order, decision)
        wake_up()


def lapse_due() -> int:
    """Let silence decide where the time to answer is over."""
    due = Decision.objects.overdue().order_by("pk").values_list("pk", "order_id")
    return count_done(list(due), _lapse)


def _lapse(row: tuple[int, int]) -> bool:
    decision_id, order_id = row
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        decision = Decision.objects.select_for_update(no_key=True).get(pk=decision_id)
        try:
            decision.settle(State.LAPSED, answer=decision.silence)
        except InvalidTransition:
            return False
        order.record("decision_lapsed", actor=SYSTEM, data=_noted(decision))
    return True


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
        is_told = moves.hindrance(order) is None
        _withdraw(order, decision, actor=SYSTEM, is_told=is_told)
    return True


def _is_pointless(decision: Decision) -> bool:
    return Decision.objects.pointless().filter(pk=decision.pk).exists()


def _noted(decision: Decision) -> dict[str, object]:
    numbers = {"from": decision.origin.number, "to": decision.target.number}
    return {"decision": decision.pk, "batch": numbers}
