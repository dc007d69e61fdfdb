"""Applies what the inbox of gateway notifications holds."""

from typing import Any

from django.core.management.base import BaseCommand

from payments.inbox import process_due


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        taken_up = 0
        while step := process_due():
            taken_up += step
        self.stdout.write(f"{taken_up} events taken up")
