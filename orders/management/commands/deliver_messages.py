"""Sends the mails that are due: all of them once, or again every few seconds."""

from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from campaigns.loops import until_stopped
from orders.mail.outbox import TURN_SECONDS, deliver_due


class Command(BaseCommand):
    help = "Send the mails that are due. Any number of these may run side by side."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--limit", type=int, metavar="N", help="try no more than this in a round"
        )
        parser.add_argument(
            "--loop",
            type=float,
            metavar="SECONDS",
            help="run until stopped, with this pause between rounds",
        )

    def handle(self, *, limit: int | None, loop: float | None, **options: Any) -> None:
        if loop is None:
            self.stdout.write(f"{deliver_due(limit=limit)} mails sent")
        else:
            until_stopped(partial(self._round, limit), pause=loop)

    def _round(self, limit: int | None) -> None:
        # So that whoever stops it does not wait for a hundred thousand mails.
        if sent := deliver_due(limit=limit, seconds=TURN_SECONDS):
            self.stdout.write(f"{sent} mails sent")
