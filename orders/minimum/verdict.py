"""Whether enough was paid: decided once a batch is closed and nobody can pay for it.

The batch's row is locked first and held, orders are only read. What changes the count
afterwards (a cancellation, late money) passes that row too, and meets the decision.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Sum

from campaigns.actors import SYSTEM, Actor
from campaigns.clock import database_now
from campaigns.models import Batch
from campaigns.rounds import count_done
from campaigns.wakeup import wake_up
from orders.models import Order, OrderLine

Rule = Batch.MinimumRule


class Outcome(StrEnum):
    GOES_AHEAD = "goes_ahead"
    EXTENDED = "extended"
    MISSED = "missed"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`closes_at` is the batch's closing as it stands after the decision."""

    outcome: Outcome
    units: int
    minimum: int
    closes_at: datetime | None


def decide(batch_id: int, *, actor: Actor) -> Verdict | None:
    """Go ahead, extend or cancel, by the rule that buyers read; None when not yet due.

    Safe late, twice and in parallel: only one finds the batch closed and undecided.
    """
    with transaction.atomic():
        batch = Batch.objects.locked(batch_id)
        if batch.stage != Batch.Stage.CLOSED or not batch.is_undecided:
            return None
        # Asked before the count: a payment can only turn the one into the other.
        if not is_drained(batch):
            return None
        verdict = _decide(batch, confirmed_units(batch), actor)
        wake_up()
    return verdict


def decide_due() -> int:
    """Decide every batch that is closed and drained; how many were."""
    waiting = Batch.objects.undecided().filter(~Exists(_unpaid(OuterRef("pk"))))
    return count_done(list(waiting.order_by("pk").values_list("pk", flat=True)), _due)


def is_drained(batch: Batch) -> bool:
    """Whether no order can still be paid in time."""
    return not _unpaid(batch.pk).exists()


def confirmed_units(batch: Batch) -> int:
    """Units of paid orders, as they are now; shipped ones stay paid."""
    paid = OrderLine.objects.paid().filter(order__batch=batch)
    return paid.aggregate(units=Sum("quantity"))["units"] or 0


def _unpaid(batch_id: int | OuterRef) -> QuerySet[Order]:
    return Order.objects.filter(batch=batch_id, status=Order.Status.PENDING)


def _due(batch_id: int) -> bool:
    return decide(batch_id, actor=SYSTEM) is not None


def _decide(batch: Batch, units: int, actor: Actor) -> Verdict:
    outcome = outcome_with(batch, units)
    step = {
        Outcome.GOES_AHEAD: batch.go_ahead,
        Outcome.EXTENDED: batch.extend,
        Outcome.MISSED: batch.miss_minimum,
    }[outcome]
    step(units=units, actor=actor)
    return Verdict(
        outcome=outcome,
        units=units,
        minimum=batch.minimum_units or 0,
        closes_at=batch.closes_at,
    )


def outcome_with(batch: Batch, units: int) -> Outcome:
    """What the rule makes of so many paid units."""
    is_reached = units >= (batch.minimum_units or 0)
    if is_reached or batch.rule_below_minimum == Rule.PROCEED:
        return Outcome.GOES_AHEAD
    if batch.rule_below_minimum == Rule.EXTEND and _fits(batch):
        return Outcome.EXTENDED
    return Outcome.MISSED


def _fits(batch: Batch) -> bool:
    return batch.is_in_order(batch.extended_closing(database_now()))
