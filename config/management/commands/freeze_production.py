"""Starts production of a closed batch: unpaid holds end, then its sheet is frozen."""

from typing import Any

from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    no_translations,
)

from campaigns.actors import SYSTEM
from campaigns.errors import InvalidTransition, MinimumUndecided
from campaigns.models import Batch
from config import production
from fulfillment.errors import NotDrained
from fulfillment.models import ProductionSheet
from orders.minimum.verdict import Outcome, Verdict


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("batch", type=int, metavar="BATCH_ID")

    @no_translations
    def handle(self, *, batch: int, **options: Any) -> None:
        found = Batch.objects.select_related("campaign").filter(pk=batch).first()
        if found is None:
            raise CommandError(f"There is no batch {batch}.")
        if sheet := found.sheets.first():
            self.stdout.write(f"It is frozen already: {in_words(sheet)}")
            return
        self.stdout.write(f"Frozen: {in_words(self._start(found))}")

    def _start(self, batch: Batch) -> ProductionSheet:
        try:
            return production.start(batch.pk, actor=SYSTEM)
        except production.StillOpen as refusal:
            raise CommandError(
                f"{batch} takes orders until {batch.closes_at:%Y-%m-%d %H:%M %Z}; "
                "close it first. Nothing was changed."
            ) from refusal
        except production.MinimumMissed as refusal:
            raise CommandError(_otherwise(batch, refusal.verdict)) from refusal
        except MinimumUndecided as refusal:
            raise CommandError(
                f"The minimum of {batch} is being counted. Try again in a minute."
            ) from refusal
        except InvalidTransition as refusal:
            raise CommandError(
                f"{batch} is {_stage_of(batch)}; production starts from closed. "
                "Nothing was changed."
            ) from refusal
        except NotDrained as refusal:
            raise CommandError(
                f"{refusal.pending} unpaid orders could not be ended, because their "
                "payment gateway does not answer. Try again in a few minutes."
            ) from refusal


def _otherwise(batch: Batch, verdict: Verdict) -> str:
    paid = f"{verdict.units} of at least {verdict.minimum} units are paid"
    if verdict.outcome == Outcome.EXTENDED:
        closes = f"{verdict.closes_at:%Y-%m-%d %H:%M %Z}"
        return f"{batch}: {paid}, so it was extended until {closes}; not produced."
    return f"{batch}: {paid}, so it was canceled and everyone is refunded."


def _stage_of(batch: Batch) -> str:
    batch.refresh_from_db(fields=["stage"])
    return str(batch.stage)


def in_words(sheet: ProductionSheet) -> str:
    lines = sheet.lines.all()
    units = sum(line.to_produce for line in lines)
    return f"{sheet}: {units} units of {len(lines)} variants, SHA-256 {sheet.digest}"
