"""One round of everything that happens by itself, or one every few seconds."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.loops import until_stopped
from config import sweep


class Command(BaseCommand):
    help = "Close batches, apply money, expire holds, refund, remind, send mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--loop",
            type=float,
            metavar="SECONDS",
            help="run until stopped, with this pause between rounds",
        )

    def handle(self, *, loop: float | None, **options: Any) -> None:
        if loop is None:
            self._once()
        else:
            until_stopped(self._round, pause=loop)

    def _once(self) -> None:
        done = sweep.run()
        for name, count in done.items():
            self.stdout.write(f"{name}: {'FAILED' if count is None else count}")
        if None in done.values():
            raise CommandError("A step failed; the log has its traceback.")

    def _round(self) -> None:
        for name, count in sweep.run().items():
            if count:
                self.stdout.write(f"{name}: {count}")
