"""Two batches of one campaign, and a buyer who is asked to change between them."""

from datetime import datetime, timedelta
from typing import Any

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.models import Batch
from orders.models import Decision, Order
from orders.moves import questions as move_questions
from tests.drafts import make_offer
from tests.factories import make_batch

MOVE, STAY = Decision.Answer.MOVE, Decision.Answer.STAY


def two_batches(*, variants: int = 1, **target: Any) -> tuple[Batch, Batch]:
    """Both open with room; the second, which has these columns, ships a month later."""
    first = make_offer(variants=variants, capacity=100)
    later = {"capacity": 100, "closes_at": database_now() + timedelta(days=37)}
    return first, make_batch(campaign=first.campaign, **later | target)


def soon() -> datetime:
    return database_now() + timedelta(days=2)


def ask(order: Order, target: Batch, **options: Any) -> Decision:
    return move_questions.ask_to_move(
        order.pk,
        target_id=target.pk,
        answer_by=options.pop("answer_by", None) or soon(),
        reason=options.pop("reason", "The cloth ran out."),
        actor=SYSTEM,
    )


def answer(decision: Decision, choice: Decision.Answer = MOVE, **options: Any) -> Any:
    target = Batch.objects.get(pk=decision.destination_id)
    seen = options.pop("seen", target.schedule_version)
    return move_questions.answer(decision.pk, choice=choice, seen=seen)


def time_is_over(decision: Decision) -> None:
    """Nobody answered; nobody has noticed yet."""
    past = database_now() - timedelta(seconds=1)
    Decision.objects.filter(pk=decision.pk).update(answer_by=past)


def counters_of(*batches: Batch) -> list[tuple[int, int, int]]:
    """Units, orders and goods that each batch counts now."""
    rows = {b.pk: b for b in Batch.objects.filter(pk__in=[b.pk for b in batches])}
    found = [rows[batch.pk] for batch in batches]
    return [(b.taken, b.orders_taken, b.goods_taken) for b in found]
