"""Is this installation fit to take orders?"""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.db import DatabaseError

from config.doctor import EXAMINATIONS, Fault


class Command(BaseCommand):
    help = "Examine the installation and say what to repair; exit 1 if anything."
    # A broken configuration is a finding here, not a reason not to look.
    requires_system_checks: list[str] = []

    @no_translations
    def handle(self, **options: Any) -> None:
        faults = 0
        for name, examine in EXAMINATIONS:
            is_well, finding = attempt(examine)
            faults += not is_well
            self.stdout.write(f"{'✓' if is_well else '✗'} {name:<14} {finding}")
        self.stdout.write("\nWhether the books add up: manage.py check_invariants")
        if faults:
            raise CommandError(f"{faults} of {len(EXAMINATIONS)} need attention.")


def attempt(examine: Callable[[], str]) -> tuple[bool, str]:
    """Whether it is well, and what was found."""
    try:
        return True, examine()
    except (Fault, DatabaseError, ImproperlyConfigured, ImportError) as reason:
        return False, str(reason).strip()
