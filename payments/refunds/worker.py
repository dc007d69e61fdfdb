"""Works on a refund run whose lease it holds, until all is done or the run stops.

What is left to do is read from the rows again and again, so a run that broke off goes
on where it stopped: an order is canceled once, a payment refunded once in each run, and
no transaction is longer than one payment.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from campaigns.busy import is_busy
from campaigns.clock import Clock, database_now
from campaigns.errors import CampaignError
from campaigns.rounds import count_done, keys_of
from orders import cancellation
from payments.models import Refund, RefundRun
from payments.refunds import sending as refund_sending
from payments.refunds.run_progress import has_work, leftover, owing_keys
from payments.refunds.sending import Outcome

State = Refund.State
LEASE = timedelta(seconds=30)
RENEWED_EVERY_SECONDS = 5
PER_MINUTE = 600
# Failures in a row
STOP_AFTER = 10
CHUNK = 100
# What a run sends, or looks up because a dead worker may have sent it.
SENT_BY_RUN = (State.REQUESTED, State.SENDING, State.UNKNOWN)
Row = TypeVar("Row")


logger = logging.getLogger(__name__)


class LeaseLost(CampaignError):
    """Another worker took over what seemed dead."""


class _Stopped(CampaignError):
    """The run was stopped because the gateway keeps failing."""


@dataclass
class Worker:
    run: RefundRun
    per_minute: int = PER_MINUTE
    renews: bool = True
    # By the monotonic clock; a worker of the sweep goes home then.
    ends_at: float | None = None
    told: Callable[[], None] = lambda: None
    pause: Callable[[float], None] = time.sleep
    _turns: int = field(default=0, init=False)
    _renewed_at: float = field(default_factory=time.monotonic, init=False)

    def work(self) -> int:
        """How many orders and refunds were worked on."""
        done = 0
        self._take_over()
        try:
            while turned := self._round():
                done += turned
            if self._is_over() or has_work(self.run.batch):
                self.run.give_back()
            else:
                self.run.finish()
        except (_Stopped, LeaseLost) as reason:
            logger.warning("refund run %s: %s", self.run.pk, type(reason).__name__)
        return done

    def _take_over(self) -> None:
        """What a dead worker had in its hands is sent or looked up at once."""
        in_hand = Refund.objects.filter(
            run=self.run,
            state__in=[State.REQUESTED, State.SENDING],
            next_attempt_at__gt=Clock(),
        )
        in_hand.update(next_attempt_at=Clock())

    def _round(self) -> int:
        """Once through all there is; while it works, more may come."""
        batch = self.run.batch
        canceled = self._each(keys_of(leftover(batch)))
        done = count_done(canceled, cancellation.cancel_with_batch)
        owing = self._each(owing_keys(batch))
        done += count_done(owing, refund_sending.settle_ended)
        return done + sum(self._send(refund) for refund in self._each(self._due()))

    def _each(self, rows: Iterable[Row]) -> Iterator[Row]:
        """One after the other, each only while this worker is still the one."""
        for row in rows:
            if self._is_over():
                return
            self._keep_lease()
            yield row
            self.told()

    def _is_over(self) -> bool:
        return self.ends_at is not None and time.monotonic() >= self.ends_at

    def _keep_lease(self) -> None:
        now = time.monotonic()
        if self.renews and now - self._renewed_at >= RENEWED_EVERY_SECONDS:
            self._renewed_at = now
            kept = self.run.renew_lease(LEASE)
        else:
            kept = self.run.keeps_lease()
        if not kept:
            raise LeaseLost

    def _due(self) -> Iterator[Refund]:
        due = Refund.objects.due().filter(run=self.run, state__in=SENT_BY_RUN)
        rows = due.select_related("payment__order").order_by("pk")
        last = 0
        while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
            yield from chunk
            last = chunk[-1].pk

    def _send(self, refund: Refund) -> int:
        if not self._waits_for_turn():
            return 0
        outcome = self._attempt(refund)
        if outcome is not Outcome.SKIPPED:
            self._count(outcome)
        return outcome is not Outcome.SKIPPED

    def _attempt(self, refund: Refund) -> Outcome:
        try:
            return refund_sending.attempt(refund)
        except Exception as error:
            if is_busy(error):
                raise
            logger.exception("refund %s", refund.reference)
            return Outcome.SILENT

    def _count(self, outcome: Outcome) -> None:
        """Enough failures in a row, and it is the gateway that is ill."""
        failures = self.run.failures_in_a_row + 1 if outcome.is_failure else 0
        if outcome is not Outcome.HANDED_OVER:
            self.run.count_failures(failures)
        if failures >= STOP_AFTER:
            self.run.stop(f"{failures} refunds in a row failed at the gateway")
            raise _Stopped

    def _waits_for_turn(self) -> bool:
        """Never more than `per_minute` calls in any minute, by the rows themselves."""
        while self.per_minute and self._turns <= 0:
            self._turns = self.per_minute - self._sent_lately()
            if self._turns > 0:
                break
            if self.ends_at is not None:
                # The next round of the sweep goes on.
                self.ends_at = 0
                return False
            self.pause(1.0)
            self._keep_lease()
        self._turns -= 1
        return True

    def _sent_lately(self) -> int:
        minute_ago = database_now() - timedelta(minutes=1)
        return Refund.objects.filter(run=self.run, sent_at__gt=minute_ago).count()
