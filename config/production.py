"""Start of production: unpaid holds end, the minimum is decided, the plan freezes."""

from django.db import transaction

from campaigns.actors import SYSTEM, Actor
from campaigns.errors import CampaignError, InvalidTransition
from campaigns.models import Batch
from campaigns.rounds import keys_of
from fulfillment import production
from fulfillment.models import ProductionSheet
from orders import lifecycle
from orders.minimum import verdict as minimum_verdict
from orders.minimum.verdict import Outcome, Verdict
from orders.models import Order
from payments import expiry


class StillOpen(InvalidTransition):
    """The batch takes orders until its cut-off; close it first."""


class MinimumMissed(CampaignError):
    """Too few units are paid: the batch was extended or canceled instead."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(f"{verdict.units} of {verdict.minimum}: {verdict.outcome}")
        self.verdict = verdict


def start(batch_id: int, *, actor: Actor) -> ProductionSheet:
    """End the holds of a closed batch, decide its minimum, freeze it; safe to repeat.

    Raises StillOpen or InvalidTransition in another stage, and NotDrained when a
    gateway did not answer: then the holds stay ended, and the same again in a few
    minutes goes on. Raises MinimumMissed when the batch was extended or canceled
    instead, as its buyers were told before they paid.
    """
    _close_if_over(batch_id)
    end_holds(batch_id, actor=actor)
    verdict = minimum_verdict.decide(batch_id, actor=actor)
    if verdict and verdict.outcome != Outcome.GOES_AHEAD:
        raise MinimumMissed(verdict)
    return production.freeze(batch_id, actor=actor)


def _close_if_over(batch_id: int) -> None:
    with transaction.atomic():
        batch = Batch.objects.locked(batch_id)
        if batch.stage == Batch.Stage.OPEN:
            if not Batch.objects.past_cut_off().filter(pk=batch_id).exists():
                raise StillOpen(batch, Batch.Stage.PRODUCTION)
            batch.close(actor=SYSTEM)
        elif batch.stage != Batch.Stage.CLOSED:
            raise InvalidTransition(batch, Batch.Stage.PRODUCTION)


def end_holds(batch_id: int, *, actor: Actor) -> None:
    """Let every hold end now, at its gateway first; some may turn out to be paid."""
    pending = Order.objects.filter(batch=batch_id, status=Order.Status.PENDING)
    for order_id in keys_of(pending):
        with transaction.atomic():
            lifecycle.end_hold(lifecycle.locked(order_id), actor=actor)
    expiry.expire_all(keys_of(pending))
