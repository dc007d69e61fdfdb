"""Checks every invariant, prints the rows that break one, and exits with 1 then."""

from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.invariants import all_invariants

SHOWN = 20


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="only what is broken")

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for invariant in all_invariants():
            rows = list(islice(invariant.violations(), SHOWN + 1))
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
