"""Applies what the inbox of gateway notifications holds."""

from typing import Any

from django.core.management.base import BaseCommand

from payments.inbox import process_due


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{process_due()} events taken up")
