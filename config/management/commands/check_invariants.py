"""Checks every invariant, prints the rows that break one, and exits with 1 then."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.invariants import all_invariants
from config.proving import findings

SHOWN = 20
MOST_AT_ONCE = 4


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="only what is broken")
        parser.add_argument(
            "--jobs",
            type=int,
            metavar="N",
            default=min(os.cpu_count() or 1, MOST_AT_ONCE),
            help="how many are checked at once (default: one a core, %(default)s here)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["jobs"] < 1:
            raise CommandError("--jobs is a number from 1 on.")
        broken = 0
        found = findings(all_invariants(), at_once=options["jobs"], most=SHOWN + 1)
        for invariant, rows in found:
            broken += bool(rows)
            if rows or not options["quiet"]:
                mark = "✗" if rows else "✓"
                self.stdout.write(f"{mark} {invariant.number:>2} {invariant.says}")
            for row in rows[:SHOWN]:
                self.stdout.write(f"     {row}")
            if len(rows) > SHOWN:
                self.stdout.write("     …")
        if broken:
            self.stderr.write(f"{broken} invariants are broken")
            raise SystemExit(1)
