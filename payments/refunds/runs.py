"""All refunds of a canceled batch: one worker at a time, which may die at any point.

A lease keeps a second worker out; a worker that died leaves it to run out.
"""

import time
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from campaigns.errors import CampaignError
from campaigns.models import Batch
from campaigns.rounds import count_done
from payments.models import RefundRun
from payments.refunds.run_progress import has_work
from payments.refunds.worker import LEASE, Worker

# A worker of the sweep does not renew its lease: it ends well before.
LEASE_OF_SWEEP = timedelta(seconds=60)
SWEEP_SECONDS = 20


class NotCanceled(CampaignError):
    """Only the refunds of a canceled batch are a run."""


class InProgress(CampaignError):
    """Another worker is at it."""


def begin(batch: Batch, *, started_by: User | None = None) -> RefundRun:
    """The unfinished run of a canceled batch, or a new one; raises NotCanceled."""
    if batch.stage != Batch.Stage.CANCELED:
        raise NotCanceled
    unfinished = RefundRun.objects.unfinished().filter(batch=batch)
    if run := unfinished.first():
        return run
    try:
        with transaction.atomic():
            return RefundRun.objects.create(batch=batch, started_by=started_by)
    except IntegrityError:
        return unfinished.get()


def take(run: RefundRun, *, pause: Callable[[float], None] = time.sleep) -> bool:
    """Become its worker; False when it has ended meanwhile.

    Raises InProgress when another worker gives a sign of life. One that is silent is
    waited for: either it ends, or its lease does.
    """
    seen = None
    while not run.take_lease(LEASE):
        if run.state != RefundRun.State.RUNNING:
            return False
        if seen and run.leased_until not in (None, seen):
            raise InProgress
        seen = run.leased_until
        pause(0.5)
    return True


def carry_on_all() -> int:
    """A slice of each run nobody works on: what the sweep does for those left alone."""
    for batch in _canceled_without_run():
        begin(batch)
    runs = RefundRun.objects.nobody_works_on().select_related("batch__campaign")
    return count_done(list(runs), _carry_on)


def _canceled_without_run() -> Iterable[Batch]:
    """Canceled by the rule of its minimum, or before runs were begun at once."""
    canceled = Batch.objects.filter(stage=Batch.Stage.CANCELED, refund_runs=None)
    return [batch for batch in canceled.order_by("pk") if has_work(batch)]


def _carry_on(run: RefundRun) -> int:
    if not run.take_lease(LEASE_OF_SWEEP):
        return 0
    worker = Worker(run, renews=False, ends_at=time.monotonic() + SWEEP_SECONDS)
    return worker.work()
