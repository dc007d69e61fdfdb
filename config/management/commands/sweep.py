"""One round of everything that happens by itself, or one every few seconds."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

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
            self._until_stopped(loop)

    def _once(self) -> None:
        done = sweep.run()
        for name, count in done.items():
            self.stdout.write(f"{name}: {'FAILED' if count is None else count}")
        if None in done.values():
            raise CommandError("A step failed; the log has its traceback.")

    def _until_stopped(self, pause: float) -> None:
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_args: stopped.set())
        while not stopped.is_set():
            close_old_connections()
            for name, count in sweep.run().items():
                if count:
                    self.stdout.write(f"{name}: {count}")
            close_old_connections()
            stopped.wait(pause)
