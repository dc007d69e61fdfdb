"""Mails about a move to another batch: asked, done, and taken back."""

from orders.emails import decision_url
from orders.mail.rows import of_order, queue
from orders.models import Decision, Order


def decision_asked(order: Order, decision: Decision) -> None:
    key, url = str(decision.pk), decision_url(order, decision)
    queue(of_order(order, "decision_asked", key=key, decision=decision, url=url))


def decision_withdrawn(order: Order, decision: Decision) -> None:
    _queue_changed(order, decision, "withdrawn")


def order_moved(order: Order, decision: Decision) -> None:
    """Answered by whoever has the link: told to the one it belongs to."""
    _queue_changed(order, decision, "moved")


def _queue_changed(order: Order, decision: Decision, how: str) -> None:
    key = f"{how}-{decision.pk}"
    queue(of_order(order, "order_changed", key=key, decision=decision))
