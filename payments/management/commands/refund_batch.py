"""Refunds everybody in a canceled batch; may be killed and started again at any point.

Never asks anything. Its leftover orders are canceled first. A second one is refused
while the first is at work; one that died is taken over.
"""

import sys
import time
from typing import Any

from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    no_translations,
)

from campaigns.models import Batch
from campaigns.money import format_money
from payments.models import Refund, RefundRun
from payments.refunds import runs as refund_runs
from payments.refunds import worker as refund_worker
from payments.refunds.run_progress import LOOKED_UP, Forecast, Part, Progress, has_work

State = Refund.State
DRAWN_EVERY_SECONDS = 0.5
BAR = 30
RESUME = "Run `refund_batch {batch}` again, or resume the run in the admin."


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("batch", type=int, metavar="BATCH_ID")
        parser.add_argument(
            "--per-minute",
            type=int,
            default=refund_worker.PER_MINUTE,
            metavar="N",
            help="gateway calls a minute (default %(default)s; 0: as fast as it goes)",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would happen"
        )

    @no_translations
    def handle(self, *, batch: int, **options: Any) -> None:
        if options["per_minute"] < 0:
            raise CommandError("--per-minute takes 0 or more.")
        found = Batch.objects.select_related("campaign").filter(pk=batch).first()
        if found is None:
            raise CommandError(f"There is no batch {batch}.")
        if found.stage != Batch.Stage.CANCELED:
            raise CommandError(
                f"{found} is {found.stage}; only a canceled batch is refunded. Cancel"
                " it in the admin first. Nothing was changed."
            )
        if options["dry_run"]:
            self._foretell(found)
        else:
            self._run(found, options["per_minute"])

    def _foretell(self, batch: Batch) -> None:
        forecast = Forecast.of(batch)
        money = format_money(forecast.amount, batch.campaign.currency)
        self.stdout.write(
            f"{forecast.orders} orders to cancel, {money} to refund:"
            f" {forecast.by_gateway} payments by their gateway,"
            f" {forecast.by_hand} by hand. Dry run: nothing was written."
        )

    def _run(self, batch: Batch, per_minute: int) -> None:
        run = self._begun(batch)
        if run.is_unfinished:
            self._work(run, per_minute)
        self._report(run)

    def _begun(self, batch: Batch) -> RefundRun:
        """The run to go on with, a new one, or the last one when nothing is left."""
        last = batch.refund_runs.select_related("batch__campaign").first()
        is_needed = last is None or last.is_unfinished or has_work(batch)
        run = refund_runs.begin(batch) if is_needed or last is None else last
        if run.state == RefundRun.State.STOPPED:
            run.resume()
        return run

    def _work(self, run: RefundRun, per_minute: int) -> None:
        try:
            if not refund_runs.take(run):
                return
        except refund_runs.InProgress as refusal:
            raise CommandError(
                f"The refunds of {run.batch} are being sent by another process."
                " Nothing was changed."
            ) from refusal
        bar = Bar(run, self.stderr) if sys.stderr.isatty() else None
        told = bar.draw if bar else lambda: None
        refund_worker.Worker(run, per_minute=per_minute, told=told).work()
        if bar:
            bar.end()

    def _report(self, run: RefundRun) -> None:
        run.refresh_from_db()
        progress = Progress.of(run)
        for state in State:
            if (part := progress.part(state)).payments:
                self.stdout.write(f"{state.label}: {_part(part, progress.currency)}")
        self.stdout.write(
            f"{run.batch}: {_part(progress.part(*State), progress.currency)} in all."
        )
        self._conclude(run, progress)

    def _conclude(self, run: RefundRun, progress: Progress) -> None:
        resume = RESUME.format(batch=run.batch_id)
        if run.state == RefundRun.State.STOPPED:
            raise CommandError(f"Stopped: {run.note}. {resume}")
        if run.is_unfinished or progress.orders_left:
            raise CommandError(f"It is not finished. {resume}")
        if failed := progress.part(State.FAILED).payments:
            raise CommandError(
                f"{failed} refunds failed at their gateway; each is on the list of"
                " refunds to be paid by hand."
            )
        if silent := progress.part(*LOOKED_UP).payments:
            raise CommandError(
                f"Of {silent} refunds the outcome is not known yet; `send_refunds` or"
                " the sweep looks them up."
            )


class Bar:
    """On a terminal: how many payments were handled, of how many."""

    def __init__(self, run: RefundRun, stream: Any) -> None:
        self.run, self.stream, self.drawn_at = run, stream, 0.0

    def draw(self) -> None:
        if time.monotonic() - self.drawn_at >= DRAWN_EVERY_SECONDS:
            self._draw()

    def _draw(self) -> None:
        self.drawn_at = time.monotonic()
        progress = Progress.of(self.run)
        share = progress.handled / progress.total if progress.total else 0
        filled = "█" * int(BAR * share)
        text = f"\r{filled:░<{BAR}} {progress.handled} of {progress.total} payments"
        self.stream.write(text, ending="")
        self.stream.flush()

    def end(self) -> None:
        self._draw()
        self.stream.write("")


def _part(part: Part, currency: str) -> str:
    payments = "1 payment" if part.payments == 1 else f"{part.payments} payments"
    return f"{payments}, {format_money(part.amount, currency)}"
