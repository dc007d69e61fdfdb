"""Mails about another shipping window: the news, and what reminds of its question."""

from collections.abc import Sequence
from typing import Any

from campaigns.models import ScheduleChange
from orders.decisions.mails import DELAY_REMINDER, SCHEDULE_CHANGE
from orders.delays.terms import DelayTerms
from orders.emails import decision_url
from orders.mail.rows import of_order
from orders.models import Decision, Message, Order

BULK = Message.Priority.BULK


def key_of(asked: Sequence[Decision], version: int, batch_id: int) -> str:
    """Versions count in each batch; who changed batches may meet one twice."""
    has_moved = any(decision.is_moved for decision in asked)
    return f"{version}-{batch_id}" if has_moved else str(version)


def schedule_change(
    order: Order,
    change: ScheduleChange,
    terms: DelayTerms,
    *,
    key: str,
    decision: Decision | None = None,
) -> Message:
    """The new window, with the question where there is one; not stored yet."""
    context = _context(order, terms, decision) | {"change": change}
    return _of_version(order, SCHEDULE_CHANGE, key, change.version, context)


def delay_reminder(
    order: Order, decision: Decision, terms: DelayTerms, *, step: str
) -> Message:
    """Of a question without an answer; not stored yet."""
    context = _context(order, terms, decision)
    key = f"{decision.pk}:{step}"
    return _of_version(order, DELAY_REMINDER, key, decision.schedule_version, context)


def _context(
    order: Order, terms: DelayTerms, decision: Decision | None
) -> dict[str, Any]:
    return {
        "decision": decision,
        "url": decision_url(order, decision) if decision else "",
        "agreed_from": terms.agreed[0],
        "agreed_until": terms.agreed[1],
        "comes_back": order.amount_paid - order.amount_refunded,
    }


def _of_version(
    order: Order, kind: str, key: str, version: int, context: dict[str, Any]
) -> Message:
    message = of_order(order, kind, key=key, priority=BULK, **context)
    message.schedule_version = version
    return message
